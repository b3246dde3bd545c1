package migrate_test

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/blob/memblob"
	"github.com/handout-rtc/handout/internal/migrate"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/sqlite/sqlitetest"
	"github.com/handout-rtc/handout/protocol"
)

const plenty = 1 << 40

var generous = store.Quota{RoomBytes: plenty, RoomShares: plenty, OpenUploads: plenty}

// side is an engine of each kind, and what was put there.
type side struct {
	*testing.T
	migrate.Side
	room protocol.RoomID
	now  time.Time
}

func newSide(t *testing.T) *side {
	t.Helper()
	db := sqlitetest.Open(t, filepath.Join(t.TempDir(), "records.db"))
	return &side{T: t, Side: migrate.Side{Records: db, Blobs: memblob.New()}, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
}

func (s *side) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// enter makes a room with somebody in it.
func (s *side) enter() *side {
	s.room = protocol.NewRoomID()
	s.must(s.Records.CreateRoom(s.Context(), store.Room{ID: s.room, App: "app", Name: "a room", CreatedAt: s.now}, plenty))
	_, err := s.Records.Join(s.Context(), store.Member{Room: s.room, Connection: "on", Participant: protocol.Participant{
		ID: "ana", Name: "Ana", Role: "participant", Grants: []string{"send", "receive"}, JoinedAt: s.now,
	}}, plenty, s.now)
	s.must(err)
	return s
}

// offer makes a share of that size.
func (s *side) offer(size int64) store.Share {
	share := store.Share{
		Share: protocol.Share{
			ID: protocol.NewShareID(), Room: s.room, Name: "a.txt", Size: &size, State: protocol.Uploading, Sender: protocol.Sender{ID: "ana", Name: "Ana"},
			To: protocol.ToRoom(), CreatedAt: s.now, ExpiresAt: s.now.Add(time.Hour), Rev: 1,
		},
		Reserved: size, UpdatedAt: s.now, Checkpoint: store.Checkpoint{Run: "run"},
	}
	s.must(s.Records.CreateShares(s.Context(), []store.Share{share}, generous))
	return share
}

// begin makes an upload of which so much is acknowledged, and a little more is there.
func (s *side) begin(text string, acknowledged int) store.Share {
	share := s.offer(int64(len(text)))
	w, err := s.Blobs.Write(s.Context(), blob.Key(share.ID), 0)
	s.must(err)
	_, err = io.WriteString(w, text[:min(len(text), acknowledged+3)])
	s.must(errors.Join(err, w.Close()))
	sum := sha256.New()
	sum.Write([]byte(text[:acknowledged]))
	state, err := sum.(encoding.BinaryMarshaler).MarshalBinary()
	s.must(err)
	s.must(s.Records.Checkpoint(s.Context(), share.ID, store.Checkpoint{Offset: int64(acknowledged), Hash: state, Run: "run"}, s.now))
	return share
}

// keep makes a complete file.
func (s *side) keep(text string) store.Share {
	share := s.offer(int64(len(text)))
	s.must(s.Blobs.Put(s.Context(), blob.Key(share.ID), []byte(text)))
	sum := sha256.Sum256([]byte(text))
	done, err := s.Records.Complete(s.Context(), share.ID, int64(len(text)), hex.EncodeToString(sum[:]), s.now, s.now.Add(time.Hour))
	s.must(err)
	return done
}

// read returns what a blob has.
func (s *side) read(open func(context.Context, blob.Key) (blob.Reader, error), id protocol.ShareID) string {
	s.Helper()
	content, err := open(s.Context(), blob.Key(id))
	s.must(err)
	defer content.Close()
	text, err := io.ReadAll(content)
	s.must(err)
	return string(text)
}

// count returns how many blobs there are.
func (s *side) count() (n int) {
	for _, err := range s.Blobs.List(s.Context()) {
		s.must(err)
		n++
	}
	return n
}

// sameRecords fails unless both sides have the same shares, in the same places of
// their streams.
func (s *side) sameRecords(to *side) {
	s.Helper()
	want, err := s.Records.Every(s.Context(), "", 1000)
	s.must(err)
	have, err := to.Records.Every(s.Context(), "", 1000)
	s.must(err)
	if diff := cmp.Diff(want, have, cmpopts.EquateEmpty()); diff != "" {
		s.Errorf("the shares differ:\n%s", diff)
	}
	page := func(db *store.DB) store.Page {
		p, err := db.SharesFor(s.Context(), s.room, "ana", protocol.Cursor{}, 100, true)
		s.must(err)
		return p
	}
	if diff := cmp.Diff(page(s.Records), page(to.Records), cmpopts.EquateEmpty()); diff != "" {
		s.Errorf("a participant sees other things:\n%s", diff)
	}
}

// large is more than is put whole, and no even number of blocks.
var large = strings.Repeat("a large file ", 200_000)

// TestEverythingMoves: complete files of both sizes and an empty one, uploads in
// progress, and nothing of what has ended.
func TestEverythingMoves(t *testing.T) {
	from, to := newSide(t).enter(), newSide(t)
	small, big, empty := from.keep("small"), from.keep(large), from.keep("")
	half, none := from.begin(large, 1_500_000), from.offer(10)
	ended := from.keep("ended")
	_, err := from.Records.End(t.Context(), ended.ID, protocol.Revoked, "", from.now)
	from.must(err)

	closed := 0
	report, err := migrate.Migration{From: from.Side, To: to.Side, Closed: func() error {
		closed++
		if err := to.Records.Whole(t.Context()); !errors.Is(err, store.ErrFilling) {
			t.Errorf("a server could use the target while the source was not closed: %v", err)
		}
		return nil
	}}.Run(t.Context())
	from.must(err)
	from.must(to.Records.Whole(t.Context()))
	if report.Again || report.Files != 3 || report.Uploads != 1 || report.Bytes != int64(5+len(large)+1_500_000) || report.Copied != report.Bytes ||
		len(report.Findings) != 0 || closed != 1 {
		t.Errorf("the report is %+v, closed %d times", report, closed)
	}
	for share, want := range map[protocol.ShareID]string{small.ID: "small", big.ID: large, empty.ID: ""} {
		if got := to.read(to.Blobs.Open, share); got != want {
			t.Errorf("a file of %d bytes has %d", len(want), len(got))
		}
	}
	if got := to.read(to.Blobs.OpenStaged, half.ID); got != large[:1_500_000] {
		t.Errorf("the upload has %d bytes, or others", len(got))
	}
	if n := to.count(); n != 4 {
		t.Errorf("there are %d blobs", n)
	}
	from.sameRecords(to)
	if record, err := to.Records.Share(t.Context(), none.ID); err != nil || record.Offset != 0 {
		t.Errorf("an upload without a byte is %+v, %v", record, err)
	}
}

// dying is a blob store whose process dies at one of its operations.
type dying struct {
	migrate.Blobs
	left *atomic.Int64
}

var errDied = errors.New("the process died")

func (d dying) step() error {
	if d.left.Add(-1) < 0 {
		return errDied
	}
	return nil
}

func (d dying) Write(ctx context.Context, key blob.Key, offset int64) (blob.Writer, error) {
	if err := d.step(); err != nil {
		return nil, err
	}
	w, err := d.Blobs.Write(ctx, key, offset)
	return dyingWriter{w, d}, err
}

func (d dying) Put(ctx context.Context, key blob.Key, data []byte) error {
	if err := d.step(); err != nil {
		return err
	}
	err := d.Blobs.Put(ctx, key, data)
	return errors.Join(err, d.step())
}

type dyingWriter struct {
	blob.Writer
	d dying
}

func (w dyingWriter) Write(p []byte) (int, error) {
	if err := w.d.step(); err != nil {
		return 0, err
	}
	return w.Writer.Write(p)
}

func (w dyingWriter) Sync() error {
	if err := w.d.step(); err != nil {
		return err
	}
	return w.Writer.Sync()
}

func (w dyingWriter) Commit(ctx context.Context) error {
	if err := w.d.step(); err != nil {
		return err
	}
	err := w.Writer.Commit(ctx)
	return errors.Join(err, w.d.step())
}

// TestAMigrationThatWasKilledGoesOn: at each of its steps. All attempts together
// write no byte twice.
func TestAMigrationThatWasKilledGoesOn(t *testing.T) {
	from := newSide(t).enter()
	from.keep("small")
	from.keep(large)
	half := from.begin(large, 1_500_000)
	to := newSide(t)
	var sum int64
	for attempt := 0; ; attempt++ {
		var left atomic.Int64
		left.Store(int64(2 + attempt%7))
		report, err := migrate.Migration{From: from.Side, To: migrate.Side{Records: to.Records, Blobs: dying{to.Blobs, &left}}, Parallel: 1}.Run(t.Context())
		sum += report.Copied
		if err == nil {
			if attempt < 5 {
				t.Errorf("only %d attempts died", attempt)
			}
			break
		}
		if !errors.Is(err, errDied) || attempt > 1000 {
			t.Fatalf("attempt %d: %v", attempt, err)
		}
		if err := to.Records.Whole(t.Context()); !errors.Is(err, store.ErrFilling) {
			t.Fatalf("a server could use what has come so far: %v", err)
		}
	}
	if want := int64(len("small") + len(large) + 1_500_000); sum > want {
		t.Errorf("%d bytes were written for %d", sum, want)
	}
	from.sameRecords(to)
	if got := to.read(to.Blobs.OpenStaged, half.ID); got != large[:1_500_000] {
		t.Errorf("the upload has %d bytes, or others", len(got))
	}
}

// TestTheSourceMayHaveMovedOn: between two attempts a server was started on it.
func TestTheSourceMayHaveMovedOn(t *testing.T) {
	from, to := newSide(t).enter(), newSide(t)
	gone := from.keep("gone")
	half := from.begin(large, 1000)
	from.keep("stays")
	_, err := migrate.Migration{From: from.Side, To: to.Side, Closed: func() error { return errDied }}.Run(t.Context())
	if !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	_, err = from.Records.End(t.Context(), gone.ID, protocol.Revoked, "", from.now)
	from.must(err)
	from.must(from.Blobs.Remove(t.Context(), blob.Key(gone.ID)))
	_, err = from.Records.End(t.Context(), half.ID, protocol.Cancelled, "", from.now)
	from.must(err)
	from.keep("new")
	_, err = migrate.Migration{From: from.Side, To: to.Side}.Run(t.Context())
	from.must(err)
	from.sameRecords(to)
	if n := to.count(); n != 2 {
		t.Errorf("there are %d blobs and not 2", n)
	}
}

// TestDamageIsNotMoved: a file that is not what its record says is named, and
// nothing is told that all is well.
func TestDamageIsNotMoved(t *testing.T) {
	for name, harm := range map[string]func(*side, store.Share){
		"the bytes are gone": func(s *side, share store.Share) { s.must(s.Blobs.Remove(s.Context(), blob.Key(share.ID))) },
		"the bytes are others": func(s *side, share store.Share) {
			s.must(s.Blobs.Remove(s.Context(), blob.Key(share.ID)))
			s.must(s.Blobs.Put(s.Context(), blob.Key(share.ID), []byte(strings.Repeat("x", int(share.Offset)))))
		},
		"there are fewer": func(s *side, share store.Share) {
			s.must(s.Blobs.Remove(s.Context(), blob.Key(share.ID)))
			s.must(s.Blobs.Put(s.Context(), blob.Key(share.ID), []byte("x")))
		},
	} {
		for _, text := range []string{"small", large} {
			t.Run(fmt.Sprint(name, " of ", len(text)), func(t *testing.T) {
				from, to := newSide(t).enter(), newSide(t)
				from.keep("whole")
				broken := from.keep(text)
				harm(from, broken)
				report, err := migrate.Migration{From: from.Side, To: to.Side}.Run(t.Context())
				from.must(err)
				if len(report.Findings) != 1 || report.Findings[0].Share != broken.ID || report.Findings[0].Room != from.room || report.Findings[0].Detail == "" {
					t.Errorf("the findings are %+v", report.Findings)
				}
				if err := to.Records.Whole(t.Context()); !errors.Is(err, store.ErrFilling) {
					t.Errorf("a server could use the target: %v", err)
				}
			})
		}
	}
}

// TestWhatIsWrongInTheTargetIsMadeAnew: what an earlier attempt has left is not
// believed.
func TestWhatIsWrongInTheTargetIsMadeAnew(t *testing.T) {
	from, to := newSide(t).enter(), newSide(t)
	small, big := from.keep("small"), from.keep(large)
	_, err := migrate.Migration{From: from.Side, To: to.Side, Closed: func() error { return errDied }}.Run(t.Context())
	if !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	for _, share := range []store.Share{small, big} {
		to.must(to.Blobs.Remove(t.Context(), blob.Key(share.ID)))
		to.must(to.Blobs.Put(t.Context(), blob.Key(share.ID), []byte(strings.Repeat("x", int(share.Offset)))))
	}
	_, err = migrate.Migration{From: from.Side, To: to.Side}.Run(t.Context())
	from.must(err)
	if to.read(to.Blobs.Open, small.ID) != "small" || to.read(to.Blobs.Open, big.ID) != large {
		t.Error("what was wrong is wrong still")
	}
}

// TestOnlyAnEmptyTargetIsFilled, and one that was filled says so.
func TestOnlyAnEmptyTargetIsFilled(t *testing.T) {
	from := newSide(t).enter()
	kept := from.keep("small")
	used, files := newSide(t).enter(), newSide(t)
	files.must(files.Blobs.Put(t.Context(), "sh_other", []byte("bytes")))
	for name, to := range map[string]*side{"records": used, "files": files} {
		if _, err := (migrate.Migration{From: from.Side, To: to.Side}).Run(t.Context()); !errors.Is(err, migrate.ErrNotEmpty) {
			t.Errorf("%s: %v", name, err)
		}
		if err := to.Records.Whole(t.Context()); err != nil {
			t.Errorf("%s: a target that was refused is %v", name, err)
		}
	}
	to := newSide(t)
	_, err := migrate.Migration{From: from.Side, To: to.Side}.Run(t.Context())
	from.must(err)
	if _, err := (migrate.Migration{From: from.Side, To: to.Side}).Run(t.Context()); !errors.Is(err, migrate.ErrNotEmpty) {
		t.Errorf("a second migration to the same target: %v", err)
	}
	back := newSide(t)
	_, err = migrate.Migration{From: to.Side, To: back.Side}.Run(t.Context())
	from.must(err)
	if back.read(back.Blobs.Open, kept.ID) != "small" {
		t.Error("the way back lost a file")
	}
}

// TestAFinishedMigrationIsKnown: its process may have died before it could say so.
func TestAFinishedMigrationIsKnown(t *testing.T) {
	from, to := newSide(t).enter(), newSide(t)
	from.keep("small")
	again := migrate.Migration{From: from.Side, To: to.Side, Closed: func() error { return errDied }}
	if _, err := again.Run(t.Context()); !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	from.must(to.Records.EndFilling(t.Context()))
	report, err := again.Run(t.Context())
	from.must(err)
	if !report.Again || report.Files != 0 {
		t.Errorf("the report is %+v", report)
	}
	again.Unused = true
	if report, err = again.Run(t.Context()); err != nil || !report.Again {
		t.Errorf("of a source that nobody uses any more it says %+v, %v", report, err)
	}
}
