package faulttest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// Journal keeps what happened, in one order: a request before it is sent, an
// answer after it has come. So of two entries the later one knew of the earlier
// one, if somebody could. It is safe for concurrent use; a nil one keeps nothing.
type Journal struct {
	mu      sync.Mutex
	entries []Entry // guarded by mu
	calls   int     // guarded by mu; requests so far
	jobs    int     // guarded by mu; jobs so far
}

// Entry is one line of a journal. Of the pointers exactly one is set.
type Entry struct {
	At  time.Time              `json:"at"`
	Who protocol.ParticipantID `json:"who,omitempty"` // "" for the test itself

	Request *Request `json:"request,omitempty"` // is about to be sent
	Answer  *Answer  `json:"answer,omitempty"`  // its status and header have come
	Broken  *Broken  `json:"broken,omitempty"`  // no answer will come
	Body    *Body    `json:"body,omitempty"`    // all has come of the body of an answer that will
	Push    *Push    `json:"push,omitempty"`    // the push connection has begun, heard, or ended
	Offer   *Offer   `json:"offer,omitempty"`   // a file is about to be offered
	Made    *Made    `json:"made,omitempty"`    // a share is known to be of that file
	Job     *Job     `json:"job,omitempty"`     // a transfer has begun or ended
	View    *View    `json:"view,omitempty"`    // what a participant knows at the end
	Fault   *Fault   `json:"fault,omitempty"`   // what the test does to the server
	Usage   *Usage   `json:"usage,omitempty"`   // what the server takes
	Mark    *Mark    `json:"mark,omitempty"`    // for rules that concern a stretch of time
}

// Request is what is about to be sent.
type Request struct {
	Call   int    `json:"call"` // numbers the request; its answer has the same
	Method string `json:"method"`
	Path   string `json:"path"`             // with its query
	Offset *int64 `json:"offset,omitempty"` // Upload-Offset
	Length int64  `json:"length,omitempty"` // Content-Length
	From   int64  `json:"from,omitempty"`   // of Range
	Until  string `json:"until,omitempty"`  // of Range, where it has an end
	Key    string `json:"key,omitempty"`    // Idempotency-Key
}

// Answer is what came of a request, without what only its body says.
type Answer struct {
	Call   int           `json:"call"`
	Status int           `json:"status"`
	Code   protocol.Code `json:"code,omitempty"`   // of a problem
	Offset *int64        `json:"offset,omitempty"` // Upload-Offset
	Where  string        `json:"where,omitempty"`  // Location
	ETag   string        `json:"etag,omitempty"`
	Sent   int64         `json:"sent,omitempty"` // bytes of the request's body that were taken until now
	// Shares are those that the answer tells of, as it tells of them.
	Shares []protocol.Share `json:"shares,omitempty"`
}

// Broken is a request that got no answer.
type Broken struct {
	Call int    `json:"call"`
	Err  string `json:"err"`
	Sent int64  `json:"sent,omitempty"` // bytes of its body that were taken
}

// Body is what came of the content of a share.
type Body struct {
	Call   int    `json:"call"`
	From   int64  `json:"from"`            // the position in the file that the server says it begins at
	Bytes  int64  `json:"bytes"`           // that came
	Total  int64  `json:"total,omitempty"` // of the file, where the answer says it
	SHA256 string `json:"sha256"`          // of what came
	Err    string `json:"err,omitempty"`   // why it ended before its end; "" if it ended well
}

// Push is a word on a push connection.
type Push struct {
	Connection int             `json:"connection"` // numbers the participant's connections
	State      string          `json:"state"`      // "open", "heard" or "closed"
	Code       int             `json:"code,omitempty"`
	Event      *protocol.Event `json:"event,omitempty"`
}

// Offer is a file that its sender is about to offer. Each is offered once, however
// often the request has to be made.
type Offer struct {
	File   File              `json:"file"`
	SHA256 string            `json:"sha256"`
	To     protocol.Audience `json:"to"`
}

// Made says which share a file has become.
type Made struct {
	Name  string           `json:"name"`
	Share protocol.ShareID `json:"share"`
	Part  bool             `json:"part,omitempty"` // a partial upload of it, which nobody else may know of
}

// Job is one transfer as its participant sees it. It begins once and ends once.
type Job struct {
	Job     int              `json:"job"`
	What    string           `json:"what"` // "send", "receive" or "cancel"
	Share   protocol.ShareID `json:"share,omitempty"`
	Name    string           `json:"name,omitempty"`
	Outcome Outcome          `json:"outcome,omitempty"` // "" while it runs
	SHA256  string           `json:"sha256,omitempty"`  // of a received file
	Err     string           `json:"err,omitempty"`
}

// Outcome is how a job has ended.
type Outcome string

// The three ends.
const (
	Completed Outcome = "completed"
	Failed    Outcome = "failed"
	Cancelled Outcome = "cancelled"
)

// View is what a participant knows at the end: what it has read, and what it has
// heard since.
type View struct {
	Shares []protocol.Share `json:"shares"`
}

// Fault is what happened to the server: "start", "kill", "died", "stop", and "over"
// when no more faults come. A test may have words of its own.
type Fault struct {
	What   string `json:"what"`
	Detail string `json:"detail,omitempty"`
}

// Mark begins or ends a stretch of time that a rule is about, say an abuse.
type Mark struct {
	Name  string `json:"name"`
	Begin bool   `json:"begin"`
}

// NewJournal returns a journal that is written to a file if the test fails.
func NewJournal(t testing.TB) *Journal {
	j := new(Journal)
	t.Cleanup(func() {
		if t.Failed() {
			j.save(t)
		}
	})
	return j
}

// ResumeJournal returns a journal that goes on behind entries of another one, which
// are what is known at that moment: say what was known when the power was cut. It
// numbers on from there, and is saved as any.
func ResumeJournal(t testing.TB, entries []Entry) *Journal {
	j := NewJournal(t)
	j.entries = slices.Clone(entries)
	for _, e := range entries {
		if e.Request != nil {
			j.calls = max(j.calls, e.Request.Call)
		}
		if e.Job != nil {
			j.jobs = max(j.jobs, e.Job.Job)
		}
	}
	return j
}

// Add appends an entry. Its time is now, unless it has one.
func (j *Journal) Add(e Entry) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if e.At.IsZero() {
		e.At = time.Now()
	}
	j.entries = append(j.entries, e)
}

// Entries returns what is in the journal by now.
func (j *Journal) Entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.entries[:len(j.entries):len(j.entries)]
}

// Fault notes what the test does to the server, in its own words.
func (j *Journal) Fault(what, detail string) { j.note(what, detail) }

// Over notes that no fault comes any more: from here on every job has to end.
func (j *Journal) Over() { j.note("over", "") }

func (j *Journal) note(what, detail string) { j.Add(Entry{Fault: &Fault{what, detail}}) }

// call returns a number for a request.
func (j *Journal) call() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls++
	return j.calls
}

// Begin notes that a job has begun, and returns what notes its end.
func (j *Journal) Begin(who protocol.ParticipantID, job Job) (end func(Job)) {
	j.mu.Lock()
	j.jobs++
	job.Job = j.jobs
	j.mu.Unlock()
	began := job
	j.Add(Entry{Who: who, Job: &began})
	return func(ended Job) {
		ended.Job, ended.What, ended.Name = job.Job, job.What, job.Name
		if ended.Share == "" {
			ended.Share = job.Share
		}
		j.Add(Entry{Who: who, Job: &ended})
	}
}

// save writes the journal where it outlives the test.
func (j *Journal) save(t testing.TB) {
	t.Helper()
	var text strings.Builder
	if err := WriteEntries(&text, j.Entries()); err != nil {
		t.Logf("the journal is not whole: %v", err)
	}
	saveText(t, "the journal", "jsonl", text.String())
}

// WriteEntries writes entries as JSON lines.
func WriteEntries(w io.Writer, entries []Entry) error {
	buffered := bufio.NewWriter(w)
	encoder := json.NewEncoder(buffered)
	for _, e := range entries {
		if err := encoder.Encode(e); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

// ReadEntries reads what WriteEntries has written.
func ReadEntries(r io.Reader) ([]Entry, error) {
	var entries []Entry
	for decoder := json.NewDecoder(r); ; {
		var e Entry
		err := decoder.Decode(&e)
		if err == io.EOF {
			return entries, nil
		}
		if err != nil {
			return nil, fmt.Errorf("line %d of the journal: %w", len(entries)+1, err)
		}
		entries = append(entries, e)
	}
}
