// Package storetest is the conformance suite of the store: what every engine
// under store.DB must keep.
package storetest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Run checks an engine. open returns an empty store and closes it when the test
// is over.
func Run(t *testing.T, open func(testing.TB) *store.DB) {
	for _, group := range []map[string]func(*world){
		roomTests, memberTests, departureTests, shareTests, transitionTests, visibilityTests,
		pageTests, sweepTests, ticketTests, outboxTests, raceTests, receiptTests, depositTests, syncedTests, partTests, sharingTests, rulesTests, accountTests, auditTests, webhookTests, thumbnailTests, segmentTests, lookTests, nodeTests, textTests,
	} {
		for name, check := range group {
			t.Run(name, func(t *testing.T) {
				t.Parallel() // each has a store of its own, and mostly waits for the disk
				check(newWorld(t, open(t)))
			})
		}
	}
}

// RunNodes checks an engine that several processes write through: what happens at once
// happens in several stores of the same records, which open returns and closes.
func RunNodes(t *testing.T, open func(testing.TB) []*store.DB) {
	for _, group := range []map[string]func(*world){raceTests, depositTests} {
		for name, check := range group {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				check(newWorld(t, open(t)...))
			})
		}
	}
}

// plenty is a quota and a limit that no test reaches by accident.
const plenty = 1 << 20

var generous = store.Quota{RoomBytes: plenty, RoomShares: plenty, OpenUploads: plenty}

// world is a store with one room and a clock of its own.
type world struct {
	*testing.T
	*store.DB
	room protocol.RoomID
	now  time.Time

	nodes []*store.DB // all that there are of the same records
}

func newWorld(t *testing.T, all ...*store.DB) *world {
	w := &world{T: t, DB: all[0], nodes: all, now: time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)}
	w.room = w.newRoom()
	return w
}

// later moves the clock.
func (w *world) later(d time.Duration) time.Time {
	w.now = w.now.Add(d)
	return w.now
}

func (w *world) newRoom() protocol.RoomID {
	w.Helper()
	id := protocol.NewRoomID()
	w.must(w.CreateRoom(w.Context(), store.Room{ID: id, App: "app", Name: "a room", CreatedAt: w.now}, plenty))
	return id
}

func (w *world) join(ids ...protocol.ParticipantID) {
	w.Helper()
	for _, id := range ids {
		_, err := w.Join(w.Context(), w.member(id), plenty, w.now)
		w.must(err)
	}
}

// member returns a participant on the connection "on-" and its id.
func (w *world) member(id protocol.ParticipantID) store.Member {
	return store.Member{
		Room:       w.room,
		Connection: "on-" + string(id),
		Participant: protocol.Participant{
			ID: id, Name: "Name of " + string(id), Role: "participant", UserRef: "ref",
			Grants: []string{"send", "receive"}, Data: json.RawMessage(`{"k":1}`), JoinedAt: w.now,
		},
	}
}

// draft returns a share of ten bytes, for the room if nobody is listed.
func (w *world) draft(sender protocol.ParticipantID, to ...protocol.ParticipantID) store.Share {
	size := int64(10)
	s := store.Share{
		Share: protocol.Share{
			ID: protocol.NewShareID(), Room: w.room, Name: "a.txt", Type: "text/plain", Size: &size, State: protocol.Uploading,
			Sender: protocol.Sender{ID: sender, Name: "Name of " + string(sender)}, To: protocol.Audience{List: to},
			CreatedAt: w.now, ExpiresAt: w.now.Add(24 * time.Hour), Rev: 1,
		},
		Metadata: "filename YS50eHQ=", Reserved: size, UpdatedAt: w.now, Checkpoint: store.Checkpoint{Run: "run-1"},
	}
	if len(to) == 0 {
		s.To = protocol.ToRoom()
	}
	return s
}

// offer creates a share as draft returns it.
func (w *world) offer(sender protocol.ParticipantID, to ...protocol.ParticipantID) store.Share {
	w.Helper()
	s := w.draft(sender, to...)
	w.must(w.CreateShares(w.Context(), []store.Share{s}, generous))
	return s
}

func (w *world) complete(id protocol.ShareID) store.Share {
	w.Helper()
	s, err := w.Complete(w.Context(), id, 10, "hash", w.now, w.now.Add(24*time.Hour))
	w.must(err)
	return s
}

func (w *world) cancel(id protocol.ShareID) store.Share {
	w.Helper()
	s, err := w.End(w.Context(), id, protocol.Cancelled, "", w.now)
	w.must(err)
	return s
}

// forget cancels a share and removes every trace of it.
func (w *world) forget(id protocol.ShareID) {
	w.Helper()
	w.cancel(id)
	w.must(w.MarkPurged(w.Context(), []protocol.ShareID{id}, w.now))
	n, err := w.Forget(w.Context(), w.now.Add(time.Microsecond))
	w.must(err)
	if n != 1 {
		w.Fatalf("forgot %d shares, want 1", n)
	}
}

func (w *world) page(viewer protocol.ParticipantID, since protocol.Cursor, limit int) store.Page {
	w.Helper()
	p, err := w.SharesFor(w.Context(), w.room, viewer, since, limit, true)
	w.must(err)
	return p
}

// quietPage is the page of a viewer who may not receive.
func (w *world) quietPage(viewer protocol.ParticipantID, since protocol.Cursor) store.Page {
	w.Helper()
	p, err := w.SharesFor(w.Context(), w.room, viewer, since, plenty, false)
	w.must(err)
	return p
}

// sees returns the ids that a viewer sees, in order.
func (w *world) sees(viewer protocol.ParticipantID, receive bool) []protocol.ShareID {
	w.Helper()
	p, err := w.SharesFor(w.Context(), w.room, viewer, protocol.Cursor{}, plenty, receive)
	w.must(err)
	return idsOf(p.Shares)
}

func idsOf(shares []store.Share) []protocol.ShareID {
	var all []protocol.ShareID
	for _, s := range shares {
		all = append(all, s.ID)
	}
	return all
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) wantErr(err, target error) {
	w.Helper()
	if !errors.Is(err, target) {
		w.Fatalf("got error %v, want %v", err, target)
	}
}

func (w *world) wantCode(err error, code protocol.Code) {
	w.Helper()
	if protocol.CodeOf(err) != code {
		w.Fatalf("got error %v, want code %q", err, code)
	}
}

// same fails unless got is want. An empty list is no list.
func (w *world) same(what string, got, want any) {
	w.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		w.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}
