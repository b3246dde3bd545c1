package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"testing"
	"time"
)

// impatient is an engine whose caller hangs up when its change begins, and
// which has to begin it twice.
type impatient struct{ hangUp context.CancelFunc }

func (e impatient) Update(ctx context.Context, _ Scope, change func(context.Context, *sql.Tx) error) error {
	running := context.WithoutCancel(ctx)
	e.hangUp()
	return errors.Join(change(running, nil), change(running, nil))
}

func (e impatient) Reader() *sql.DB { return nil }
func (e impatient) Clock() string   { return "" }
func (e impatient) Flush() error    { return nil }
func (e impatient) Close() error    { return nil }

// TestChangeOutlivesItsCaller: a statement under a context that has ended could
// undo what others do in the same transaction.
func TestChangeOutlivesItsCaller(t *testing.T) {
	ctx, hangUp := context.WithCancel(t.Context())
	db := New(impatient{hangUp})
	calls := 0
	err := db.update(ctx, "changing", func(ctx context.Context, c *change) error {
		calls++
		if calls == 1 { // the one that is undone
			c.touch("rm")
		}
		return ctx.Err()
	})
	if err != nil || calls != 2 {
		t.Fatalf("%d calls, %v", calls, err)
	}
	select {
	case <-db.Committed():
		t.Error("woken for an event of an attempt that was undone")
	default:
	}
}

func TestTimesAreKeptInMicroseconds(t *testing.T) {
	east := time.FixedZone("east", 3600)
	for _, test := range []struct{ in, want time.Time }{
		{time.Time{}, time.Time{}},
		{time.Date(2026, 3, 1, 12, 0, 0, 123456789, east), time.Date(2026, 3, 1, 11, 0, 0, 123456000, time.UTC)},
		{time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		var got time.Time
		if err := (timeColumn{&got}).Scan(micros(test.in)); err != nil || got != test.want {
			t.Errorf("%v reads as %v (%v), want %v", test.in, got, err, test.want)
		}
		if again := rounded(got); again != got {
			t.Errorf("rounding %v twice makes %v", got, again)
		}
	}
}

func TestColumnsRefuseWhatTheyDidNotWrite(t *testing.T) {
	var at time.Time
	var raw []byte
	var list []string
	for name, scan := range map[string]func() error{
		"a time that is text":    func() error { return timeColumn{&at}.Scan("now") },
		"a time that is NULL":    func() error { return timeColumn{&at}.Scan(nil) },
		"JSON that is a number":  func() error { return jsonColumn{&list}.Scan(int64(1)) },
		"JSON that is broken":    func() error { return jsonColumn{&list}.Scan("[") },
		"bytes that are no text": func() error { return bytesColumn{&raw}.Scan(int64(1)) },
		"bytes not in base64":    func() error { return bytesColumn{&raw}.Scan("*") },
	} {
		if scan() == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestJSONOfTheApplicationIsVerbatim(t *testing.T) {
	for _, text := range []string{``, `null`, `{"b": 1,  "a": "\u003c"}`} {
		var got json.RawMessage
		if err := (jsonColumn{&got}).Scan(text); err != nil || string(got) != text {
			t.Errorf("%q reads as %q (%v)", text, got, err)
		}
	}
}
