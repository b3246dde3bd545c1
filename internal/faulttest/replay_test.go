package faulttest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

// unbounded keeps a server from bounding how fast one machine asks.
var unbounded = []string{
	"--create-rate", "10000", "--create-burst", "10000", "--request-rate", "100000", "--request-burst", "100000",
	"--room-request-rate", "100000", "--room-request-burst", "100000", "--address-request-rate", "100000", "--address-request-burst", "100000",
}

// tape keeps each request that goes through a taping, to make it again. What it
// makes again is nobody's: it is in no journal.
type tape struct {
	mu       sync.Mutex
	requests []taped // guarded by mu
}

type taped struct {
	method, url string
	header      http.Header
	body        []byte
}

// keep returns what makes the request again, and the request to send in its place,
// whose body was read.
func keep(r *http.Request) (taped, *http.Request, error) {
	kept := taped{method: r.Method, url: r.URL.String(), header: r.Header.Clone()}
	if r.Body == nil {
		return kept, r, nil
	}
	var err error
	if kept.body, err = io.ReadAll(r.Body); err != nil {
		return kept, nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(kept.body))
	return kept, r, nil
}

// taping lets a client's requests pass over a tape.
func (t *tape) taping(c *faulttest.Client) {
	recorder := c.HTTP.Transport.(*faulttest.Recorder)
	recorder.Next = &taping{tape: t, next: recorder.Next}
}

type taping struct {
	tape *tape
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *taping) RoundTrip(r *http.Request) (*http.Response, error) {
	kept, r, err := keep(r)
	if err != nil {
		return nil, err
	}
	t.tape.mu.Lock()
	t.tape.requests = append(t.tape.requests, kept)
	t.tape.mu.Unlock()
	return t.next.RoundTrip(r)
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (t *taping) CloseIdleConnections() {
	if next, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}

// again makes a request once more and returns its status. Who sends more of a body
// than a refusal waits for may be reset before it has read it, and asks anew.
func (r taped) again(ctx context.Context, client *http.Client) (status int, err error) {
	for range 5 {
		status, err = r.once(ctx, client)
		if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
			break
		}
	}
	return status, err
}

func (r taped) once(ctx context.Context, client *http.Client) (int, error) {
	request, err := http.NewRequestWithContext(ctx, r.method, r.url, bytes.NewReader(r.body))
	if err != nil {
		return 0, err
	}
	request.Header = r.header.Clone()
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// replay makes all requests again, so many at a time, in the given order. None may
// bring the server to a fault of its own, and none may be hung up on.
func replay(t *testing.T, client *http.Client, requests []taped, atOnce int) {
	t.Helper()
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, r := range requests {
		group.Go(func() error {
			status, err := r.again(t.Context(), client)
			if err == nil && status >= 500 {
				err = fmt.Errorf("answered %d", status)
			}
			if err != nil {
				return fmt.Errorf("%s %s: %w", r.method, r.url, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Errorf("made again: %v", err)
	}
}

// TestF16_Replayed records a session of every kind of request and makes all of them
// again: in their order, twice each, backwards, and shuffled, one by one and at
// once. Nothing of what it has come to changes.
func TestF16_Replayed(t *testing.T) {
	t.Parallel()
	l := newLab(t, faulttest.Build(t), unbounded...)
	people := l.enter(t, "ana", "bo", "eve") // most of it is not for eve
	ana, bo := people[0], people[1]
	var recorded tape
	recorded.taping(ana)
	recorded.taping(bo)
	l.session(t, ana, bo)
	recorded.mu.Lock()
	requests := slices.Clone(recorded.requests)
	recorded.mu.Unlock()
	before := l.outcome(t, ana, bo)

	transport := http.DefaultTransport.(*http.Transport).Clone()
	client := &http.Client{Transport: transport}
	replay(t, client, requests, 1)
	var twice []taped
	for _, r := range requests {
		twice = append(twice, r, r)
	}
	replay(t, client, twice, 2)
	slices.Reverse(requests)
	replay(t, client, requests, 1)
	for i := range faulttest.Amount(4, 100) {
		l.random.Shuffle(len(requests), func(i, j int) { requests[i], requests[j] = requests[j], requests[i] })
		replay(t, client, requests, 1+7*(i%2))
	}
	transport.CloseIdleConnections()
	t.Logf("%d requests were made again, each %d times", len(requests), 4+faulttest.Amount(4, 100))
	if after := l.outcome(t, ana, bo); after != before {
		t.Errorf("it had come to\n%s\nand after all was said again to\n%s", before, after)
	}
	l.journal.Over()
	faulttest.Verdict(t, l.Server, faulttest.Rules{}, l.room)
}

// session is what a room may do: files sent in each way, received, ended, told of.
func (l *lab) session(t *testing.T, ana, bo *faulttest.Client) {
	t.Helper()
	ctx := t.Context()
	to := protocol.Audience{List: []protocol.ParticipantID{"bo"}}
	file := func(name string, size int64) faulttest.File {
		return faulttest.File{Name: name, Size: size, Seed: l.random.Uint64()}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ana.Append = 300 << 10
	appended, err := ana.Send(ctx, file("appended", 1<<20), to)
	must(err)
	deposited, err := ana.SendBy(ctx, faulttest.ByDeposit, file("deposited", 10<<10), to)
	must(err)
	_, err = ana.SendBy(ctx, byMarks(l.journal), file("marked", 700<<10), protocol.ToRoom())
	must(err)
	revoked, err := ana.Send(ctx, file("revoked", 400<<10), to)
	must(err)
	var offered protocol.Offered
	size := int64(600 << 10)
	_, err = ana.Ask(ctx, http.MethodPost, "/v1/rooms/"+string(l.room.ID)+"/shares",
		protocol.Offer{To: &to, Files: []protocol.FileInfo{{Name: "cancelled", Size: &size}, {Name: "in parts", Size: &size}}}, &offered, "Idempotency-Key", "offer")
	must(err)
	cancelled, split := offered.Shares[0].ID, offered.Shares[1].ID
	_, err = bo.Receive(ctx, appended)
	must(err)
	_, err = bo.Ask(ctx, http.MethodPost, "/v1/rooms/"+string(l.room.ID)+"/receipts", map[string]any{"receipts": []map[string]any{
		{"share": deposited, "state": "declined"}, {"share": revoked, "state": "seen"},
	}}, nil)
	must(err)
	share, err := bo.Share(ctx, appended)
	must(err)
	_, err = bo.Ask(ctx, http.MethodPost, "/v1/rooms/"+string(l.room.ID)+"/receipts", map[string]any{"receipts": []map[string]any{
		{"share": appended, "state": "received", "sha256": share.SHA256},
	}}, nil)
	must(err)
	var ticket protocol.Ticket
	_, err = bo.Ask(ctx, http.MethodPost, "/v1/shares/"+string(appended)+"/tickets", nil, &ticket)
	must(err)
	_, err = bo.Ask(ctx, http.MethodGet, ticket.URL, nil, nil)
	must(err)
	half, err := ana.Do(ctx, http.MethodPatch, "/uploads/"+string(cancelled), bytes.NewReader(make([]byte, size/2)),
		"Tus-Resumable", "1.0.0", "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream")
	must(err)
	half.Body.Close()
	_, err = ana.Ask(ctx, http.MethodPost, "/v1/shares/"+string(split)+"/parts", map[string]int{"count": 3}, nil)
	must(err)
	must(byTus(ctx, ana, cancelled))
	must(byIETF(ctx, ana, split))
	must(byShare(ctx, ana, revoked))
}

// outcome says what a session has come to: every share as its sender knows it, and
// where the recipient stands with it.
func (l *lab) outcome(t *testing.T, ana, bo *faulttest.Client) string {
	t.Helper()
	page, err := ana.List(t.Context(), protocol.Cursor{})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(page.Shares, func(a, b protocol.Share) int { return strings.Compare(string(a.ID), string(b.ID)) })
	var text strings.Builder
	for _, share := range page.Shares {
		fmt.Fprintf(&text, "%s %s rev %d at %d %s %s", share.Name, share.State, share.Rev, share.Offset, share.Reason, share.SHA256)
		var receipts struct {
			Receipts []struct{ Participant, State string } `json:"receipts"`
		}
		if _, err := bo.Ask(t.Context(), http.MethodGet, "/v1/shares/"+string(share.ID)+"/receipts", nil, &receipts); err == nil {
			said, _ := json.Marshal(receipts)
			if share.Name == "appended" { // the others' may go to and fro, as the words are said
				text.Write(said)
			}
		}
		text.WriteString("\n")
	}
	return text.String()
}

// echo is a network that brings each request twice, the second one at about the
// same time, and loses the answer of that.
type echo struct {
	next   *http.Transport
	random func() *rand.Rand
	work   sync.WaitGroup
}

// RoundTrip implements http.RoundTripper.
func (e *echo) RoundTrip(r *http.Request) (*http.Response, error) {
	kept, r, err := keep(r)
	if err != nil {
		return nil, err
	}
	random := e.random()
	mine, other := time.Duration(random.IntN(2000))*time.Microsecond, time.Duration(random.IntN(2000))*time.Microsecond
	e.work.Go(func() {
		time.Sleep(mine)
		kept.again(context.Background(), &http.Client{Transport: e.next})
	})
	time.Sleep(other)
	return e.next.RoundTrip(r)
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (e *echo) CloseIdleConnections() {
	e.work.Wait()
	e.next.CloseIdleConnections()
}

// TestF16_Doubled has every request of two participants come twice.
func TestF16_Doubled(t *testing.T) {
	t.Parallel()
	l := newLab(t, faulttest.Build(t), unbounded...)
	people := l.enter(t, "ana", "bo", "eve")
	ana, bo := people[0], people[1]
	ana.Append = 200 << 10
	var mu sync.Mutex
	draw := func() *rand.Rand {
		mu.Lock()
		defer mu.Unlock()
		return rand.New(rand.NewPCG(l.random.Uint64(), 0))
	}
	for _, c := range []*faulttest.Client{ana, bo} {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		defer transport.CloseIdleConnections()
		c.HTTP.Transport.(*faulttest.Recorder).Next = &echo{next: transport, random: draw}
	}
	for i := range faulttest.Amount(10, 500) {
		way := []faulttest.Way{faulttest.ByTus, faulttest.ByDeposit, byMarks(l.journal)}[i%3]
		file := faulttest.File{Name: fmt.Sprintf("doubled %d", i), Size: 1 + l.size(&mu), Seed: uint64(i)}
		id, err := ana.SendBy(t.Context(), way, file, protocol.ToRoom())
		if err == nil {
			_, err = bo.Receive(t.Context(), id)
		}
		if err == nil && i%2 == 0 {
			err = ana.Cancel(t.Context(), id)
		}
		if err != nil {
			t.Errorf("%s: %v", file.Name, err)
		}
	}
	l.journal.Over()
	faulttest.Verdict(t, l.Server, faulttest.Rules{}, l.room)
}

func (l *lab) size(mu *sync.Mutex) int64 {
	mu.Lock()
	defer mu.Unlock()
	return l.random.Int64N(1 << 20)
}
