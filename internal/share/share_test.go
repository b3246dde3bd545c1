package share_test

import (
	"bytes"
	"context"
	"errors"
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
	"github.com/handout-rtc/handout/internal/store/sqlite"
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
	records, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "handout.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { records.Close() })
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
		Records: records, Ledger: records, Sweeper: records, Tickets: records, Parts: records, Moderation: records, Uploads: f.uploads, Blobs: f.blobs,
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

func TestOfferRefusals(t *testing.T) {
	f := newFixture(t)
	f.join(t, "kiosk") // with no grant
	ctx := context.Background()
	n := func(v int64) *int64 { return &v }
	one := []share.Draft{{Name: "a", Size: n(1)}}
	viewer := f.as("ana")
	viewer.Send = false
	targetedOnly := f.as("ana")
	targetedOnly.SendToAll = false
	nowhere := f.as("ana")
	nowhere.Room = protocol.NewRoomID()
	rows := []struct {
		name   string
		caller share.Caller
		drafts []share.Draft
		to     protocol.Audience
		want   protocol.Code
	}{
		{"no grant", viewer, one, protocol.ToRoom(), protocol.CodeForbidden},
		{"no grant for all", targetedOnly, one, protocol.ToRoom(), protocol.CodeForbidden},
		{"nobody", f.as("ana"), one, list(), protocol.CodeEmptyList},
		{"a stranger", f.as("ana"), one, list("ben", "zoe"), protocol.CodeUnknownRecipient},
		{"one who may not receive", f.as("ana"), one, list("kiosk"), protocol.CodeUnknownRecipient},
		{"no id", f.as("ana"), one, list("../x"), protocol.CodeInvalidRequest},
		{"too many recipients", f.as("ana"), one, list("ben", "cleo", "ana", "ben"), protocol.CodeInvalidRequest},
		{"too many recipients of too many files", f.as("ana"), append(one, one...), list("ben", "cleo", "ana"), protocol.CodeInvalidRequest},
		{"no file", f.as("ana"), nil, protocol.ToRoom(), protocol.CodeEmptyList},
		{"too many files", f.as("ana"), append(append(one, one...), append(one, one...)...), protocol.ToRoom(), protocol.CodeInvalidRequest},
		{"negative", f.as("ana"), []share.Draft{{Size: n(-1)}}, protocol.ToRoom(), protocol.CodeInvalidRequest},
		{"too large", f.as("ana"), []share.Draft{{Size: n(1)}, {Size: n(1001)}}, protocol.ToRoom(), protocol.CodeFileTooLarge},
		{"no such room", nowhere, one, protocol.ToRoom(), protocol.CodeRoomNotFound},
	}
	for _, row := range rows {
		_, err := f.Offer(ctx, row.caller, share.Batch{Drafts: row.drafts, To: row.to})
		if got := protocol.CodeOf(err); got != row.want {
			t.Errorf("%s: %q (%v), want %q", row.name, got, err, row.want)
		}
	}
	page, err := f.List(ctx, f.as("ana"), protocol.Cursor{})
	if err != nil || len(page.Shares) != 0 {
		t.Errorf("refused offers left %d shares, %v", len(page.Shares), err)
	}
}

func TestQuotaIsReservedAndGivenBack(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	size := int64(1000)
	drafts := []share.Draft{{Name: "a", Size: &size}, {Name: "b", Size: &size}, {Name: "c", Size: &size}}
	created, err := f.Offer(ctx, f.as("ana"), share.Batch{Drafts: drafts, To: protocol.ToRoom()})
	if err != nil {
		t.Fatal(err)
	}
	one := int64(1)
	_, err = f.Offer(ctx, f.as("ben"), share.Batch{Drafts: []share.Draft{{Size: &one}}, To: protocol.ToRoom()})
	wantCode(t, err, protocol.CodeRoomFull)
	_, err = f.Offer(ctx, f.as("ana"), share.Batch{Drafts: []share.Draft{{Size: new(int64)}}, To: protocol.ToRoom()})
	wantCode(t, err, protocol.CodeTooManyUploads)
	if err := f.End(ctx, f.as("ana"), created[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Offer(ctx, f.as("ben"), share.Batch{Drafts: []share.Draft{{Size: &size}}, To: protocol.ToRoom()}); err != nil {
		t.Fatalf("after a cancel there is no place: %v", err)
	}
}

func TestOnlyTheIntendedSee(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	id := f.deliver(t, "secret", list("ben", "ben"))
	for caller, visible := range map[protocol.ParticipantID]int{"ana": 1, "ben": 1, "cleo": 0} {
		page, err := f.List(ctx, f.as(caller), protocol.Cursor{})
		if err != nil || len(page.Shares) != visible {
			t.Errorf("%s sees %d shares, %v", caller, len(page.Shares), err)
		}
	}
	_, err := f.Get(ctx, f.as("cleo"), id)
	_, missing := f.Get(ctx, f.as("cleo"), protocol.NewShareID())
	if err == nil || missing == nil || err.Error() != missing.Error() {
		t.Errorf("a hidden share says %v, a missing one %v", err, missing)
	}
	seen, err := f.Get(ctx, f.as("ben"), id)
	if err != nil || len(seen.To.List) != 1 {
		t.Errorf("the recipient sees %+v, %v", seen.To, err)
	}
}

func TestContentAndItsEnd(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	id := f.deliver(t, "hello", protocol.ToRoom())
	cut := make(chan struct{})
	content, err := f.Content(ctx, f.as("ben"), id, func() { close(cut) })
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(content)
	if err != nil || string(body) != "hello" {
		t.Fatalf("%q, %v", body, err)
	}
	wantCode(t, f.End(ctx, f.as("cleo"), id), protocol.CodeForbidden)
	if err := f.End(ctx, f.as("ana"), id); err != nil {
		t.Fatal(err)
	}
	<-cut // a running download hears of the end
	content.Close()
	content.Close()
	if got := f.state(t, id); got != protocol.Revoked {
		t.Errorf("the share is %s", got)
	}
	if n := f.blobCount(t); n != 0 {
		t.Errorf("%d blobs are left", n)
	}
	_, err = f.Content(ctx, f.as("ben"), id, func() {})
	wantCode(t, err, protocol.CodeShareEnded)
	if err := f.End(ctx, f.as("ana"), id); err != nil {
		t.Errorf("ending twice: %v", err)
	}
}

// TestFollowersOfAnUpload reads a share from its first byte while Ana sends it,
// in the ways that its end may come.
func TestFollowersOfAnUpload(t *testing.T) {
	ends := map[string]struct {
		end  func(*fixture, protocol.ShareID, *io.PipeWriter) error
		code protocol.Code // "" for completion
	}{
		"completed": {end: func(_ *fixture, _ protocol.ShareID, sender *io.PipeWriter) error {
			_, err := sender.Write([]byte("56789"))
			sender.Close()
			return err
		}},
		"cancelled": {code: protocol.CodeShareEnded, end: func(f *fixture, id protocol.ShareID, _ *io.PipeWriter) error {
			return f.End(context.Background(), f.as("ana"), id)
		}},
		"the reader is dropped": {code: protocol.CodeDropped, end: func(f *fixture, _ protocol.ShareID, _ *io.PipeWriter) error {
			return f.Dropped(context.Background(), f.room, "ben")
		}},
		"the sender is dropped": {code: protocol.CodeShareEnded, end: func(f *fixture, _ protocol.ShareID, _ *io.PipeWriter) error {
			return f.Dropped(context.Background(), f.room, "ana")
		}},
	}
	for name, c := range ends {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			id := f.offer(t, 10, protocol.ToRoom())
			content, err := f.Content(context.Background(), f.as("ben"), id, func() {})
			if err != nil {
				t.Fatal(err)
			}
			defer content.Close()
			sender, appended := f.send(id)
			defer func() { sender.Close(); <-appended }()
			if _, err := sender.Write([]byte("01234")); err != nil {
				t.Fatal(err)
			}
			first := make([]byte, 5)
			if _, err := io.ReadFull(content, first); err != nil || string(first) != "01234" {
				t.Fatalf("%q, %v", first, err)
			}
			if err := c.end(f, id, sender); err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(content)
			wantCode(t, err, c.code)
			if c.code == "" && string(rest) != "56789" {
				t.Errorf("the rest is %q", rest)
			}
		})
	}
}

// TestDroppingEndsUploads: what nobody can finish any more has failed, and says
// why; what was complete stays.
func TestDroppingEndsUploads(t *testing.T) {
	f := newFixture(t)
	kept, open := f.deliver(t, "hello", protocol.ToRoom()), f.offer(t, 5, list("ben"))
	sender, appended := f.send(open)
	defer sender.Close()
	if _, err := sender.Write([]byte("he")); err != nil {
		t.Fatal(err)
	}
	if err := f.Dropped(context.Background(), f.room, "ana"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, <-appended, protocol.CodeShareEnded)
	record, err := f.records.Share(context.Background(), open)
	if err != nil || record.State != protocol.Failed || record.Reason != string(protocol.CodeDropped) {
		t.Errorf("the upload is %s for %q, %v", record.State, record.Reason, err)
	}
	if got := f.state(t, kept); got != protocol.Available {
		t.Errorf("the complete share is %s", got)
	}
}

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

func TestCancelWhileTheBodyComes(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	id := f.offer(t, 10, protocol.ToRoom())
	sender, appended := f.send(id)
	if _, err := sender.Write([]byte("12345")); err != nil {
		t.Fatal(err)
	}
	if err := f.End(ctx, f.as("ana"), id); err != nil {
		t.Fatal(err)
	}
	wantCode(t, <-appended, protocol.CodeShareEnded)
	if got := f.state(t, id); got != protocol.Cancelled {
		t.Errorf("the share is %s", got)
	}
	if n := f.blobCount(t); n != 0 {
		t.Errorf("%d blobs are left", n)
	}
}

func TestTicketsWorkOnceForOneShare(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	id, other := f.deliver(t, "hello", list("ben")), f.deliver(t, "other", list("ben"))
	_, _, err := f.Ticket(ctx, f.as("cleo"), id)
	wantCode(t, err, protocol.CodeShareNotFound)
	ticket := func() string {
		secret, _, err := f.Ticket(ctx, f.as("ben"), id)
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	secret := ticket()
	caller, err := f.Redeem(ctx, secret, id)
	if err != nil || caller.ID != "ben" || caller.Send || caller.Moderate {
		t.Fatalf("%+v, %v", caller, err)
	}
	_, err = f.Redeem(ctx, secret, id)
	wantCode(t, err, protocol.CodeTicketInvalid)
	_, err = f.Redeem(ctx, ticket(), other)
	wantCode(t, err, protocol.CodeTicketInvalid)
	late := ticket()
	f.clock.advance(share.TicketLife + time.Second)
	_, err = f.Redeem(ctx, late, id)
	wantCode(t, err, protocol.CodeTicketInvalid)
	ahead := ticket()
	f.clock.advance(-time.Hour) // the server starts again, with the time put right
	_, err = f.Redeem(ctx, ahead, id)
	wantCode(t, err, protocol.CodeTicketInvalid)
}

func TestSweepEndsWhatIsDue(t *testing.T) {
	ctx := context.Background()
	wantReason := func(t *testing.T, f *fixture, id protocol.ShareID, want protocol.Code) {
		t.Helper()
		record, err := f.records.Share(ctx, id)
		if err != nil || record.Reason != string(want) {
			t.Errorf("it ended for %q, %v; want %s", record.Reason, err, want)
		}
	}
	t.Run("an idle upload fails", func(t *testing.T) {
		f := newFixture(t)
		id := f.offer(t, 10, protocol.ToRoom())
		f.clock.advance(121 * time.Second)
		f.sweepUntil(t, "failed", func() bool { return f.state(t, id) == protocol.Failed })
		wantReason(t, f, id, protocol.CodeUploadIdle)
	})
	t.Run("an upload of before the start has the whole time again", func(t *testing.T) {
		f := newFixture(t)
		id := f.offer(t, 10, protocol.ToRoom())
		f.clock.advance(30 * time.Minute)
		f.Service = share.New(f.Config)
		f.startUp(t)
		f.clock.advance(119 * time.Second)
		f.startUp(t)
		if got := f.state(t, id); got != protocol.Uploading {
			t.Fatalf("before its time is over it is %s", got)
		}
		f.clock.advance(2 * time.Second)
		f.sweepUntil(t, "failed", func() bool { return f.state(t, id) == protocol.Failed })
		wantReason(t, f, id, protocol.CodeUploadIdle)
	})
	t.Run("a slow upload is not idle", func(t *testing.T) {
		f := newFixture(t)
		slow, idle := f.offer(t, 10, protocol.ToRoom()), f.offer(t, 10, protocol.ToRoom())
		body, sender := io.Pipe()
		appended := make(chan error, 1)
		go func() {
			_, err := f.uploads.Append(ctx, upload.Append{ID: slow, Body: body, BodyLength: -1})
			appended <- err
		}()
		if _, err := sender.Write([]byte("12345")); err != nil {
			t.Fatal(err)
		}
		f.clock.advance(121 * time.Second)
		f.sweepUntil(t, "the idle one failed", func() bool { return f.state(t, idle) == protocol.Failed })
		if _, err := sender.Write([]byte("67890")); err != nil {
			t.Fatal(err)
		}
		sender.Close()
		if err := <-appended; err != nil || f.state(t, slow) != protocol.Available {
			t.Errorf("the slow upload ended with %v, the share is %s", err, f.state(t, slow))
		}
	})
	t.Run("a file expires", func(t *testing.T) {
		f := newFixture(t)
		id := f.deliver(t, "hello", protocol.ToRoom())
		f.clock.advance(3601 * time.Second)
		f.sweepUntil(t, "expired and gone", func() bool { return f.state(t, id) == protocol.Expired && f.blobCount(t) == 0 })
		wantReason(t, f, id, protocol.CodeLifetimeOver)
	})
	t.Run("files leave an empty room", func(t *testing.T) {
		f := newFixture(t)
		id := f.deliver(t, "hello", protocol.ToRoom())
		for _, who := range []protocol.ParticipantID{"ana", "ben", "cleo"} {
			if _, err := f.records.Leave(ctx, f.room, who, f.clock.now()); err != nil {
				t.Fatal(err)
			}
		}
		f.clock.advance(59 * time.Second)
		f.sweepUntil(t, "a sweep", func() bool { return true })
		if got := f.state(t, id); got != protocol.Available {
			t.Fatalf("before the grace is over the share is %s", got)
		}
		f.clock.advance(2 * time.Second)
		f.sweepUntil(t, "expired and gone", func() bool { return f.state(t, id) == protocol.Expired && f.blobCount(t) == 0 })
		wantReason(t, f, id, protocol.CodeRoomEmpty)
	})
	t.Run("files leave a room that has ended", func(t *testing.T) {
		f := newFixture(t)
		id, open := f.deliver(t, "hello", protocol.ToRoom()), f.offer(t, 10, protocol.ToRoom())
		if err := f.records.EndRoom(ctx, f.room, f.clock.now()); err != nil {
			t.Fatal(err)
		}
		f.sweepUntil(t, "expired and gone", func() bool { return f.state(t, id) == protocol.Expired && f.blobCount(t) == 0 })
		f.sweepUntil(t, "the upload failed", func() bool { return f.state(t, open) == protocol.Failed })
		wantReason(t, f, id, protocol.CodeRoomEnded)
		wantReason(t, f, open, protocol.CodeRoomEnded)
	})
	t.Run("an upload into a room that was empty long before", func(t *testing.T) {
		f := newFixture(t)
		for _, who := range []protocol.ParticipantID{"ana", "ben", "cleo"} {
			if _, err := f.records.Leave(ctx, f.room, who, f.clock.now()); err != nil {
				t.Fatal(err)
			}
		}
		old := f.offer(t, 5, protocol.ToRoom())
		f.clock.advance(61 * time.Second)
		id := f.offer(t, 5, protocol.ToRoom())
		f.sweepUntil(t, "the old one failed", func() bool { return f.state(t, old) == protocol.Failed })
		if got := f.state(t, id); got != protocol.Uploading {
			t.Errorf("the new upload is %s", got)
		}
	})
	t.Run("what has ended is forgotten", func(t *testing.T) {
		f := newFixture(t)
		id := f.deliver(t, "hello", protocol.ToRoom())
		if err := f.End(ctx, f.as("ana"), id); err != nil {
			t.Fatal(err)
		}
		f.clock.advance(2 * time.Hour)
		f.sweepUntil(t, "forgotten", func() bool {
			_, err := f.records.Share(ctx, id)
			return errors.Is(err, store.ErrNotFound)
		})
	})
}
