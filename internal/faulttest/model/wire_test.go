package model_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/handout-rtc/handout/protocol"
)

// patience is how long anything may take that must happen at all.
const patience = 30 * time.Second

// request is one that can be made again.
type request struct {
	method, path string
	headers      []string // names and values in turn
	body         []byte   // nil for none
}

// answer is what came of it.
type answer struct {
	verdict
	header http.Header
	body   []byte
}

func (a answer) String() string {
	text := fmt.Sprint(a.status)
	if a.code != "" {
		text += " " + string(a.code)
	}
	if offset := a.header.Get("Upload-Offset"); offset != "" {
		text += ", at " + offset
	}
	return text
}

// read decodes the answer.
func (a answer) read(t *rapid.T, into any) {
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatalf("the answer is no %T: %v\n%s", into, err, a.body)
	}
}

// tell adds a line to the report.
func (m *machine) tell(t *rapid.T, format string, args ...any) {
	m.line++
	t.Logf("%3d. %s", m.line, fmt.Sprintf(format, args...))
}

// send makes a request as somebody, nil for nobody, and returns the answer.
func (m *machine) send(t *rapid.T, who *person, r request) answer {
	m.requests++
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	out, err := http.NewRequestWithContext(t.Context(), r.method, m.server.URL()+r.path, body)
	if err != nil {
		t.Fatal(err)
	}
	if who != nil {
		out.Header.Set("Authorization", "Bearer "+who.token)
	}
	for i := 0; i < len(r.headers); i += 2 {
		out.Header.Set(r.headers[i], r.headers[i+1])
	}
	response, err := m.http.Do(out)
	if err != nil {
		t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	defer response.Body.Close()
	a := answer{header: response.Header, verdict: verdict{status: response.StatusCode}}
	if a.body, err = io.ReadAll(response.Body); err != nil {
		t.Fatalf("%s %s breaks off: %v", r.method, r.path, err)
	}
	var problem protocol.Problem
	if response.StatusCode >= 400 && json.Unmarshal(a.body, &problem) == nil {
		a.code = problem.Code
	}
	return a
}

// must makes a request, tells of it, and fails unless its answer is what it must be.
// what names it for people.
func (m *machine) must(t *rapid.T, who *person, what string, r request, want verdict) answer {
	a := m.send(t, who, r)
	name := "nobody"
	if who != nil {
		name = string(who.id)
	}
	m.tell(t, "%s %s → %s", name, m.inWords(what), a)
	if a.status != want.status || want.code != "" && a.code != want.code && r.method != http.MethodHead {
		t.Fatalf("     the model says %d %s", want.status, want.code)
	}
	m.answers[fmt.Sprint(a.status, " ", a.code)]++
	return a
}

// inWords puts names in the place of ids.
func (m *machine) inWords(text string) string {
	for _, f := range m.files {
		if f.id != "" {
			text = strings.ReplaceAll(text, string(f.id), f.name)
		}
	}
	return strings.ReplaceAll(text, string(m.room), "room")
}

// cut sends a request whose body ends, with that half of the connection, before its
// length, and waits until the server has done with it.
func (m *machine) cut(t *rapid.T, who *person, r request, length int) {
	m.requests++
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(m.server.URL(), "http://"), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: handout\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n", r.method, r.path, who.token, length)
	for i := 0; i < len(r.headers); i += 2 {
		fmt.Fprintf(&text, "%s: %s\r\n", r.headers[i], r.headers[i+1])
	}
	text.WriteString("\r\n")
	text.Write(r.body)
	_, err = conn.Write(text.Bytes())
	if err == nil {
		err = conn.(*net.TCPConn).CloseWrite()
	}
	if err == nil {
		err = conn.SetReadDeadline(time.Now().Add(patience))
	}
	if err == nil {
		_, err = io.Copy(io.Discard, conn)
	}
	if err != nil {
		t.Fatal(err)
	}
}
