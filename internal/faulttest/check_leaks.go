package faulttest

import (
	"fmt"
	"slices"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// checkLeaks: the bytes that are kept are those of the live records, and nothing else.
func (l *ledger) checkLeaks() {
	if l.facts == nil {
		return
	}
	for _, leak := range l.facts.leaks() {
		l.violated("I9", nil, "%s", leak)
	}
	for _, stray := range l.facts.Strays {
		l.violated("I9", nil, "%s is left in the storage, and is of no file", stray)
	}
}

// leaks says which bytes are nobody's.
func (f *Facts) leaks() (leaks []string) {
	records := make(map[protocol.ShareID]Record)
	for _, r := range f.Shares {
		records[r.ID] = r
	}
	for _, b := range f.Blobs {
		r, known := records[b.Key]
		switch {
		case !known:
			leaks = append(leaks, fmt.Sprintf("%d bytes are left of %s, which no record knows", b.Size, b.Key))
		case r.State.Ended():
			leaks = append(leaks, fmt.Sprintf("%d bytes are left of %s, which is %s", b.Size, b.Key, r.State))
		case r.State == protocol.Available && !b.Committed:
			leaks = append(leaks, fmt.Sprintf("%d staged bytes are left of %s, which is available", b.Size, b.Key))
		}
	}
	for _, r := range f.Shares {
		if r.State.Ended() && !r.Purged {
			leaks = append(leaks, fmt.Sprintf("%s is %s, and still held to have bytes", r.ID, r.State))
		}
	}
	return leaks
}

// checkUsage: an idle server takes no more than at the beginning, and never more
// memory than its budget.
func (l *ledger) checkUsage() {
	baselines, ends := make(map[string]int), make(map[string]int) // positions, by the server's name
	for at, e := range l.entries {
		if e.Usage == nil {
			continue
		}
		switch e.Usage.When {
		case "baseline":
			baselines[e.Usage.Node] = at
		case "end":
			ends[e.Usage.Node] = at
		}
		if l.rules.RSS > 0 && e.Usage.RSS > l.rules.RSS {
			l.violated("I12", []int{at}, "the server takes %d bytes of memory, of %d that it may", e.Usage.RSS, l.rules.RSS)
		}
	}
	for node, endAt := range ends {
		end := l.entries[endAt].Usage
		if end.Downloads > 0 || end.Requests > 0 {
			l.violated("I9", []int{endAt}, "an idle server answers %d requests and sends %d downloads", end.Requests, end.Downloads)
		}
		at, known := baselines[node]
		if !known {
			continue
		}
		if baseline := l.entries[at].Usage; !back(*end, *baseline) {
			l.violated("I9", []int{at, endAt}, "descriptors went from %d to %d, goroutines from %d to %d",
				baseline.FDs, end.FDs, baseline.Goroutines, end.Goroutines)
		}
	}
}

// checkQuota: what each room says that it holds is what its records add up to.
func (l *ledger) checkQuota() {
	if l.facts == nil {
		return
	}
	for _, room := range l.facts.Rooms {
		var sum Holding
		for _, r := range l.facts.Shares {
			if r.Room != room.ID {
				continue
			}
			if !r.Purged {
				sum.Bytes += r.Reserved
			}
			if !r.State.Ended() && !r.Partial {
				sum.Shares++
			}
		}
		if sum.Bytes != room.Bytes || sum.Shares != room.Shares {
			l.violated("I10", nil, "the room %s counts %d bytes and %d shares, and holds %d and %d", room.ID, room.Bytes, room.Shares, sum.Bytes, sum.Shares)
		}
	}
}

// stretch is a part of the journal between two marks.
type stretch struct{ from, to int }

func (l *ledger) stretch(name string) (s stretch, marked bool) {
	for at, e := range l.entries {
		if e.Mark == nil || e.Mark.Name != name {
			continue
		}
		if e.Mark.Begin {
			s.from, s.to, marked = at, len(l.entries), true
		} else {
			s.to = at
		}
	}
	return s, marked
}

// checkVictims: what somebody else does to the server does not hurt them.
func (l *ledger) checkVictims() {
	abuse, marked := l.stretch("abuse")
	if !marked || len(l.rules.Victims) == 0 {
		return
	}
	took, rate := l.served(abuse)
	if slices.Sort(took); len(took) == 0 {
		l.violated("I11", []int{abuse.from}, "the victims asked for nothing")
	} else if p99 := took[len(took)*99/100]; p99 >= l.rules.VictimP99 {
		l.violated("I11", []int{abuse.from, abuse.to}, "1 of 100 requests of the victims took %v or longer", p99)
	}
	before, marked := l.stretch("undisturbed")
	if !marked {
		return
	}
	if _, undisturbed := l.served(before); rate <= undisturbed/2 {
		l.violated("I11", []int{before.from, abuse.from}, "the victims' uploads fell from %.0f to %.0f bytes a second", undisturbed, rate)
	}
}

// served returns how long the victims' requests in a stretch took that are no
// transfer, and the rate of their uploads in bytes a second.
func (l *ledger) served(in stretch) (took []time.Duration, rate float64) {
	var bytes int64
	var uploading time.Duration
	for _, c := range l.calls {
		if c.began < in.from || c.began >= in.to || c.ended < 0 || !slices.Contains(l.rules.Victims, c.who) {
			continue
		}
		lasted := l.entries[c.ended].At.Sub(l.entries[c.began].At)
		switch {
		case c.request.Method == "PATCH":
			bytes += c.taken()
			uploading += lasted
		case c.body == nil:
			took = append(took, lasted)
		}
	}
	if uploading == 0 {
		return took, 0
	}
	return took, float64(bytes) / uploading.Seconds()
}
