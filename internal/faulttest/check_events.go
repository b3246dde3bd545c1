package faulttest

import (
	"encoding/json"
	"slices"

	"github.com/handout-rtc/handout/protocol"
)

// streamOf names one stream as one connection hears it.
type streamOf struct {
	who        protocol.ParticipantID
	connection int
	stream     protocol.Stream
}

// eventOf names an event as one participant hears it.
type eventOf struct {
	who    protocol.ParticipantID
	stream protocol.Stream
	seq    int64
}

// checkStreams: a connection hears its streams without gaps, unless what is pushed may
// get lost, and a number always stands for the same event.
func (l *ledger) checkStreams() {
	last := make(map[streamOf]int)
	same := make(map[eventOf]int)
	for at, e := range l.entries {
		if e.Push == nil || e.Push.Event == nil || e.Push.Event.Seq == 0 {
			continue
		}
		event := e.Push.Event
		stream := streamOf{e.Who, e.Push.Connection, event.Stream}
		if before, known := last[stream]; known {
			if seq := l.entries[before].Push.Event.Seq; event.Seq > seq+1 && !l.rules.MayMiss {
				l.violated("I5", []int{before, at}, "%s missed events of its %s stream between %d and %d", e.Who, event.Stream, seq, event.Seq)
			}
		}
		last[stream] = at
		number := eventOf{e.Who, event.Stream, event.Seq}
		before, known := same[number]
		if known && !sameEvent(l.entries[before].Push.Event, event) {
			l.violated("I5", []int{before, at}, "number %d of the %s stream of %s is two events", event.Seq, event.Stream, e.Who)
		}
		if !known {
			same[number] = at
		}
	}
}

func sameEvent(a, b *protocol.Event) bool {
	first, firstErr := json.Marshal(a)
	second, secondErr := json.Marshal(b)
	return firstErr == nil && secondErr == nil && string(first) == string(second)
}

// checkViews: at the end, who follows the room knows of every share that it may
// know of, as the server knows it.
func (l *ledger) checkViews() {
	if l.facts == nil {
		return
	}
	if l.facts.Outbox > 0 {
		l.violated("I5", nil, "%d events were never announced", l.facts.Outbox)
	}
	for at, e := range l.entries {
		if e.View == nil {
			continue
		}
		known := make(map[protocol.ShareID]protocol.Share)
		for _, share := range e.View.Shares {
			known[share.ID] = share
		}
		for _, r := range l.facts.Shares {
			l.checkView(at, e.Who, r, known)
		}
	}
}

// checkView compares a record with what a participant knows of it.
func (l *ledger) checkView(at int, who protocol.ParticipantID, r Record, known map[protocol.ShareID]protocol.Share) {
	o := l.shares[r.ID]
	if o == nil || r.Partial || !l.mayKnow(who, o) {
		return
	}
	share, told := known[r.ID]
	switch {
	case !told && r.State.Ended(): // it was over before it could be told
	case !told:
		l.violated("I5", []int{o.at, at}, "%s never heard of %s, which is %s", who, r.ID, r.State)
	case share.State != r.State:
		l.violated("I5", []int{o.at, at}, "%s believes that %s is %s, and it is %s", who, r.ID, share.State, r.State)
	}
}

// mayKnow reports whether the participant is the sender or a recipient.
func (l *ledger) mayKnow(who protocol.ParticipantID, o *offer) bool {
	if slices.Contains(l.rules.Strangers, who) {
		return false
	}
	return who == o.sender || o.To.Includes(who)
}

// checkCreations: however often a sender had to ask, each file became one share.
func (l *ledger) checkCreations() {
	first := make(map[string]int)
	became := make(map[string]protocol.ShareID)
	for _, s := range l.sightings {
		if _, ours := l.offers[s.share.Name]; !ours {
			continue
		}
		id, known := became[s.share.Name]
		if known && id != s.share.ID {
			l.violated("I5", []int{first[s.share.Name], s.at}, "%s became two shares, %s and %s", s.share.Name, id, s.share.ID)
		}
		if !known {
			became[s.share.Name], first[s.share.Name] = s.share.ID, s.at
		}
	}
	if l.facts == nil {
		return
	}
	records := make(map[string]protocol.ShareID)
	for _, r := range l.facts.Shares {
		o := l.offers[r.Name]
		if o == nil || r.Partial {
			continue
		}
		if id, twice := records[r.Name]; twice {
			l.violated("I5", []int{o.at}, "%s became two records, %s and %s", r.Name, id, r.ID)
		}
		records[r.Name] = r.ID
	}
}

// checkSecrets: who may not know of a share is told nothing of it, and asking for
// it is answered as if it did not exist.
func (l *ledger) checkSecrets() {
	for _, s := range l.sightings {
		o := l.shares[s.share.ID]
		if o == nil {
			o = l.offers[s.share.Name]
		}
		if o != nil && s.who != "" && !l.mayKnow(s.who, o) {
			l.violated("I6", []int{o.at, s.at}, "%s is told of %s, which is not for it", s.who, s.share.ID)
		}
	}
	for _, c := range l.calls {
		o := l.shares[c.share()]
		if o == nil || c.answer == nil || l.mayKnow(c.who, o) {
			continue
		}
		if status := c.answer.Status; status != 404 && status != 401 && status < 500 {
			l.violated("I6", []int{o.at, c.began, c.ended}, "%s asks for %s, which is not for it, and is not told that there is no such share", c.who, c.share())
		}
	}
}
