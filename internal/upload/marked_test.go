package upload_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

// markedBench is a bench whose upload its sender has to mark complete.
func markedBench(t *testing.T, length int64) *bench {
	b := newBench(t, length)
	share := b.records.shares[b.id]
	share.Dialect = store.DialectIETF
	b.records.shares[b.id] = share
	return b
}

// sendMarked appends a body, of no length that it would say.
func (b *bench) sendMarked(offset int64, body io.Reader, last bool) (store.Share, error) {
	return b.Append(context.Background(), upload.Append{ID: b.id, Offset: offset, Body: body, BodyLength: -1, Last: last})
}

// TestAMarkedUploadWaitsForItsMark has all bytes, and asks, finishes and starts
// again: nothing completes it but its sender.
func TestAMarkedUploadWaitsForItsMark(t *testing.T) {
	data := random(600 << 10)
	for _, length := range []int64{-1, int64(len(data))} {
		for name, again := range map[string]string{"no other process": "", "of the same boot": boot, "of another boot": "another-boot"} {
			t.Run(fmt.Sprintf("length %d, %s", length, name), func(t *testing.T) {
				b := markedBench(t, length)
				if share, err := b.sendMarked(0, bytes.NewReader(data), false); err != nil || share.State != protocol.Uploading {
					t.Fatal(share.State, err)
				}
				if again != "" {
					b.restart(again)
				}
				if err := b.Finish(context.Background(), b.id); err != nil {
					t.Fatal(err)
				}
				share, err := b.Offset(context.Background(), b.id)
				if err != nil || share.State != protocol.Uploading || share.Offset != int64(len(data)) {
					t.Fatalf("it is %s at %d, %v", share.State, share.Offset, err)
				}
				for range 2 { // the second answers one whose answer was lost
					if share, err = b.sendMarked(share.Offset, nil, true); err != nil || share.State != protocol.Available {
						t.Fatal(share.State, err)
					}
				}
				b.wantComplete(t, data)
				_, err = b.sendMarked(share.Offset, nil, false)
				wantCode(t, err, protocol.CodeUploadComplete)
				_, err = b.sendMarked(share.Offset, bytes.NewReader(data), true)
				wantCode(t, err, protocol.CodeLengthMismatch)
				b.wantComplete(t, data)
			})
		}
	}
}

// TestAMarkedUploadIsFinishedAfterDeath dies between the commit of what was marked
// complete and its record.
func TestAMarkedUploadIsFinishedAfterDeath(t *testing.T) {
	data := random(300 << 10)
	for _, length := range []int64{-1, int64(len(data))} {
		for _, run := range []string{boot, "another-boot"} {
			b := markedBench(t, length)
			died := errors.New("the process died here")
			b.records.before = func(change string) error {
				if change == "complete" {
					return died
				}
				return nil
			}
			if _, err := b.sendMarked(0, bytes.NewReader(data), true); !errors.Is(err, died) {
				t.Fatal(err)
			}
			b.restart(run)
			if err := b.Finish(context.Background(), b.id); err != nil {
				t.Fatal(err)
			}
			b.wantComplete(t, data)
		}
	}
}

// TestWhatMarksAnUploadMustBeWhole cuts the last body at each kind of place.
func TestWhatMarksAnUploadMustBeWhole(t *testing.T) {
	data := random(300 << 10)
	for _, length := range []int64{-1, int64(len(data))} {
		for _, cut := range []int{0, 1, len(data) - 1, len(data)} {
			b := markedBench(t, length)
			body := io.MultiReader(bytes.NewReader(data[:cut]), iotest.ErrReader(io.ErrUnexpectedEOF))
			share, err := b.sendMarked(0, body, true)
			wantCode(t, err, protocol.CodeInvalidRequest)
			if share.State != protocol.Uploading || share.Offset != int64(cut) {
				t.Fatalf("cut at %d it is %s at %d", cut, share.State, share.Offset)
			}
			if _, err := b.sendMarked(int64(cut), bytes.NewReader(data[cut:]), true); err != nil {
				t.Fatal(err)
			}
			b.wantComplete(t, data)
		}
	}
}

// TestWhatCompletedAnUploadMayComeAgain sends again what its answer may have got
// lost of, and other things, to an upload that is complete.
func TestWhatCompletedAnUploadMayComeAgain(t *testing.T) {
	data := random(10)
	b := markedBench(t, -1)
	if _, err := b.sendMarked(0, bytes.NewReader(data), true); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		upload.Append
		want protocol.Code
	}{
		"the mark":                 {upload.Append{Last: true}, ""},
		"the mark, in no chunks":   {upload.Append{Last: true, Body: bytes.NewReader(nil), BodyLength: -1}, ""},
		"no mark":                  {upload.Append{}, protocol.CodeUploadComplete},
		"no mark, in no chunks":    {upload.Append{Body: bytes.NewReader(nil), BodyLength: -1}, protocol.CodeUploadComplete},
		"more bytes":               {upload.Append{Body: bytes.NewReader(data), BodyLength: 10}, protocol.CodeLengthMismatch},
		"more bytes and the mark":  {upload.Append{Last: true, Body: bytes.NewReader(data), BodyLength: -1}, protocol.CodeLengthMismatch},
		"a body that is lost soon": {upload.Append{Last: true, Body: iotest.ErrReader(io.ErrUnexpectedEOF), BodyLength: -1}, protocol.CodeLengthMismatch},
	} {
		c.ID, c.Offset = b.id, int64(len(data))
		if _, err := b.Append(context.Background(), c.Append); protocol.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	b.wantComplete(t, data)
}

func TestMoreThanTheLengthEndsAMarkedUpload(t *testing.T) {
	for name, a := range map[string]upload.Append{
		"announced":   {Body: bytes.NewReader(random(5)), BodyLength: 5},
		"unannounced": {Body: bytes.NewReader(random(5)), BodyLength: -1},
		"marked":      {Body: bytes.NewReader(random(5)), BodyLength: -1, Last: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := markedBench(t, 4)
			a.ID = b.id
			_, err := b.Append(context.Background(), a)
			wantCode(t, err, protocol.CodeLengthMismatch)
			share, err := b.Offset(context.Background(), b.id)
			wantCode(t, err, protocol.CodeShareEnded)
			if share.State != protocol.Failed || share.Reason != string(protocol.CodeLengthMismatch) {
				t.Errorf("it is %s for %q", share.State, share.Reason)
			}
		})
	}
}

// TestWhatIsKeptIsTold follows a long append by its checkpoints: what is told is
// what another process would find.
func TestWhatIsKeptIsTold(t *testing.T) {
	data := random(5 << 20)
	b := markedBench(t, -1)
	var mu sync.Mutex
	var kept, recorded []int64
	_, err := b.Append(context.Background(), upload.Append{
		ID: b.id, Body: bytes.NewReader(data), BodyLength: -1, Last: true,
		Kept: func(offset int64) {
			share, _ := b.records.Share(context.Background(), b.id)
			mu.Lock()
			defer mu.Unlock()
			kept, recorded = append(kept, offset), append(recorded, share.Offset)
		},
	})
	if err != nil || len(kept) == 0 || !slices.Equal(kept, recorded) {
		t.Errorf("told %d while the records say %d, %v", kept, recorded, err)
	}
	b.wantComplete(t, data)
}
