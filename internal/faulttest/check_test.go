package faulttest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

// story is a journal written by hand: a file of ana for bo, and eve who may not
// know of it. Each call adds what one step would.
type story struct {
	entries []faulttest.Entry
	facts   faulttest.Facts
	rules   faulttest.Rules
	calls   int
	jobs    int
	now     time.Time
}

const theShare protocol.ShareID = "sh_theshareofthestory"

func theFile() faulttest.File { return faulttest.File{Name: "a file", Size: 1000, Seed: 7} }

// newStory is one in which nothing is wrong: the file is offered, sent in two
// appends with a kill between them, announced, downloaded in two pieces.
func newStory() *story {
	s := &story{now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
	file := theFile()
	s.add("ana", faulttest.Entry{Offer: &faulttest.Offer{File: file, SHA256: file.SHA256(), To: protocol.Audience{List: []protocol.ParticipantID{"bo"}}}})
	s.ask("ana", faulttest.Request{Method: "POST", Path: "/uploads"}, faulttest.Answer{Status: 201, Where: "/uploads/" + string(theShare), Offset: new(int64)})
	s.add("ana", faulttest.Entry{Made: &faulttest.Made{Name: file.Name, Share: theShare}})
	s.patch(0, 600, 400)
	s.fault("kill")
	s.fault("start")
	s.head("ana", 200, 400)
	s.patch(400, 600, 1000)
	s.fault("over")
	s.hear("bo", 1, 1, s.share(2, protocol.Available))
	s.hear("ana", 1, 1, s.share(2, protocol.Available))
	s.download(0, 300, "cut off")
	s.download(300, 700, "")
	s.job("receive", faulttest.Completed)
	s.facts = faulttest.Facts{
		Shares: []faulttest.Record{{
			ID: theShare, Room: "rm_1", Sender: "ana", Name: file.Name, State: protocol.Available, Size: 1000, Offset: 1000, SHA256: file.SHA256(), Rev: 2, Reserved: 1000,
		}},
		Rooms: []faulttest.Holding{{ID: "rm_1", Bytes: 1000, Shares: 1}},
		Blobs: []faulttest.Blob{{Key: theShare, Committed: true, Size: 1000, SHA256: file.SHA256()}},
	}
	s.add("bo", faulttest.Entry{View: &faulttest.View{Shares: []protocol.Share{s.share(2, protocol.Available)}}})
	return s
}

func (s *story) add(who protocol.ParticipantID, e faulttest.Entry) {
	s.now = s.now.Add(10 * time.Millisecond)
	e.At, e.Who = s.now, who
	s.entries = append(s.entries, e)
}

func (s *story) fault(what string) { s.add("", faulttest.Entry{Fault: &faulttest.Fault{What: what}}) }

func (s *story) ask(who protocol.ParticipantID, r faulttest.Request, a faulttest.Answer) {
	s.calls++
	r.Call, a.Call = s.calls, s.calls
	s.add(who, faulttest.Entry{Request: &r})
	s.add(who, faulttest.Entry{Answer: &a})
}

func (s *story) patch(from, length, acknowledged int64) {
	s.ask("ana", faulttest.Request{Method: "PATCH", Path: "/uploads/" + string(theShare), Offset: &from, Length: length},
		faulttest.Answer{Status: 204, Offset: &acknowledged, Sent: length})
}

func (s *story) head(who protocol.ParticipantID, status int, offset int64) {
	a := faulttest.Answer{Status: status}
	if status == 200 {
		a.Offset = &offset
	}
	s.ask(who, faulttest.Request{Method: "HEAD", Path: "/uploads/" + string(theShare)}, a)
}

func (s *story) share(rev int64, state protocol.ShareState) protocol.Share {
	file := theFile()
	share := protocol.Share{ID: theShare, Room: "rm_1", Name: file.Name, Size: &file.Size, State: state, Rev: rev}
	if state == protocol.Available {
		share.Offset, share.SHA256 = file.Size, file.SHA256()
	}
	return share
}

func (s *story) hear(who protocol.ParticipantID, connection int, seq int64, share protocol.Share) {
	event := &protocol.Event{Type: protocol.SharesAvailable, Stream: protocol.PersonalStream, Seq: seq, Shares: []protocol.Share{share}}
	s.add(who, faulttest.Entry{Push: &faulttest.Push{Connection: connection, State: "heard", Event: event}})
}

func (s *story) see(who protocol.ParticipantID, share protocol.Share) {
	s.ask(who, faulttest.Request{Method: "GET", Path: "/v1/rooms/rm_1/shares"}, faulttest.Answer{Status: 200, Shares: []protocol.Share{share}})
}

func (s *story) cancel() {
	s.ask("ana", faulttest.Request{Method: "DELETE", Path: "/v1/shares/" + string(theShare)}, faulttest.Answer{Status: 204})
}

func (s *story) download(from, n int64, err string) {
	file := theFile()
	s.ask("bo", faulttest.Request{Method: "GET", Path: "/v1/shares/" + string(theShare) + "/content", From: from}, faulttest.Answer{Status: 206})
	s.add("bo", faulttest.Entry{Body: &faulttest.Body{
		Call: s.calls, From: from, Bytes: n, Total: file.Size, SHA256: faulttest.File{Seed: file.Seed, Size: from + n}.SumFrom(from), Err: err,
	}})
}

func (s *story) job(what string, outcome faulttest.Outcome) {
	s.jobs++
	s.add("bo", faulttest.Entry{Job: &faulttest.Job{Job: s.jobs, What: what, Share: theShare}})
	s.add("bo", faulttest.Entry{Job: &faulttest.Job{Job: s.jobs, What: what, Share: theShare, Outcome: outcome, SHA256: theFile().SHA256()}})
}

// last is the entry that was added last.
func (s *story) last() *faulttest.Entry { return &s.entries[len(s.entries)-1] }

// lies are stories in which one thing is wrong, by the invariant that it violates
// and a word that the report must have.
var lies = []struct {
	invariant, word string
	tell            func(*story)
}{
	{"I1", "it is gone", func(s *story) { s.head("ana", 410, 0) }},
	{"I1", "it is gone", func(s *story) { s.head("ana", 404, 0) }},
	{"I1", "were sent again, of", func(s *story) { s.patch(200, 800, 1000) }},
	{"I1", "more than one append", func(s *story) { s.rules.Resent = 199 }},
	{"I1", "its bytes are lost", func(s *story) {
		lost := s.share(3, protocol.Expired)
		lost.Reason = string(protocol.CodeStorageFailed)
		s.see("bo", lost)
	}},
	{"I1", "the record says that its bytes are lost", func(s *story) {
		s.facts.Shares[0].State, s.facts.Shares[0].Reason = protocol.Expired, protocol.CodeStorageFailed
	}},
	{"I1", "the record says that it failed", func(s *story) { s.facts.Shares[0].State = protocol.Failed }},
	{"I1", "the record says 300", func(s *story) { s.facts.Shares[0].Offset = 300 }},
	{"I1", "the disk has 999", func(s *story) { s.facts.Blobs[0].Size = 999 }},
	{"I2", "went back from 1000 to 400", func(s *story) { s.head("ana", 200, 400) }},
	{"I2", "went back from 1000 to 0", func(s *story) { s.see("ana", s.share(2, protocol.Uploading)) }},
	{"I3", "is told to have", func(s *story) {
		other := s.share(2, protocol.Available)
		other.SHA256 = "0123"
		s.see("bo", other)
	}},
	{"I3", "another size", func(s *story) {
		other := s.share(2, protocol.Available)
		other.Size = new(int64)
		s.see("bo", other)
	}},
	{"I3", "are not those", func(s *story) { s.download(100, 100, "cut off"); s.last().Body.SHA256 = "0123" }},
	{"I3", "they came from 100", func(s *story) { s.download(100, 900, ""); s.entries[len(s.entries)-3].Request.From = 200 }},
	{"I3", "were sent again from 0", func(s *story) { s.download(0, 1000, ""); s.entries[len(s.entries)-3].Request.From = 200 }},
	{"I3", "1100 came", func(s *story) { s.download(0, 1100, "") }},
	{"I3", "received with", func(s *story) { s.job("receive", faulttest.Completed); s.last().Job.SHA256 = "0123" }},
	{"I3", "is kept with", func(s *story) { s.facts.Blobs[0].SHA256 = "0123" }},
	{"I3", "the disk has", func(s *story) { s.facts.Blobs = nil }},
	{"I4", "as if it were whole", func(s *story) { s.download(0, 500, "") }},
	{"I4", "without being whole", func(s *story) {
		half := s.share(2, protocol.Available)
		half.Offset = 400
		s.hear("bo", 1, 2, half)
	}},
	{"I4", "when 600 of its 1000", func(s *story) {
		early := slices.IndexFunc(s.entries, func(e faulttest.Entry) bool { return e.Fault != nil })
		told := s.entries[slices.IndexFunc(s.entries, func(e faulttest.Entry) bool { return e.Push != nil })]
		told.Who, told.Push = "ana", &faulttest.Push{Connection: 7, State: "heard", Event: told.Push.Event}
		s.entries = slices.Insert(s.entries, early, told)
	}},
	{"I5", "missed events", func(s *story) { s.hear("bo", 1, 3, s.share(2, protocol.Available)) }},
	{"I5", "is two events", func(s *story) {
		s.hear("bo", 1, 1, s.share(3, protocol.Revoked))
		s.facts.Shares = nil
		s.facts.Blobs = nil
	}},
	{"I5", "never announced", func(s *story) { s.facts.Outbox = 1 }},
	{"I5", "never heard of", func(s *story) { s.last().View.Shares = nil }},
	{"I5", "believes that", func(s *story) { s.last().View.Shares[0].State = protocol.Uploading }},
	{"I5", "became two shares", func(s *story) {
		twin := s.share(1, protocol.Uploading)
		twin.ID = "sh_another"
		s.see("ana", twin)
	}},
	{"I5", "became two records", func(s *story) {
		twin := s.facts.Shares[0]
		twin.ID, twin.State, twin.Purged = "sh_another", protocol.Cancelled, true
		s.facts.Shares = append(s.facts.Shares, twin)
	}},
	{"I6", "is told of", func(s *story) { s.see("eve", s.share(2, protocol.Available)) }},
	{"I6", "is told of", func(s *story) { s.hear("eve", 1, 1, s.share(2, protocol.Available)) }},
	{"I6", "is not told that there is no such", func(s *story) { s.head("eve", 403, 0) }},
	{"I6", "is told of", func(s *story) { s.rules.Strangers = []protocol.ParticipantID{"bo"} }},
	{"I7", "never ended", func(s *story) { s.add("bo", faulttest.Entry{Job: &faulttest.Job{Job: 9, What: "send"}}) }},
	{"I7", "ended twice", func(s *story) { s.add("bo", *s.jobEntry()) }},
	{"I7", "after the last fault", func(s *story) { s.now = s.now.Add(61 * time.Second); s.add("bo", *s.jobEntry()) }},
	{"I8", "was available (rev 2) and became cancelled", func(s *story) { s.see("bo", s.share(3, protocol.Cancelled)) }},
	{"I8", "was revoked (rev 3) and became available", func(s *story) {
		s.hear("bo", 1, 2, s.share(3, protocol.Revoked))
		s.hear("bo", 1, 3, s.share(4, protocol.Available))
		s.facts.Shares = nil
	}},
	{"I8", "and it goes on", func(s *story) { s.cancel(); s.head("ana", 200, 1000) }},
	{"I8", "and it goes on", func(s *story) { s.cancel(); s.download(0, 1000, "") }},
	{"I8", "and it is available", func(s *story) { s.cancel(); s.see("bo", s.share(2, protocol.Available)) }},
	{"I8", "and its record is available", func(s *story) { s.cancel() }},
	{"I8", "was sent to its end", func(s *story) { s.job("send", faulttest.Completed); s.facts.Shares[0].State = protocol.Cancelled }},
	{"I9", "no record knows", func(s *story) { s.facts.Blobs = append(s.facts.Blobs, faulttest.Blob{Key: "sh_nobodys", Size: 5}) }},
	{"I9", "which is revoked", func(s *story) { s.facts.Shares[0].State = protocol.Revoked }},
	{"I9", "staged bytes", func(s *story) { s.facts.Blobs = append(s.facts.Blobs, faulttest.Blob{Key: theShare, Size: 5}) }},
	{"I9", "is of no file", func(s *story) { s.facts.Strays = []string{"segments/sh_nobodys/a"} }},
	{"I9", "still held", func(s *story) { s.facts.Shares[0].State = protocol.Revoked }},
	{"I9", "descriptors went from 10 to 16", func(s *story) { s.usage(16, 100) }},
	{"I9", "goroutines from 100 to 106", func(s *story) { s.usage(10, 106) }},
	{"I9", "descriptors went from 20 to 26", func(s *story) { // of the second server, the first is well
		s.usage(10, 100)
		s.add("", faulttest.Entry{Usage: &faulttest.Usage{When: "baseline", Node: "node 1", FDs: 20, Goroutines: 100}})
		s.add("", faulttest.Entry{Usage: &faulttest.Usage{When: "end", Node: "node 1", FDs: 26, Goroutines: 100}})
	}},
	{"I9", "an idle server", func(s *story) { s.usage(10, 100); s.last().Usage.Requests = 1 }},
	{"I10", "counts 999 bytes", func(s *story) { s.facts.Rooms[0].Bytes = 999 }},
	{"I10", "and 2 shares", func(s *story) { s.facts.Rooms[0].Shares = 2 }},
	{"I11", "took 100ms or longer", func(s *story) { s.abuse(100*time.Millisecond, time.Second) }},
	{"I11", "asked for nothing", func(s *story) { s.mark("abuse", true); s.rules.Victims = []protocol.ParticipantID{"bo"} }},
	{"I11", "fell from 600 to 300", func(s *story) { s.abuse(99*time.Millisecond, 2*time.Second) }},
	{"I12", "of memory", func(s *story) { s.usage(10, 100); s.rules.RSS = 999 }},
}

func (s *story) jobEntry() *faulttest.Entry {
	at := slices.IndexFunc(s.entries, func(e faulttest.Entry) bool { return e.Job != nil && e.Job.Outcome != "" })
	return &faulttest.Entry{Job: s.entries[at].Job}
}

// usage tells of a server that took 10 descriptors and 100 goroutines before.
func (s *story) usage(fds, goroutines int) {
	s.add("", faulttest.Entry{Usage: &faulttest.Usage{When: "baseline", RSS: 500, FDs: 10, Goroutines: 100}})
	s.add("", faulttest.Entry{Usage: &faulttest.Usage{When: "end", RSS: 1000, FDs: fds, Goroutines: goroutines}})
}

func (s *story) mark(name string, begin bool) {
	s.add("", faulttest.Entry{Mark: &faulttest.Mark{Name: name, Begin: begin}})
}

// abuse tells of a victim, bo, who uploads 600 bytes within a second undisturbed,
// and then as slowly as said, and whose reading takes as long as said.
func (s *story) abuse(reading, uploading time.Duration) {
	s.rules.Victims = []protocol.ParticipantID{"bo"}
	upload := func(took time.Duration) {
		s.ask("bo", faulttest.Request{Method: "PATCH", Path: "/uploads/sh_other"}, faulttest.Answer{Status: 204, Sent: 600})
		s.last().At = s.entries[len(s.entries)-2].At.Add(took)
	}
	s.mark("undisturbed", true)
	upload(time.Second)
	s.mark("undisturbed", false)
	s.mark("abuse", true)
	upload(uploading)
	s.ask("bo", faulttest.Request{Method: "GET", Path: "/v1/rooms/rm_1/participants"}, faulttest.Answer{Status: 200})
	s.last().At = s.entries[len(s.entries)-2].At.Add(reading)
	s.mark("abuse", false)
}

func TestCheckBelievesAGoodStory(t *testing.T) {
	s := newStory()
	s.usage(15, 105)
	s.abuse(99*time.Millisecond, 1900*time.Millisecond)
	s.rules.Resent, s.rules.RSS = 200, 1000
	if violations := faulttest.Check(s.entries, &s.facts, s.rules); len(violations) > 0 {
		t.Errorf("nothing is wrong, and it says:\n%s", faulttest.Report(s.entries, violations))
	}
}

// TestCheckFindsEachLie holds the checker to what it is for: whatever is wrong in a
// journal, it says which invariant was violated, and shows where.
func TestCheckFindsEachLie(t *testing.T) {
	found := make(map[string]bool)
	for _, lie := range lies {
		t.Run(lie.invariant+" "+lie.word, func(t *testing.T) {
			s := newStory()
			lie.tell(s)
			violations := faulttest.Check(s.entries, &s.facts, s.rules)
			if !slices.ContainsFunc(violations, func(v faulttest.Violation) bool {
				return v.Invariant == lie.invariant && strings.Contains(v.What, lie.word)
			}) {
				t.Errorf("it does not say %q of %s, but:\n%s", lie.word, lie.invariant, faulttest.Report(s.entries, violations))
			}
		})
		found[lie.invariant] = true
	}
	if len(found) != 12 {
		t.Errorf("there are lies about %d of 12 invariants", len(found))
	}
}

// TestRulesPermitWhatAFaultMayDo: what one fault may do is no violation under its
// rules, and the next thing is.
func TestRulesPermitWhatAFaultMayDo(t *testing.T) {
	s := newStory()
	s.entries = s.entries[:slices.IndexFunc(s.entries, func(e faulttest.Entry) bool { return e.Fault != nil })]
	s.head("ana", 410, 0)
	s.facts = faulttest.Facts{}
	if violations := faulttest.Check(s.entries, &s.facts, faulttest.Rules{MayLose: true}); len(violations) > 0 {
		t.Errorf("a power cut may fail an upload, and it says:\n%s", faulttest.Report(s.entries, violations))
	}
	s.head("ana", 200, 100)
	if violations := faulttest.Check(s.entries, &s.facts, faulttest.Rules{MayLose: true}); len(violations) != 1 || violations[0].Invariant != "I2" {
		t.Errorf("no offset may go back even so, and it says:\n%s", faulttest.Report(s.entries, violations))
	}
	s = newStory()
	s.cancel()
	s.head("ana", 410, 0)
	s.facts = faulttest.Facts{}
	if violations := faulttest.Check(s.entries, &s.facts, faulttest.Rules{}); len(violations) > 0 {
		t.Errorf("who cancels ends the upload, and it says:\n%s", faulttest.Report(s.entries, violations))
	}
}

// TestPushesMayGetLost: where they may, a gap is none, and two events of one number
// are as wrong as ever.
func TestPushesMayGetLost(t *testing.T) {
	s := newStory()
	s.hear("bo", 1, 3, s.share(2, protocol.Available))
	if violations := faulttest.Check(s.entries, &s.facts, faulttest.Rules{MayMiss: true}); len(violations) > 0 {
		t.Errorf("a push may get lost, and it says:\n%s", faulttest.Report(s.entries, violations))
	}
	s.hear("bo", 1, 3, s.share(3, protocol.Available))
	if violations := faulttest.Check(s.entries, &s.facts, faulttest.Rules{MayMiss: true}); len(violations) != 1 || violations[0].Invariant != "I5" {
		t.Errorf("a number is two events, and it says:\n%s", faulttest.Report(s.entries, violations))
	}
}

// TestCheckKnowsWhatALostAnswerWas: the bytes of a creation that was not answered
// count, for the same request was answered later.
func TestCheckKnowsWhatALostAnswerWas(t *testing.T) {
	s := newStory()
	s.calls = 100
	first := faulttest.Request{Call: 100, Method: "POST", Path: "/uploads", Length: 1000, Key: "k"}
	offered, told := s.entries[0], *s.last()
	s.entries = nil
	s.add("ana", offered)
	s.add("ana", faulttest.Entry{Request: &first})
	s.see("bo", s.share(1, protocol.Available))
	s.add("ana", faulttest.Entry{Broken: &faulttest.Broken{Call: 100, Err: "EOF", Sent: 1000}})
	s.ask("ana", faulttest.Request{Method: "POST", Path: "/uploads", Length: 1000, Key: "k"}, faulttest.Answer{Status: 201, Where: "/uploads/" + string(theShare)})
	s.add("ana", faulttest.Entry{Made: &faulttest.Made{Name: theFile().Name, Share: theShare}})
	s.add("bo", told)
	s.facts.Shares[0].Rev = 1
	if violations := faulttest.Check(s.entries, &s.facts, s.rules); len(violations) > 0 {
		t.Errorf("nothing is wrong, and it says:\n%s", faulttest.Report(s.entries, violations))
	}
	first.Length = 999
	if violations := faulttest.Check(s.entries, &s.facts, s.rules); len(violations) != 1 || violations[0].Invariant != "I4" {
		t.Errorf("a byte was missing, and it says:\n%s", faulttest.Report(s.entries, violations))
	}
}

func TestAJournalIsReadAsItWasWritten(t *testing.T) {
	s := newStory()
	s.download(0, 1000, "")
	s.last().Body.SHA256 = "0123"
	var text strings.Builder
	if err := faulttest.WriteEntries(&text, s.entries); err != nil {
		t.Fatal(err)
	}
	read, err := faulttest.ReadEntries(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	want := faulttest.Report(s.entries, faulttest.Check(s.entries, &s.facts, s.rules))
	if got := faulttest.Report(read, faulttest.Check(read, &s.facts, s.rules)); got != want || want == "" {
		t.Errorf("the journal that was read says\n%s\nand the one that was written\n%s", got, want)
	}
}
