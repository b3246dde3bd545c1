package share_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

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
