package storetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

const roomStream protocol.ParticipantID = ""

// outbox returns every event that is not announced, decoded, and checks that
// each says of itself what its row says.
func (w *world) outbox() ([]store.Outgoing, []protocol.Event) {
	w.Helper()
	var rows []store.Outgoing
	waiting, err := w.Waiting(w.Context(), plenty)
	w.must(err)
	for _, room := range slices.Sorted(maps.Keys(waiting)) {
		events, err := w.Outgoing(w.Context(), room, 0, plenty)
		w.must(err)
		w.same("the first that waits", waiting[room], events[0].ID)
		rows = append(rows, events...)
	}
	events := make([]protocol.Event, len(rows))
	for i, row := range rows {
		w.must(json.Unmarshal(row.Event, &events[i]))
		want := protocol.PersonalStream
		if row.Participant == roomStream {
			want = protocol.RoomStream
		}
		if events[i].Stream != want || !row.WrittenAt.Equal(events[i].Time) || i > 0 && row.Room == rows[i-1].Room && row.ID <= rows[i-1].ID {
			w.Fatalf("row %d: id %d, participant %q, event %s", i, row.ID, row.Participant, row.Event)
		}
	}
	return rows, events
}

// told returns what a stream of the room says, one line an event: its number,
// its type, the participant or the states of the shares.
func (w *world) told(stream protocol.ParticipantID) []string {
	w.Helper()
	var lines []string
	rows, events := w.outbox()
	for i, e := range events {
		if rows[i].Room != w.room || rows[i].Participant != stream {
			continue
		}
		line := []string{strconv.FormatInt(e.Seq, 10), string(e.Type)}
		if e.Participant != nil {
			line = append(line, string(e.Participant.ID))
		}
		for _, s := range e.Shares {
			line = append(line, string(s.State))
		}
		lines = append(lines, strings.Join(line, " "))
	}
	return lines
}

// gapless fails unless every stream in the outbox counts 1, 2, 3 …
func (w *world) gapless() {
	w.Helper()
	type stream struct {
		room        protocol.RoomID
		participant protocol.ParticipantID
	}
	last := make(map[stream]int64)
	rows, events := w.outbox()
	for i, row := range rows {
		at := stream{row.Room, row.Participant}
		if events[i].Seq != last[at]+1 {
			w.Fatalf("stream %v: %d follows %d", at, events[i].Seq, last[at])
		}
		last[at]++
	}
}

// announced forgets every event that there is.
func (w *world) announced() {
	w.Helper()
	waiting, err := w.Waiting(w.Context(), plenty)
	w.must(err)
	for room := range waiting {
		waiting[room] = plenty
	}
	w.must(w.Announced(w.Context(), waiting))
}

func numbered(i int) protocol.ParticipantID {
	return protocol.ParticipantID("p" + strconv.Itoa(i))
}

var outboxTests = map[string]func(*world){
	"EventsAreTheChanges":        eventsAreChanges,
	"OutgoingIsReadInPieces":     outgoingInPieces,
	"EventsAreOfBoundedLength":   boundedEvents,
	"CommittedWakesForEvents":    committedWakes,
	"RoomsCountApart":            roomsCountApart,
	"FailedChangeLeavesNoEvents": failedChange,
	"UsageCounts":                usage,
	"TheBacklogIsSeen":           backlog,
	"PingAnswers":                func(w *world) { w.must(w.Ping(w.Context())) },
	"TheClockOfTheStoreGoesOn":   clockGoesOn,
}

func eventsAreChanges(w *world) {
	w.join("a", "b")
	s := w.offer("a", "b")
	w.later(time.Second)
	done := w.complete(s.ID)
	_, events := w.outbox()
	joined := w.member("a").Participant
	joined.JoinedAt = events[0].Time
	w.same("joined", events[0], protocol.Event{
		Type: protocol.ParticipantJoined, Stream: protocol.RoomStream, Seq: 1, Time: joined.JoinedAt, Participant: &joined,
	})
	// a's stream, then b's: created, available.
	w.same("created, for the sender", events[2], protocol.Event{
		Type: protocol.SharesCreated, Stream: protocol.PersonalStream, Seq: 1, Time: s.CreatedAt, Shares: []protocol.Share{s.Share},
	})
	w.same("available, for the recipient", events[5], protocol.Event{
		Type: protocol.SharesAvailable, Stream: protocol.PersonalStream, Seq: 2, Time: w.now, Shares: []protocol.Share{done.For("b")},
	})
}

func outgoingInPieces(w *world) {
	for i := range 7 {
		w.join(numbered(i))
	}
	all, _ := w.outbox()
	var pieces []store.Outgoing
	after := int64(0)
	for {
		piece, err := w.Outgoing(w.Context(), w.room, after, 3)
		w.must(err)
		if len(piece) == 0 {
			break
		}
		pieces = append(pieces, piece...)
		after = piece[len(piece)-1].ID
	}
	w.same("pieces", pieces, all)

	w.must(w.Announced(w.Context(), map[protocol.RoomID]int64{w.room: all[4].ID}))
	left, _ := w.outbox()
	w.same("left", left, all[5:])
	w.must(w.Announced(w.Context(), map[protocol.RoomID]int64{w.room: all[6].ID}))
	w.join("late")
	left, _ = w.outbox()
	if len(left) != 1 || left[0].ID <= all[6].ID {
		w.Fatalf("ids went back: %v after %d", left, all[6].ID)
	}
}

// boundedEvents: what is too long for one event is told in several, which a
// reader of pages of any size is told once.
func boundedEvents(w *world) {
	crowd := make([]protocol.ParticipantID, 150)
	for i := range crowd {
		crowd[i] = protocol.ParticipantID(fmt.Sprintf("%064d", i))
	}
	batch := make([]store.Share, 14)
	for i := range batch {
		batch[i] = w.draft("a", crowd...)
		batch[i].Name = strings.Repeat(`"<`, protocol.MaxFileNameBytes/2)
	}
	w.must(w.CreateShares(w.Context(), batch, generous))
	rows, events := w.outbox()
	told := make(map[protocol.ParticipantID]int)
	for i, row := range rows {
		if len(row.Event) > protocol.MaxEventBytes {
			w.Fatalf("an event of %d bytes", len(row.Event))
		}
		told[row.Participant] += len(events[i].Shares)
	}
	w.same("streams", len(told), len(crowd)+1)
	w.gapless()
	if n := len(w.told("a")); n < 2 || n > 4 {
		w.Fatalf("%d events for the sender", n)
	}
	for _, viewer := range []protocol.ParticipantID{"a", crowd[0], crowd[149]} {
		w.same("told", told[viewer], len(batch))
		for _, limit := range []int{1, 5, plenty} {
			w.same("read", w.readsAll(viewer, limit), idsOf(batch))
		}
	}
}

// roomsCountApart: what happens in one room neither numbers nor hides what happens in
// another.
func roomsCountApart(w *world) {
	here, elsewhere := w.room, w.newRoom()
	w.join("a", "b")
	w.same("touched", w.Touched(), []protocol.RoomID{here})
	w.room = elsewhere
	w.join("c")
	w.room = here
	w.offer("a", "b")
	touched := w.Touched()
	slices.Sort(touched)
	want := []protocol.RoomID{here, elsewhere}
	slices.Sort(want)
	w.same("touched", touched, want)
	w.same("touched twice", w.Touched(), []protocol.RoomID(nil))
	for room, ids := range map[protocol.RoomID][]int64{here: {1, 2, 3, 4}, elsewhere: {1}} {
		events, err := w.Outgoing(w.Context(), room, 0, plenty)
		w.must(err)
		var got []int64
		for _, e := range events {
			got = append(got, e.ID)
		}
		w.same("ids", got, ids)
	}
	w.must(w.Announced(w.Context(), map[protocol.RoomID]int64{here: 3}))
	waiting, err := w.Waiting(w.Context(), plenty)
	w.must(err)
	w.same("waiting", waiting, map[protocol.RoomID]int64{here: 4, elsewhere: 1})
	some, err := w.Waiting(w.Context(), 1)
	w.must(err)
	w.same("rooms in a look of one", len(some), 1)
}

func committedWakes(w *world) {
	select {
	case <-w.Committed():
		w.Fatal("woken without an event")
	default:
	}
	w.join("a")
	w.join("b") // the second finds the bell rung
	select {
	case <-w.Committed():
	default:
		w.Fatal("not woken")
	}
	w.must(w.Away(w.Context(), w.room, "a", "on-a", w.now)) // no event
	_, err := w.Leave(w.Context(), w.room, "nobody", w.now)
	w.wantErr(err, store.ErrNotFound)
	select {
	case <-w.Committed():
		w.Fatal("woken without an event")
	default:
	}
}

func failedChange(w *world) {
	first := w.offer("a")
	twice := w.draft("a")
	err := w.CreateShares(w.Context(), []store.Share{twice, twice}, generous) // the second insert fails
	if err == nil {
		w.Fatal("one id twice was taken")
	}
	w.same("shares", w.sees("a", true), []protocol.ShareID{first.ID})
	w.same("events", w.told(roomStream), []string{"1 shares.created uploading"})
	w.offer("a")
	w.gapless()
}

func usage(w *world) {
	w.join("a", "b")
	w.must(w.Away(w.Context(), w.room, "b", "on-b", w.now))
	w.offer("a")
	w.complete(w.offer("a").ID)
	w.cancel(w.offer("a").ID)
	w.forget(w.offer("a").ID)
	w.must(w.EndRoom(w.Context(), w.newRoom(), w.now))
	got, err := w.Usage(w.Context())
	w.must(err)
	w.same("usage", got, store.Usage{
		Rooms: 1, Members: 2, Connected: 1, LiveShares: 2, OpenUploads: 1, ReservedBytes: 30, Outbox: 10,
		Unaudited: 13, Unpurged: 1, UnpurgedSince: w.now,
	})
	open := w.offer("a")
	w.must(w.Checkpoint(w.Context(), open.ID, store.Checkpoint{Offset: 3}, w.now))
	promised, err := w.Promised(w.Context())
	w.must(err)
	w.same("promised", promised, int64(10+7))
}

func backlog(w *world) {
	w.announced()
	none, err := w.Backlog(w.Context())
	w.must(err)
	w.same("backlog", none, store.Backlog{})
	began := w.now
	w.join("a", "b")
	w.cancel(w.offer("a").ID)
	w.now = w.now.Add(time.Minute)
	w.cancel(w.offer("a").ID)
	w.offer("a")
	w.complete(w.offer("a").ID)
	got, err := w.Backlog(w.Context())
	w.must(err)
	w.same("backlog", got, store.Backlog{OldestEvent: began})
	states, err := w.Shares(w.Context())
	w.must(err)
	w.same("states", states, map[protocol.ShareState]int{protocol.Uploading: 1, protocol.Available: 1, protocol.Cancelled: 2})
}

// clockGoesOn: and it is a clock, near to the one of this machine.
func clockGoesOn(w *world) {
	before, err := w.Now(w.Context())
	w.must(err)
	if off := time.Until(before); off.Abs() > time.Minute {
		w.Fatalf("%v is off by %v", before, off)
	}
	for {
		after, err := w.Now(w.Context())
		w.must(err)
		if after.After(before) {
			return
		}
		if after.Before(before) {
			w.Fatalf("%v after %v", after, before)
		}
	}
}
