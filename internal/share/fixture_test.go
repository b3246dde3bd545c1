package share_test

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/handout-rtc/handout/internal/blob/memblob"
	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/sqlite/sqlitetest"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is a room with Ana, Ben and Cleo over a real store.
type fixture struct {
	*share.Service
	uploads *upload.Service
	records *store.DB
	blobs   *memblob.Store
	room    protocol.RoomID
	clock   *clock
}

type clock struct{ nanos atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.nanos.Load()) }
func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(d)) }

var limits = protocol.Limits{
	FileSize: 1000, RoomBytes: 3000, RoomShares: 5, OpenUploads: 3, FilesPerRequest: 3, RecipientsPerRequest: 3, ReceiptsPerRequest: 4,
	LifetimeSeconds: 3600, EmptyRoomSeconds: 60, UploadIdleSeconds: 120, ParticipantsPerRoom: 20,
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	ctx := context.Background()
	records := sqlitetest.Open(t, filepath.Join(t.TempDir(), "handout.db"))
	f := &fixture{records: records, blobs: memblob.New(), room: protocol.NewRoomID(), clock: new(clock)}
	f.clock.nanos.Store(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano())
	if err := records.CreateRoom(ctx, store.Room{ID: f.room, App: "dev", Name: "r", CreatedAt: f.clock.now(), EmptySince: f.clock.now()}, 10); err != nil {
		t.Fatal(err)
	}
	for _, id := range []protocol.ParticipantID{"ana", "ben", "cleo"} {
		f.join(t, id, protocol.GrantReceive)
	}
	f.uploads = upload.New(upload.Config{Records: records, Parts: records, Blobs: f.blobs, Limits: limits, Boot: "b", Now: f.clock.now})
	f.Service = share.New(share.Config{
		Records: records, Ledger: records, Sweeper: records, Tickets: records, Parts: records, Moderation: records, Thumbnails: records, Uploads: f.uploads, Blobs: f.blobs,
		Limits: limits, Boot: "b", Now: f.clock.now, SweepEvery: time.Millisecond,
		GatherReceipts: time.Microsecond,
	})
	return f
}

func (f *fixture) join(t *testing.T, id protocol.ParticipantID, grants ...string) {
	t.Helper()
	member := store.Member{
		Participant: protocol.Participant{ID: id, Name: string(id), Role: "participant", UserRef: refOf(id), Grants: grants, JoinedAt: f.clock.now()},
		Room:        f.room, Connection: "c-" + string(id),
	}
	if _, err := f.records.Join(context.Background(), member, 100, f.clock.now()); err != nil {
		t.Fatal(err)
	}
}

// refOf is what the application calls a participant: Ana and Cleo are one user, on two
// devices.
func refOf(id protocol.ParticipantID) string {
	if id == "ben" {
		return "b"
	}
	return "u"
}

func (f *fixture) as(id protocol.ParticipantID) share.Caller {
	return share.Caller{Room: f.room, ID: id, Name: string(id), Send: true, Receive: true, SendToAll: true}
}

// offer creates one share of the given size from Ana.
func (f *fixture) offer(t *testing.T, size int64, to protocol.Audience) protocol.ShareID {
	t.Helper()
	created, err := f.Offer(context.Background(), f.as("ana"), share.Batch{Drafts: []share.Draft{{Name: "a.txt", Size: &size}}, To: to})
	if err != nil {
		t.Fatal(err)
	}
	return created[0].ID
}

// deliver offers a share and uploads it whole.
func (f *fixture) deliver(t *testing.T, body string, to protocol.Audience) protocol.ShareID {
	t.Helper()
	id := f.offer(t, int64(len(body)), to)
	a := upload.Append{ID: id, Body: bytes.NewReader([]byte(body)), BodyLength: int64(len(body))}
	if _, err := f.uploads.Append(context.Background(), a); err != nil {
		t.Fatal(err)
	}
	return id
}

// fill uploads n bytes, which complete the share.
func (f *fixture) fill(t *testing.T, id protocol.ShareID, n int) {
	t.Helper()
	a := upload.Append{ID: id, Body: bytes.NewReader(make([]byte, n)), BodyLength: int64(n)}
	if made, err := f.uploads.Append(context.Background(), a); err != nil || made.State != protocol.Available {
		t.Fatal(made.State, err)
	}
}

// sweepUntil lets the service sweep until the condition holds.
func (f *fixture) sweepUntil(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	var group sync.WaitGroup
	group.Go(func() { f.Run(ctx) })
	defer group.Wait()
	defer stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("the sweep never came to: %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}

func (f *fixture) state(t *testing.T, id protocol.ShareID) protocol.ShareState {
	t.Helper()
	record, err := f.records.Share(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return record.State
}

func (f *fixture) blobCount(t *testing.T) (n int) {
	t.Helper()
	for _, err := range f.blobs.List(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

func wantCode(t *testing.T, err error, want protocol.Code) {
	t.Helper()
	if got := protocol.CodeOf(err); got != want {
		t.Fatalf("error %q (%v), want %q", got, err, want)
	}
}

func list(ids ...protocol.ParticipantID) protocol.Audience { return protocol.Audience{List: ids} }

// send begins an append to the share; what is written to the pipe is its body.
func (f *fixture) send(id protocol.ShareID) (sender *io.PipeWriter, appended <-chan error) {
	body, sender := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, err := f.uploads.Append(context.Background(), upload.Append{
			ID: id, Body: body, BodyLength: -1,
			Yield: func() { body.CloseWithError(protocol.NewError(protocol.CodeUploadPreempted, "")) },
		})
		ended <- err
	}()
	return sender, ended
}
