package faulttest

import (
	"cmp"
	"slices"

	"github.com/handout-rtc/handout/protocol"
)

// checkJobs: each job ends once, soon after the last fault.
func (l *ledger) checkJobs() {
	began, ended := make(map[int]int), make(map[int]int)
	for at, e := range l.entries {
		switch {
		case e.Job == nil:
		case e.Job.Outcome == "":
			began[e.Job.Job] = at
		default:
			if before, twice := ended[e.Job.Job]; twice {
				l.violated("I7", []int{began[e.Job.Job], before, at}, "a job of %s ended twice", e.Who)
			}
			ended[e.Job.Job] = at
			if late := l.over >= 0 && e.At.Sub(l.entries[max(l.over, began[e.Job.Job])].At) > l.rules.EndWithin; late {
				l.violated("I7", []int{began[e.Job.Job], l.over, at}, "a job of %s ended more than %v after the last fault", e.Who, l.rules.EndWithin)
			}
		}
	}
	for job, at := range began {
		if _, done := ended[job]; !done {
			l.violated("I7", []int{at}, "a job of %s never ended", l.entries[at].Who)
		}
	}
}

// seen is a state of a share that somebody was told of.
type seen struct {
	rev   int64
	state protocol.ShareState
	at    int // position, or -1 for the record at the end
}

// states returns what was ever told of each share, oldest revision first.
func (l *ledger) states() map[protocol.ShareID][]seen {
	all := make(map[protocol.ShareID][]seen)
	for _, s := range l.sightings {
		all[s.share.ID] = append(all[s.share.ID], seen{s.share.Rev, s.share.State, s.at})
	}
	if l.facts != nil {
		for _, r := range l.facts.Shares {
			if !r.Partial {
				all[r.ID] = append(all[r.ID], seen{r.Rev, r.State, -1})
			}
		}
	}
	for _, states := range all {
		slices.SortStableFunc(states, func(a, b seen) int { return cmp.Compare(a.rev, b.rev) })
	}
	return all
}

// checkStates: a share goes one way and ends once. One that was cancelled or has
// failed was never available, and one that was available is neither.
func (l *ledger) checkStates() {
	for id, states := range l.states() {
		for i := 1; i < len(states); i++ {
			before, now := states[i-1], states[i]
			if before.state != now.state && (before.rev == now.rev || !mayFollow(before.state, now.state)) {
				l.violated("I8", []int{before.at, now.at}, "%s was %s (rev %d) and became %s (rev %d)", id, before.state, before.rev, now.state, now.rev)
			}
		}
	}
}

// mayFollow says it again, apart from the server's own table: it is what is to be
// checked.
func mayFollow(before, now protocol.ShareState) bool {
	switch before {
	case protocol.Uploading:
		return true
	case protocol.Available:
		return now == protocol.Revoked || now == protocol.Expired
	}
	return false
}

// checkCancels: after a cancel was acknowledged the share is over for everybody, and
// a job never says what the share is not.
func (l *ledger) checkCancels() {
	over := make(map[protocol.ShareID]int) // positions of acknowledged ends
	for _, c := range l.calls {
		id := c.share()
		at, known := over[id]
		if known && at < c.began && c.answer != nil && l.shares[id] != nil && c.goesOn() {
			l.violated("I8", []int{at, c.began, c.ended}, "the end of %s was acknowledged, and it goes on", id)
		}
		if c.request.Method == "DELETE" && c.status()/100 == 2 && (!known || c.ended < at) {
			over[id] = c.ended
		}
	}
	for _, s := range l.sightings {
		if at, known := over[s.share.ID]; known && at < s.since && !s.share.State.Ended() {
			l.violated("I8", []int{at, s.at}, "the end of %s was acknowledged, and it is %s", s.share.ID, s.share.State)
		}
	}
	if l.facts == nil {
		return
	}
	for _, r := range l.facts.Shares {
		if at, known := over[r.ID]; known && !r.State.Ended() {
			l.violated("I8", []int{at}, "the end of %s was acknowledged, and its record is %s", r.ID, r.State)
		}
		for at, e := range l.entries {
			if e.Job == nil || e.Job.Share != r.ID || e.Job.Outcome != Completed || e.Job.What != "send" {
				continue
			}
			if r.State == protocol.Cancelled || r.State == protocol.Failed || r.State == protocol.Uploading {
				l.violated("I8", []int{at}, "%s was sent to its end, and its record is %s", r.ID, r.State)
			}
		}
	}
}

// goesOn reports whether the call got something of its share, as if it had not
// ended: its bytes, or a place for more.
func (c *call) goesOn() bool {
	if c.status()/100 != 2 || c.request.Method == "DELETE" {
		return false
	}
	return c.body != nil || c.uploads()
}
