package model_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/handout-rtc/handout/protocol"
)

// head is HEAD of an upload, in either dialect.
func (m *machine) head(t *rapid.T) {
	f := m.file(t, nil)
	p, marked := m.mostly(t, f), f.marked != (chance(t, "dialect", "its own", "its own", "the other") == "the other")
	ask, status := []string{"Tus-Resumable", "1.0.0"}, 200
	if marked {
		ask, status = []string{"Upload-Draft-Interop-Version", "8"}, 204
	}
	want := m.mayWrite(p, f, marked)
	switch {
	case want != fine:
	case f.state.Ended():
		want = gone
	default:
		f.settle()
		want.status = status
	}
	a := m.must(t, p, "asks where "+f.name+" is", request{method: "HEAD", path: uploadPath(f), headers: ask}, want)
	m.at(t, f, a, want.status == status)
	if length := a.header.Get("Upload-Length"); want.status == status && f.size >= 0 && length != fmt.Sprint(f.size) {
		t.Fatalf("     its length is %q\n     the model says %d", length, f.size)
	}
}

// end is DELETE of a share.
func (m *machine) end(t *rapid.T) {
	f := m.file(t, nil)
	p := m.mostly(t, f)
	want := m.mayEnd(p, f)
	if want == fine {
		want.status = 204
	}
	m.must(t, p, "ends "+f.name, request{method: "DELETE", path: "/v1/shares/" + string(f.id)}, want)
	if want.status == 204 {
		f.withdraw(p)
	}
}

// endUpload is DELETE of an upload, by either dialect.
func (m *machine) endUpload(t *rapid.T) {
	f := m.file(t, nil)
	p := m.mostly(t, f)
	r := request{method: "DELETE", path: uploadPath(f)}
	if rapid.Bool().Draw(t, "by tus") {
		r.headers = []string{"Tus-Resumable", "1.0.0"}
	}
	want := m.mayWrite(p, f, f.marked) // it works in either
	switch {
	case want != fine:
	case f.state.Ended():
		want = gone
	default:
		want.status = 204
	}
	m.must(t, p, "ends the upload of "+f.name, r, want)
	if want.status == 204 {
		f.withdraw(p)
	}
}

// readList reads the shares since a cursor that the reader has had.
func (m *machine) readList(t *rapid.T) {
	p := m.anybody(t, "who")
	if want := m.mayRoom(p); want != fine {
		m.must(t, p, "lists", request{method: "GET", path: m.roomPath("/shares")}, want)
		return
	}
	var since protocol.Cursor
	if len(p.marks) > 0 {
		since = p.marks[rapid.IntRange(0, len(p.marks)-1).Draw(t, "since")].seq
	}
	m.tell(t, "%s lists since %v", p.id, since)
	m.list(t, p, since)
}

// get is GET of a share.
func (m *machine) get(t *rapid.T) {
	f := m.file(t, nil)
	p := m.anybody(t, "who")
	want := m.maySee(p, f)
	if want == fine {
		want.status = 200
	}
	a := m.must(t, p, "gets "+f.name, request{method: "GET", path: "/v1/shares/" + string(f.id)}, want)
	if want.status != 200 {
		return
	}
	m.whole(t, p, f, a)
}

// content is GET of the bytes: all, or a range of what is there.
func (m *machine) content(t *rapid.T) {
	f := m.file(t, nil)
	p := m.anybody(t, "who")
	want := m.maySee(p, f)
	if want == fine && f.state.Ended() {
		want = gone
	}
	r := request{method: "GET", path: "/v1/shares/" + string(f.id) + "/content"}
	if want != fine {
		m.must(t, p, "reads "+f.name, r, want)
		return
	}
	m.read(t, p, f, r)
}

// read reads bytes as somebody whose answer is that of reader: p itself, or a ticket of its.
func (m *machine) read(t *rapid.T, p *person, f *file, r request) {
	as, from, until := p, 0, len(f.data)
	if strings.Contains(r.path, "ticket=") {
		as = nil
	}
	want := verdict{status: 200}
	switch {
	case f.state == protocol.Uploading && (f.size < 0 || until == 0):
		r.method = "HEAD" // or it would be waited for
	case f.state == protocol.Uploading || until > 0 && rapid.Bool().Draw(t, "range"):
		from = rapid.IntRange(0, until-1).Draw(t, "from")
		until = rapid.IntRange(from+1, until).Draw(t, "until")
		r.headers = []string{"Range", fmt.Sprintf("bytes=%d-%d", from, until-1)}
		want.status = 206
		if f.state == protocol.Available && chance(t, "beyond", "no", "no", "no", "yes") == "yes" {
			r.headers[1] = fmt.Sprintf("bytes=%d-", len(f.data))
			want = verdict{416, protocol.CodeRange}
		}
	}
	a := m.must(t, as, fmt.Sprintf("reads %s %s of %s", r.headers, r.method, f.name), r, want)
	if r.method == "HEAD" || want.status == 416 {
		return
	}
	if !bytes.Equal(a.body, f.data[from:until]) {
		t.Fatalf("     the bytes from %d to %d of %s are others", from, until, f.name)
	}
	if tag := a.header.Get("ETag"); f.state == protocol.Available && tag != `"`+f.sha+`"` {
		t.Fatalf("     its ETag is %s, its SHA-256 %s", tag, f.sha)
	}
	if p != f.sender && len(a.body) > 0 {
		f.step(p, protocol.ReceiptDownloading, "")
	}
}

// ticket is POST …/tickets.
func (m *machine) ticket(t *rapid.T) {
	f := m.file(t, nil)
	p := m.anybody(t, "who")
	want := m.maySee(p, f)
	switch {
	case want != fine:
	case f.state.Ended():
		want = gone
	default:
		want.status = 201
	}
	a := m.must(t, p, "asks for a ticket for "+f.name, request{method: "POST", path: "/v1/shares/" + string(f.id) + "/tickets"}, want)
	if want.status != 201 {
		return
	}
	var made protocol.Ticket
	a.read(t, &made)
	m.tickets = append(m.tickets, &ticket{file: f, by: p, url: made.URL})
}

// useTicket uses a ticket, for its share or for another, and then once more.
func (m *machine) useTicket(t *rapid.T) {
	if len(m.tickets) == 0 {
		t.SkipNow() // there is none
	}
	i := rapid.IntRange(0, len(m.tickets)-1).Draw(t, "which")
	used := m.tickets[i]
	m.tickets = append(m.tickets[:i:i], m.tickets[i+1:]...)
	invalidTicket := verdict{404, protocol.CodeTicketInvalid}
	r := request{method: "GET", path: used.url}
	other := m.file(t, nil)
	switch {
	case other != used.file && chance(t, "for", "its own", "its own", "another") == "another":
		r.path = strings.Replace(r.path, string(used.file.id), string(other.id), 1)
		m.must(t, nil, "uses a ticket of "+string(used.by.id)+" for another share", r, invalidTicket)
	case used.file.state.Ended():
		m.must(t, nil, "uses a ticket of "+string(used.by.id)+" for "+used.file.name, r, gone)
	case used.by.dropped:
		m.must(t, nil, "uses a ticket of "+string(used.by.id)+" for "+used.file.name, r, unauthenticated)
	default:
		m.read(t, used.by, used.file, r)
	}
	m.must(t, nil, "uses it again", request{method: "GET", path: used.url}, invalidTicket)
}

// words are what a recipient can say.
var words = []protocol.ReceiptState{"seen", "downloading", "received", "declined", "cancelled", "failed"}

// say is POST …/receipts: words that are well-formed, each answered on its own.
func (m *machine) say(t *rapid.T) {
	p := m.anybody(t, "who")
	var said protocol.ReceiptWords
	var must []string
	for range rapid.IntRange(1, 4).Draw(t, "words") {
		f := m.file(t, nil)
		word := protocol.ReceiptWord{Share: f.id, State: rapid.SampledFrom(words).Draw(t, "word")}
		switch word.State {
		case protocol.ReceiptReceived:
			if word.SHA256 = f.sha; word.SHA256 == "" || chance(t, "sha", "right", "right", "right", "wrong") == "wrong" {
				word.SHA256 = strings.Repeat("0", 64)
			}
		case protocol.ReceiptFailed:
			word.Reason = chance(t, "reason", "", "no-space")
		}
		said.Receipts = append(said.Receipts, word)
		if m.mayRoom(p) == fine {
			must = append(must, m.heardWord(p, f, word))
		}
	}
	body, err := json.Marshal(said)
	if err != nil {
		t.Fatal(err)
	}
	want := m.mayRoom(p)
	if want == fine {
		want.status = 200
	}
	a := m.must(t, p, "says "+string(body), request{method: "POST", path: m.roomPath("/receipts"), body: body}, want)
	if want.status != 200 {
		return
	}
	var answers protocol.ReceiptAnswers
	a.read(t, &answers)
	for i, of := range answers.Receipts {
		got := string(of.Code)
		if of.Receipt != nil {
			got = fmt.Sprint(of.Receipt.State, of.Receipt.Reason, " rev ", of.Receipt.Rev)
		}
		if i >= len(must) || got != must[i] {
			t.Fatalf("     word %d is answered %s\n     the model says %s", i+1, got, must)
		}
	}
	if len(answers.Receipts) != len(must) {
		t.Fatalf("     %d words have %d answers", len(must), len(answers.Receipts))
	}
}

// heardWord says what a word is answered with: a receipt or a code.
func (m *machine) heardWord(p *person, f *file, word protocol.ReceiptWord) string {
	switch received := word.State == protocol.ReceiptReceived; {
	case !f.sees(p):
		return string(protocol.CodeShareNotFound)
	case p == f.sender:
		return string(protocol.CodeForbidden)
	case received && (f.sha == "" || word.SHA256 != f.sha):
		return string(protocol.CodeChecksumMismatch)
	case !received && f.state.Ended():
		return string(protocol.CodeShareEnded)
	}
	now := f.step(p, word.State, word.Reason)
	return fmt.Sprint(now.state, now.reason, " rev ", now.rev)
}

// sayNonsense is POST …/receipts of which a word is none: nothing changes.
func (m *machine) sayNonsense(t *rapid.T) {
	f := m.file(t, nil)
	p := m.anybody(t, "who")
	good := `{"share":"` + string(f.id) + `","state":"seen"},`
	body, want := "", invalid
	switch chance(t, "nonsense", "offered", "eaten", "no sha", "sha", "reason", "none") {
	case "offered":
		body = `{"state":"offered"}`
	case "eaten":
		body = `{"state":"eaten"}`
	case "no sha":
		body = `{"state":"received"}`
	case "sha":
		body = `{"state":"seen","sha256":"00"}`
	case "reason":
		body = `{"state":"failed","reason":"No Space"}`
	case "none":
		good, want = "", emptyList
	}
	if no := m.mayRoom(p); no != fine {
		want = no
	}
	m.must(t, p, "says "+good+body, request{method: "POST", path: m.roomPath("/receipts"), body: []byte(`{"receipts":[` + good + body + `]}`)}, want)
}
