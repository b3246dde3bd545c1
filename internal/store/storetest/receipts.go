package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

const fewReceipts = 3 // a share may have, in the tests that go beyond

// moved lets one receipt take a step.
func (w *world) moved(share protocol.ShareID, who protocol.ParticipantID, to protocol.ReceiptState) protocol.Receipt {
	w.Helper()
	outcomes, err := w.MoveReceipts(w.Context(), []store.ReceiptMove{{Share: share, Participant: who, State: to}}, plenty, w.now)
	w.must(err)
	w.must(outcomes[0].Err)
	return outcomes[0].Receipt
}

// ledger returns the receipts of a share as "participant name state".
func (w *world) ledger(share protocol.ShareID) []string {
	w.Helper()
	receipts, err := w.Receipts(w.Context(), share, "", plenty)
	w.must(err)
	return lines(receipts)
}

// since returns what a sender reads of receipts after a number of its stream, and
// the number to go on from.
func (w *world) since(sender protocol.ParticipantID, seq int64) ([]string, int64) {
	w.Helper()
	p, err := w.ReceiptsFor(w.Context(), w.room, sender, seq, plenty)
	w.must(err)
	return lines(p.Receipts), p.Seq
}

func lines(receipts []protocol.Receipt) []string {
	var all []string
	for _, r := range receipts {
		all = append(all, strings.Join([]string{string(r.Participant), r.Name, string(r.State)}, ", "))
	}
	return all
}

// heard returns how a stream was told of receipts, one line an event.
func (w *world) heard(stream protocol.ParticipantID) []string {
	w.Helper()
	var all []string
	rows, events := w.outbox()
	for i, e := range events {
		if rows[i].Participant == stream && e.Type == protocol.ReceiptsChanged {
			all = append(all, strings.Join(lines(e.Receipts), "; "))
		}
	}
	return all
}

var receiptTests = map[string]func(*world){
	"EverybodyHereIsOffered": func(w *world) {
		s := w.offer("a")
		w.join("a", "b")
		w.later(time.Minute)
		w.join("late")
		quiet := w.member("quiet")
		quiet.Grants = []string{"send"}
		_, err := w.Join(w.Context(), quiet, plenty, w.now)
		w.must(err)
		w.same("receipts", w.ledger(s.ID), []string{"b, Name of b, offered", "late, Name of late, offered"})
		late, err := w.Receipt(w.Context(), s.ID, "late")
		w.must(err)
		w.same("late", late, protocol.Receipt{Share: s.ID, Participant: "late", Name: "Name of late", State: protocol.ReceiptOffered, OfferedAt: w.now})
		_, err = w.Leave(w.Context(), w.room, "late", w.now)
		w.must(err)
		w.same("receipts when one has left", w.ledger(s.ID), []string{"b, Name of b, offered"})
	},
	"ListedOnesAreOfferedWhereverTheyAre": func(w *world) {
		w.join("a", "b", "c", "d")
		s := w.offer("a", "b", "c")
		_, err := w.Leave(w.Context(), w.room, "c", w.now)
		w.must(err)
		w.same("receipts", w.ledger(s.ID), []string{"b, Name of b, offered", "c, , offered"})
	},
	"TheSharesOfARoomAreListed": func(w *world) {
		made := []protocol.ShareID{w.offer("a").ID, w.offer("a", "b").ID, w.offer("b").ID}
		w.cancel(made[0])
		w.room = w.newRoom()
		w.offer("a")
		slices.Sort(made)
		first, err := w.Share(w.Context(), made[0])
		w.must(err)
		var read []protocol.ShareID
		for after := protocol.ShareID(""); ; after = read[len(read)-1] {
			page, err := w.SharesIn(w.Context(), first.Room, after, 2)
			w.must(err)
			if len(page) == 0 {
				break
			}
			read = append(read, idsOf(page)...)
		}
		w.same("listed", read, made)
	},
	"StepsAreKeptWithTheirTimes":        stepsAreKept,
	"WhoLeftStaysWithItsName":           whoLeftStays,
	"TheSenderAloneIsTold":              senderIsTold,
	"StepsTogetherAreOneWordToASender":  stepsTogether,
	"AStepLeftBehindCostsNothing":       leftBehind,
	"ReceiptsAreReadInPages":            receiptPages,
	"ReceiptsGoWithTheirShare":          receiptsGo,
	"AShareHasABoundedNumberOfReceipts": boundedReceipts,
	"ReceiptsDoNotMoveTheirShare":       receiptsLeaveShares,
}

func stepsAreKept(w *world) {
	w.join("a", "b")
	s := w.offer("a", "b")
	began := w.now
	at := func(minutes int) *time.Time { then := began.Add(time.Duration(minutes) * time.Minute); return &then }
	want := protocol.Receipt{Share: s.ID, Participant: "b", Name: "Name of b", OfferedAt: began}
	for _, step := range []struct {
		to     protocol.ReceiptState
		change func(*protocol.Receipt)
	}{
		{protocol.ReceiptSeen, func(r *protocol.Receipt) { r.SeenAt = at(1) }},
		{protocol.ReceiptDownloading, func(r *protocol.Receipt) { r.StartedAt = at(2) }},
		{protocol.ReceiptFailed, func(r *protocol.Receipt) { r.EndedAt, r.Reason = at(3), "no-space" }},
		{protocol.ReceiptDownloading, func(r *protocol.Receipt) { r.StartedAt, r.EndedAt, r.Reason = at(4), nil, "" }},
		{protocol.ReceiptReceived, func(r *protocol.Receipt) { r.EndedAt = at(5) }},
	} {
		w.later(time.Minute)
		move := store.ReceiptMove{Share: s.ID, Participant: "b", State: step.to, Reason: "no-space"}
		outcomes, err := w.MoveReceipts(w.Context(), []store.ReceiptMove{move}, plenty, w.now)
		w.must(err)
		want.State = step.to
		want.Rev++
		step.change(&want)
		w.same("outcome of "+string(step.to), outcomes, []store.ReceiptOutcome{{Receipt: want}})
		kept, err := w.Receipt(w.Context(), s.ID, "b")
		w.must(err)
		w.same("kept after "+string(step.to), kept, want)
	}
}

func whoLeftStays(w *world) {
	w.join("a", "b", "c")
	broadcast, targeted := w.offer("a"), w.offer("a", "b")
	w.moved(broadcast.ID, "b", protocol.ReceiptSeen)
	w.moved(targeted.ID, "b", protocol.ReceiptReceived)
	_, err := w.Leave(w.Context(), w.room, "b", w.now)
	w.must(err)
	w.same("broadcast", w.ledger(broadcast.ID), []string{"b, Name of b, seen", "c, Name of c, offered"})
	w.same("targeted", w.ledger(targeted.ID), []string{"b, Name of b, received"})
	outcomes, err := w.MoveReceipts(w.Context(), []store.ReceiptMove{
		{Share: broadcast.ID, Participant: "http", Name: "Without a connection", State: protocol.ReceiptDownloading},
	}, plenty, w.now)
	w.must(err)
	w.same("who never connected", lines([]protocol.Receipt{outcomes[0].Receipt}), []string{"http, Without a connection, downloading"})
}

func senderIsTold(w *world) {
	w.join("a", "b", "c")
	s := w.offer("a", "b", "c")
	w.moved(s.ID, "b", protocol.ReceiptSeen)
	w.moved(s.ID, "b", protocol.ReceiptDownloading)
	w.moved(s.ID, "c", protocol.ReceiptDeclined)
	w.same("the sender", w.heard("a"), []string{"b, Name of b, seen", "b, Name of b, downloading", "c, Name of c, declined"})
	for _, other := range []protocol.ParticipantID{roomStream, "b", "c"} {
		w.same("told to "+string(other), w.heard(other), []string(nil))
	}
	w.gapless()
	read, seq := w.since("a", 0)
	w.same("read", read, []string{"b, Name of b, downloading", "c, Name of c, declined"})
	w.same("the number read up to", seq, w.page("a", protocol.Cursor{}, plenty).Seq.Personal)
	read, _ = w.since("a", seq)
	w.same("read after that", read, []string(nil))
	w.moved(s.ID, "b", protocol.ReceiptReceived)
	read, _ = w.since("a", seq)
	w.same("read after another step", read, []string{"b, Name of b, received"})
	read, _ = w.since("b", 0)
	w.same("read by a recipient", read, []string(nil))
}

func stepsTogether(w *world) {
	w.join("a", "b", "c", "x")
	first, second, another := w.offer("a"), w.offer("a", "b"), w.offer("x")
	outcomes, err := w.MoveReceipts(w.Context(), []store.ReceiptMove{
		{Share: first.ID, Participant: "b", State: protocol.ReceiptSeen},
		{Share: another.ID, Participant: "b", State: protocol.ReceiptSeen},
		{Share: second.ID, Participant: "b", State: protocol.ReceiptDownloading},
		{Share: first.ID, Participant: "b", State: protocol.ReceiptDownloading},
		{Share: protocol.NewShareID(), Participant: "b", State: protocol.ReceiptSeen},
		{Share: first.ID, Participant: "c", State: protocol.ReceiptDeclined},
	}, plenty, w.now)
	w.must(err)
	w.wantErr(outcomes[4].Err, store.ErrNotFound)
	w.same("told to a", w.heard("a"), []string{"b, Name of b, downloading; b, Name of b, downloading; c, Name of c, declined"})
	w.same("told to x", w.heard("x"), []string{"b, Name of b, seen"})
	w.same("steps of the first", outcomes[3].Receipt.Rev, int64(2))
}

func leftBehind(w *world) {
	w.join("a", "b")
	s := w.offer("a")
	received := w.moved(s.ID, "b", protocol.ReceiptReceived)
	events := w.heard("a")
	for _, late := range []protocol.ReceiptState{protocol.ReceiptSeen, protocol.ReceiptDownloading, protocol.ReceiptReceived, protocol.ReceiptFailed} {
		w.later(time.Minute)
		w.same("after "+string(late), w.moved(s.ID, "b", late), received)
	}
	w.same("what the sender heard", w.heard("a"), events)
}

func receiptPages(w *world) {
	s := w.offer("a")
	var moves []store.ReceiptMove
	for i := range 120 { // more than an event holds
		moves = append(moves, store.ReceiptMove{Share: s.ID, Participant: protocol.ParticipantID(fmt.Sprintf("p%03d", i)), State: protocol.ReceiptSeen})
	}
	_, err := w.MoveReceipts(w.Context(), moves, plenty, w.now)
	w.must(err)
	w.same("events", len(w.heard("a")), 3)
	w.gapless()
	seen := make(map[protocol.ParticipantID]int)
	var seq int64
	for pages, more := 0, true; more; pages++ {
		p, err := w.ReceiptsFor(w.Context(), w.room, "a", seq, 1)
		w.must(err)
		for _, r := range p.Receipts {
			seen[r.Participant]++
		}
		if seq, more = p.Seq, p.More; pages > 3 {
			w.Fatal("the pages do not end")
		}
	}
	w.same("receipts read", len(seen), 120)
	for who, times := range seen {
		w.same("times that "+string(who)+" was read", times, 1)
	}
	var last protocol.ParticipantID
	count := 0
	for page := []protocol.Receipt{{}}; len(page) > 0; count += len(page) {
		page, err = w.Receipts(w.Context(), s.ID, last, 50)
		w.must(err)
		if len(page) > 0 {
			last = page[len(page)-1].Participant
		}
	}
	w.same("receipts of the share", count, 120)
}

func receiptsGo(w *world) {
	w.join("a", "b")
	s := w.offer("a")
	w.moved(s.ID, "b", protocol.ReceiptSeen)
	w.forget(s.ID)
	w.same("receipts", w.ledger(s.ID), []string(nil))
	read, _ := w.since("a", 0)
	w.same("read by the sender", read, []string(nil))
	_, err := w.Receipt(w.Context(), s.ID, "b")
	w.wantErr(err, store.ErrNotFound)
}

func boundedReceipts(w *world) {
	w.join("a", "b", "c")
	s := w.offer("a")
	step := func(who protocol.ParticipantID) error {
		w.later(time.Minute)
		outcomes, err := w.MoveReceipts(w.Context(), []store.ReceiptMove{{Share: s.ID, Participant: who, State: protocol.ReceiptSeen}}, fewReceipts, w.now)
		w.must(err)
		return outcomes[0].Err
	}
	for _, who := range []protocol.ParticipantID{"gone", "b", "gone-too", "c"} {
		w.must(step(who))
	}
	w.same("who left first is forgotten", w.ledger(s.ID), []string{"b, Name of b, seen", "c, Name of c, seen", "gone-too, , seen"})
	w.join("d")
	w.must(step("d"))
	w.wantCode(step("e"), protocol.CodeRoomFull)
	w.same("those here stay", w.ledger(s.ID), []string{"b, Name of b, seen", "c, Name of c, seen", "d, Name of d, seen"})
}

// receiptsLeaveShares: what recipients say moves nobody's place in what is shared.
func receiptsLeaveShares(w *world) {
	w.join("a", "b", "c")
	broadcast, targeted := w.offer("a"), w.offer("a", "b")
	before := w.page("b", protocol.Cursor{}, plenty)
	w.moved(broadcast.ID, "b", protocol.ReceiptSeen)
	w.moved(targeted.ID, "b", protocol.ReceiptReceived)
	w.same("what b sees", w.page("b", protocol.Cursor{}, plenty), before)
	w.same("what c sees", w.sees("c", true), []protocol.ShareID{broadcast.ID})
	kept, err := w.Share(w.Context(), targeted.ID)
	w.must(err)
	w.same("the revision", kept.Rev, targeted.Rev)
	w.cancel(targeted.ID)
	w.same("what is new for b", idsOf(w.page("b", before.Seq, plenty).Shares), []protocol.ShareID{targeted.ID})
	w.same("its receipt", w.ledger(targeted.ID), []string{"b, Name of b, received"})
}
