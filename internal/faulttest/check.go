package faulttest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// Rules say what a fault may do, where that is more than nothing, and the bounds of
// the invariants that have one. The zero value is for a server that was killed.
type Rules struct {
	// MayLose permits that uploads under way end for good though bytes of them were
	// acknowledged, and that their downloads and sends fail: a power cut, a failed
	// sync. Files that were acknowledged as complete are kept all the same.
	MayLose bool
	// MayLoseFiles permits that files are lost which were seen to be complete: a power
	// cut where syncs are left for later. The test itself says which must be kept.
	MayLoseFiles bool
	// MayMiss permits that what is pushed gets lost while a connection is there: the
	// push between nodes was away. Who misses something reads it again all the same.
	MayMiss bool
	// Strangers are participants who may know of no share at all.
	Strangers []protocol.ParticipantID
	// Resent is how many bytes of an upload may be sent again for each fault; 0 does
	// not look. What was acknowledged is never to be sent again.
	Resent int64
	// EndWithin is how long after the last fault each job must have ended; zero means
	// a minute.
	EndWithin time.Duration
	// RSS is the most memory that the server may take, in bytes; 0 does not look.
	RSS int64
	// Victims are participants whom the stretch marked "abuse" must not hurt: 99 of 100
	// of their requests that are no transfer take less than VictimP99 (zero means
	// 100 ms), and their uploads are more than half as fast as in the stretch marked
	// "undisturbed".
	Victims   []protocol.ParticipantID
	VictimP99 time.Duration
}

// Violation is one way in which an invariant did not hold.
type Violation struct {
	Invariant string // "I1" to "I12"
	What      string
	Entries   []int // positions in the journal that show it
}

// Check holds a journal, and what is left of the server, against the invariants of
// docs/reliability.md. facts may be nil: then what they alone show is not looked at.
func Check(entries []Entry, facts *Facts, rules Rules) []Violation {
	if rules.EndWithin == 0 {
		rules.EndWithin = time.Minute
	}
	if rules.VictimP99 == 0 {
		rules.VictimP99 = 100 * time.Millisecond
	}
	l := newLedger(entries, facts, rules)
	for _, check := range []func(*ledger){
		(*ledger).checkOffsets, (*ledger).checkResent, (*ledger).checkKept, // I1, I2
		(*ledger).checkBytes, (*ledger).checkCommits, // I3, I4
		(*ledger).checkStreams, (*ledger).checkViews, (*ledger).checkCreations, // I5
		(*ledger).checkSecrets,                        // I6
		(*ledger).checkJobs,                           // I7
		(*ledger).checkStates, (*ledger).checkCancels, // I8
		(*ledger).checkLeaks, (*ledger).checkUsage, // I9, I12
		(*ledger).checkQuota,   // I10
		(*ledger).checkVictims, // I11
	} {
		check(l)
	}
	return l.violations
}

// ledger is a journal in an order in which it can be looked up.
type ledger struct {
	entries    []Entry
	facts      *Facts
	rules      Rules
	violations []Violation

	calls     []*call // by their beginning
	byCall    map[int]*call
	offers    map[string]*offer           // by the file's name
	shares    map[protocol.ShareID]*offer // parts too
	faults    []int                       // positions of the server's starts
	over      int                         // position of the end of the faults, or -1
	sightings []sighting
	// mayEnd is the position from which a share may have ended because somebody
	// asked for that.
	mayEnd map[protocol.ShareID]int
}

// call is a request and what came of it.
type call struct {
	who     protocol.ParticipantID
	began   int // position of the request
	request *Request
	ended   int // position of the answer, or of the word that there is none; -1 for neither
	answer  *Answer
	broken  *Broken
	body    *Body
	bodyAt  int
}

// offer is a file and what has become of it.
type offer struct {
	Offer
	at     int
	sender protocol.ParticipantID
	share  protocol.ShareID // "" while it is not known
	parts  []protocol.ShareID
}

// sighting is a word about a share that somebody got.
type sighting struct {
	at    int
	since int // position of the request that it answers; 0 for a push, which may be old
	who   protocol.ParticipantID
	share protocol.Share
}

func (l *ledger) violated(invariant string, entries []int, format string, args ...any) {
	l.violations = append(l.violations, Violation{invariant, fmt.Sprintf(format, args...), entries})
}

func newLedger(entries []Entry, facts *Facts, rules Rules) *ledger {
	l := &ledger{
		entries: entries, facts: facts, rules: rules, byCall: make(map[int]*call), offers: make(map[string]*offer),
		shares: make(map[protocol.ShareID]*offer), over: -1, mayEnd: make(map[protocol.ShareID]int),
	}
	for at, e := range entries {
		l.enter(at, e)
	}
	return l
}

func (l *ledger) enter(at int, e Entry) {
	since := 0
	switch {
	case e.Request != nil:
		c := &call{who: e.Who, began: at, request: e.Request, ended: -1}
		l.calls = append(l.calls, c)
		l.byCall[e.Request.Call] = c
		if e.Request.Method == "DELETE" {
			l.noteEnd(c.share(), at)
		}
	case e.Answer != nil:
		if c := l.byCall[e.Answer.Call]; c != nil {
			c.answer, c.ended, since = e.Answer, at, c.began
		}
	case e.Broken != nil:
		if c := l.byCall[e.Broken.Call]; c != nil {
			c.broken, c.ended = e.Broken, at
		}
	case e.Body != nil:
		if c := l.byCall[e.Body.Call]; c != nil {
			c.body, c.bodyAt = e.Body, at
		}
	case e.Offer != nil:
		l.offers[e.Offer.File.Name] = &offer{Offer: *e.Offer, at: at, sender: e.Who}
	case e.Made != nil:
		l.noteMade(e.Made)
	case e.Fault != nil:
		l.noteFault(at, e.Fault.What)
	}
	for _, share := range e.shares() {
		l.sightings = append(l.sightings, sighting{at, since, e.Who, share})
	}
}

func (l *ledger) noteEnd(id protocol.ShareID, at int) {
	if _, known := l.mayEnd[id]; !known {
		l.mayEnd[id] = at
	}
}

func (l *ledger) noteMade(m *Made) {
	o := l.offers[m.Name]
	if o == nil {
		return
	}
	if l.shares[m.Share] = o; m.Part {
		o.parts = append(o.parts, m.Share)
	} else {
		o.share = m.Share
	}
}

func (l *ledger) noteFault(at int, what string) {
	switch what {
	case "start": // the end of one, whichever it was; the first is none
		l.faults = append(l.faults, at)
	case "over":
		l.over = at
	}
}

// shares are those that an entry tells somebody of.
func (e Entry) shares() []protocol.Share {
	switch {
	case e.Answer != nil:
		return e.Answer.Shares
	case e.Push != nil && e.Push.Event != nil:
		return e.Push.Event.Shares
	}
	return nil
}

// share is the share or upload whose address was asked, "" for none.
func (c *call) share() protocol.ShareID {
	path, _, _ := strings.Cut(c.request.Path, "?")
	for _, prefix := range []string{uploadsPath, "/v1/shares/"} {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			id, _, _ := strings.Cut(rest, "/")
			return protocol.ShareID(id)
		}
	}
	return ""
}

// uploads reports whether the call is one of an upload's protocol, by its address.
func (c *call) uploads() bool { return strings.HasPrefix(c.request.Path, uploadsPath) }

func (c *call) status() int {
	if c.answer == nil {
		return 0
	}
	return c.answer.Status
}

// made is the share that the call has made, if it is a creation that was answered.
func (c *call) made() protocol.ShareID {
	path, _, _ := strings.Cut(c.request.Path, "?")
	if c.request.Method == "POST" && path == "/uploads" && c.answer != nil {
		return shareOf(c.answer.Where)
	}
	return ""
}

// faultsBetween counts the starts of the server between two positions: a request
// that began when it was dead already was cut off by the same fault.
func (l *ledger) faultsBetween(from, to int) int {
	first, _ := slices.BinarySearch(l.faults, from)
	last, _ := slices.BinarySearch(l.faults, to)
	return last - first
}
