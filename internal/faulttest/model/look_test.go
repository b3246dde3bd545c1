package model_test

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/handout-rtc/handout/protocol"
)

// look is a checkpoint: what everybody reads, and what everybody has been told, is
// what the model says. A step that the server takes by itself, of a receipt, is waited for.
func (m *machine) look(t *rapid.T) {
	m.tell(t, "everybody looks")
	for _, p := range m.people {
		if p.stranger || p.dropped {
			continue
		}
		m.eventually(t, func() error { return m.wrongReceipts(t, p) })
		_, list := m.list(t, p, protocol.Cursor{})
		m.eventually(t, func() error { return m.wrongView(t, p, list) })
	}
}

// eventually fails when something goes on to be wrong. While a failure is made shorter
// nobody waits for long.
func (m *machine) eventually(t *rapid.T, wrong func() error) {
	wait := patience / 3
	if m.failed {
		wait = time.Second
	}
	for until := time.Now().Add(wait); ; {
		err := wrong()
		if err == nil {
			return
		}
		var never *forever
		if errors.As(err, &never) || time.Now().After(until) {
			m.failed = true
			t.Fatalf("     %v", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// forever is wrong and no time mends it.
type forever struct{ error }

// list reads all shares since a cursor, holds the person's whole listing against the
// model, and notes the new cursor.
func (m *machine) list(t *rapid.T, p *person, since protocol.Cursor) (protocol.SharePage, map[protocol.ShareID]protocol.Share) {
	all := protocol.SharePage{Seq: since}
	for more := true; more; {
		a := m.send(t, p, request{method: "GET", path: "/v1/rooms/" + string(m.room) + "/shares?since=" + url.QueryEscape(all.Seq.String())})
		if a.status != 200 {
			t.Fatalf("     listing: %v", a)
		}
		var page protocol.SharePage
		a.read(t, &page)
		if page.Reset {
			t.Fatalf("     what %s knew at %v is forgotten", p.id, since)
		}
		all.Seq, all.Shares, more = page.Seq, append(all.Shares, page.Shares...), page.More
	}
	known := make(map[protocol.ShareID]protocol.Share)
	for _, before := range p.marks {
		if before.seq == since {
			known = maps.Clone(before.known)
		}
	}
	for _, share := range all.Shares {
		if before := known[share.ID]; before.Rev > share.Rev {
			t.Fatalf("     %s went back from rev %d to %d", share.ID, before.Rev, share.Rev)
		}
		known[share.ID] = share
	}
	if since == (protocol.Cursor{}) {
		if err := m.wrongList(p, known); err != nil {
			t.Fatalf("     %v", err)
		}
	} else if err := m.wrongSince(p, known); err != nil {
		t.Fatalf("     read since %v: %v", since, err)
	}
	if len(p.marks) == 0 || p.marks[len(p.marks)-1].seq != all.Seq {
		p.marks = append(p.marks, mark{all.Seq, known})
	}
	return all, known
}

// wrongSince is wrongList for what was read since a cursor: the offset, and a length that came
// later, of a running upload are no events, so they may be as they were.
func (m *machine) wrongSince(p *person, known map[protocol.ShareID]protocol.Share) error {
	now := maps.Clone(known)
	for id, share := range now {
		if f := m.byID(id); f != nil && share.State == f.state && f.state == protocol.Uploading {
			share.Offset, share.Size = int64(len(f.data)), nil
			if f.size >= 0 {
				share.Size = &f.size
			}
			now[id] = share
		}
	}
	return m.wrongList(p, now)
}

// wrongReceipts says how the receipts that the person may read are not the model's.
func (m *machine) wrongReceipts(t *rapid.T, p *person) error {
	var page protocol.ReceiptPage
	a := m.send(t, p, request{method: "GET", path: "/v1/rooms/" + string(m.room) + "/receipts"})
	a.read(t, &page)
	var said, must []string
	for _, r := range page.Receipts {
		said = append(said, m.ofReceipt(r))
	}
	for _, f := range m.files {
		if f.sender != p || f.id == "" {
			continue
		}
		for of, r := range f.receipts {
			must = append(must, fmt.Sprint(f.name, " of ", of.id, ": ", r.state, r.reason, " rev ", r.rev))
		}
		if err := m.wrongLedger(t, f); err != nil {
			return err
		}
	}
	return differ(string(p.id)+" reads of receipts", said, must)
}

// wrongLedger is wrongReceipts for all receipts of one file, offered ones too.
func (m *machine) wrongLedger(t *rapid.T, f *file) error {
	var ledger protocol.Ledger
	a := m.send(t, f.sender, request{method: "GET", path: "/v1/shares/" + string(f.id) + "/receipts"})
	a.read(t, &ledger)
	var said, must []string
	for _, r := range ledger.Receipts {
		said = append(said, m.ofReceipt(r))
	}
	for _, p := range m.people {
		r := receipt{state: protocol.ReceiptOffered}
		switch stored := f.receipts[p]; {
		case p == f.sender:
			continue
		case stored != nil:
			r = *stored
		case f.toRoom && (f.state.Ended() || !p.in || !p.grants.Receive), !f.toRoom && !slices.Contains(f.to, p):
			continue
		}
		must = append(must, fmt.Sprint(f.name, " of ", p.id, ": ", r.state, r.reason, " rev ", r.rev))
	}
	return differ("the ledger of "+f.name, said, must)
}

func (m *machine) ofReceipt(r protocol.Receipt) string {
	name := string(r.Share)
	if f := m.byID(r.Share); f != nil {
		name = f.name
	}
	return fmt.Sprint(name, " of ", r.Participant, ": ", r.State, r.Reason, " rev ", r.Rev)
}

// differ says how two sets are not the same.
func differ(what string, said, must []string) error {
	slices.Sort(said)
	slices.Sort(must)
	if slices.Equal(said, must) {
		return nil
	}
	return fmt.Errorf("%s: %s\n     the model says %s", what, strings.Join(said, ", "), strings.Join(must, ", "))
}

// wrongView says how what the person has been told is not what it can read.
func (m *machine) wrongView(t *rapid.T, p *person, list map[protocol.ShareID]protocol.Share) error {
	var roster protocol.Roster
	a := m.send(t, p, request{method: "GET", path: "/v1/rooms/" + string(m.room) + "/participants"})
	a.read(t, &roster)
	var there, must []string
	for _, of := range roster.Participants {
		there = append(there, string(of.ID))
	}
	for _, of := range m.people {
		if of.in {
			must = append(must, string(of.id))
		}
	}
	if err := differ("the roster", there, must); err != nil {
		return err
	}
	if roster.Sharing.Rev != m.rev || !slices.Equal(roster.Sharing.Off, m.off) {
		return fmt.Errorf("sharing is %v\n     the model says off for %v, rev %d", roster.Sharing, m.off, m.rev)
	}
	if p.ear == nil {
		return nil
	}
	events, _, err := p.ear.taken()
	for _, e := range events {
		if err == nil {
			err = m.hear(p, e)
		}
		m.heard++
	}
	if err != nil {
		return &forever{fmt.Errorf("%s %w", p.id, err)}
	}
	if err := m.wrongSince(p, p.view.shares); err != nil {
		return fmt.Errorf("by what it was told %w", err)
	}
	for id, share := range p.view.shares {
		if share.State == list[id].State && share.State.Ended() && share.Rev != list[id].Rev {
			return fmt.Errorf("%s was told rev %d of %s, and reads %d", p.id, share.Rev, id, list[id].Rev)
		}
	}
	return m.wrongRest(p, must)
}

// wrongRest is wrongView for all but shares.
func (m *machine) wrongRest(p *person, members []string) error {
	var told []string
	for id := range p.view.members {
		told = append(told, string(id))
	}
	if err := differ(string(p.id)+" was told of people", told, members); err != nil {
		return err
	}
	if p.view.sharing.Rev != m.rev || !slices.Equal(p.view.sharing.Off, m.off) {
		return fmt.Errorf("%s was told that sharing is %v\n     the model says off for %v, rev %d", p.id, p.view.sharing, m.off, m.rev)
	}
	var receipts, must []string
	for _, r := range p.view.receipts {
		receipts = append(receipts, m.ofReceipt(r))
	}
	for _, f := range m.files {
		for of, r := range f.receipts {
			if f.sender == p {
				must = append(must, fmt.Sprint(f.name, " of ", of.id, ": ", r.state, r.reason, " rev ", r.rev))
			}
		}
	}
	return differ(string(p.id)+" was told of receipts", receipts, must)
}
