package faulttest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/handout-rtc/handout/protocol"
)

// Recorder is an http.RoundTripper that notes in a journal what passes it.
type Recorder struct {
	Next    http.RoundTripper
	Journal *Journal
	Who     protocol.ParticipantID
}

// RoundTrip implements http.RoundTripper.
func (r *Recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	call := r.Journal.call()
	passed := request.Clone(request.Context())
	body := &countedBody{ReadCloser: request.Body}
	if request.Body != nil && request.Body != http.NoBody {
		passed.Body = body
	}
	r.Journal.Add(Entry{Who: r.Who, Request: requestEntry(call, request)})
	response, err := r.Next.RoundTrip(passed)
	if err != nil {
		r.Journal.Add(Entry{Who: r.Who, Broken: &Broken{Call: call, Err: err.Error(), Sent: body.taken.Load()}})
		return nil, err
	}
	answer := answerEntry(call, response)
	answer.Sent = body.taken.Load()
	if isJSON(response.Header) {
		answer.Shares, answer.Code = readAhead(response)
	}
	r.Journal.Add(Entry{Who: r.Who, Answer: answer})
	if isContent(request, response) {
		from, total := contentRange(response)
		response.Body = &recordedBody{ReadCloser: response.Body, recorder: r, hash: sha256.New(), body: Body{Call: call, From: from, Total: total}}
	}
	return response, nil
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (r *Recorder) CloseIdleConnections() {
	if next, ok := r.Next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}

func requestEntry(call int, r *http.Request) *Request {
	from, until, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-")
	start, _ := strconv.ParseInt(from, 10, 64) // none is the beginning
	return &Request{
		Call: call, Method: r.Method, Path: r.URL.RequestURI(), Offset: offsetOf(r.Header), Length: max(0, r.ContentLength),
		From: start, Until: until, Key: r.Header.Get("Idempotency-Key"),
	}
}

func answerEntry(call int, r *http.Response) *Answer {
	return &Answer{
		Call: call, Status: r.StatusCode, Offset: offsetOf(r.Header), Where: r.Header.Get("Location"), ETag: r.Header.Get("ETag"),
	}
}

// offsetOf reads Upload-Offset; nil if there is none.
func offsetOf(h http.Header) *int64 {
	n, err := strconv.ParseInt(h.Get("Upload-Offset"), 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

func isJSON(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "application/json") || strings.HasPrefix(h.Get("Content-Type"), "application/problem+json")
}

func isContent(request *http.Request, response *http.Response) bool {
	return request.Method == http.MethodGet && strings.HasSuffix(request.URL.Path, "/content") && response.StatusCode/100 == 2
}

// contentRange says where the content of an answer begins, and how long the file
// is, 0 if that is not known.
func contentRange(r *http.Response) (from, total int64) {
	if r.StatusCode != http.StatusPartialContent {
		return 0, max(0, r.ContentLength)
	}
	where, length, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Content-Range"), "bytes "), "/")
	start, _, _ := strings.Cut(where, "-")
	from, err := strconv.ParseInt(start, 10, 64)
	if err != nil {
		from = -1 // which no position is
	}
	total, _ = strconv.ParseInt(length, 10, 64) // "*" is unknown
	return from, total
}

// readAhead takes the body of an answer in, and returns what shares it tells of,
// and the code of a problem.
func readAhead(response *http.Response) ([]protocol.Share, protocol.Code) {
	text, err := io.ReadAll(response.Body)
	response.Body.Close()
	response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(text), &failing{err}))
	var said struct {
		protocol.Share
		Shares []protocol.Share `json:"shares"`
		Code   protocol.Code    `json:"code"`
	}
	json.Unmarshal(text, &said) // what is of another kind tells of no share
	if said.ID != "" {
		said.Shares = append(said.Shares, said.Share)
	}
	return said.Shares, said.Code
}

// failing is the end of a body, or why there is no end.
type failing struct{ err error }

// Read implements io.Reader.
func (f *failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// countedBody counts what the transport takes.
type countedBody struct {
	io.ReadCloser
	taken atomic.Int64
}

// Read implements io.Reader.
func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.taken.Add(int64(n))
	return n, err
}

// recordedBody hashes content as it comes, and notes it at its end.
type recordedBody struct {
	io.ReadCloser
	recorder *Recorder
	hash     hash.Hash
	body     Body
	noted    bool
}

// Read implements io.Reader.
func (b *recordedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.hash.Write(p[:n])
	b.body.Bytes += int64(n)
	if err != nil {
		b.note(err)
	}
	return n, err
}

// Close implements io.Closer.
func (b *recordedBody) Close() error {
	b.note(errors.New("closed by the reader"))
	return b.ReadCloser.Close()
}

func (b *recordedBody) note(err error) {
	if b.noted {
		return
	}
	b.noted = true
	if err != io.EOF {
		b.body.Err = err.Error()
	}
	b.body.SHA256 = hex.EncodeToString(b.hash.Sum(nil))
	b.recorder.Journal.Add(Entry{Who: b.recorder.Who, Body: &b.body})
}
