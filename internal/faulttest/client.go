package faulttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// The application that a server with --dev knows.
const (
	devApp = "dev"
	devKey = "devkey"
)

// Room is a room of a server with --dev, and who is in it.
type Room struct {
	ID      protocol.RoomID
	base    string
	journal *Journal

	mu      sync.Mutex
	clients []*Client // guarded by mu
}

// MakeRoom makes a room on the server whose address is base.
func MakeRoom(t testing.TB, base string, journal *Journal) *Room {
	t.Helper()
	id, err := NewRoom(t.Context(), http.DefaultClient, base, "faults")
	if err != nil {
		t.Fatal(err)
	}
	return &Room{ID: id, base: base, journal: journal}
}

// NewRoom is MakeRoom for who needs no more than the room's id, by a client of its
// own. The name is plain words.
func NewRoom(ctx context.Context, asking *http.Client, base, name string) (protocol.RoomID, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/rooms", strings.NewReader(fmt.Sprintf(`{"name":%q,"owner_ref":"faults"}`, name)))
	if err != nil {
		return "", err
	}
	request.SetBasicAuth(devApp, devKey)
	response, err := asking.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var made struct {
		Room struct {
			ID protocol.RoomID `json:"room_id"`
		} `json:"room"`
	}
	if err := json.NewDecoder(response.Body).Decode(&made); err != nil || !made.Room.ID.Valid() {
		return "", fmt.Errorf("making a room: %s %w", response.Status, err)
	}
	return made.Room.ID, nil
}

// At is the room as another server has it, which has its records: nobody has entered
// there yet.
func (r *Room) At(base string, journal *Journal) *Room {
	return &Room{ID: r.ID, base: base, journal: journal}
}

// Client is a participant. Its fields may be changed before it does anything. It is
// safe for concurrent use afterwards.
type Client struct {
	ID   protocol.ParticipantID
	Room protocol.RoomID
	// Base is the server's address, or that of a proxy before it.
	Base string
	// HTTP sends what the client asks. Its transport is a Recorder.
	HTTP *http.Client
	// Push makes its push connections; nil is http.DefaultClient.
	Push *http.Client
	// Pace bounds the bytes a second of its transfers; nil does not.
	Pace *rate.Limiter
	// Append is the most bytes of one PATCH; 0 sends all there is.
	Append int64
	// Checksums has each append by tus carry one.
	Checksums bool
	// Begun, if set, is called when a share is made of a file: before its first byte
	// comes, unless the bytes come with it or before it.
	Begun func(File, protocol.ShareID)
	// Wait bounds how long a request may take that is no transfer.
	Wait time.Duration

	journal *Journal
	token   string
	view    view
}

// Enter makes a participant of that id, which may send and receive. Ids tell
// participants apart in the journal, so use each once in a test.
func (r *Room) Enter(t testing.TB, id protocol.ParticipantID) *Client {
	t.Helper()
	return r.EnterAs(t, id, token.Member)
}

// EnterAs makes a participant of that id and role.
func (r *Room) EnterAs(t testing.TB, id protocol.ParticipantID, role token.Role) *Client {
	t.Helper()
	signed, err := token.Sign([]byte(devKey), token.Claims{
		App: devApp, Participant: id, Room: r.ID, Name: "N " + string(id), Role: role, Grants: role.Grants(), ExpiresAt: time.Now().Add(100 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	c := &Client{
		ID: id, Room: r.ID, Base: r.base, Wait: 10 * time.Second, journal: r.journal, token: signed,
		HTTP: &http.Client{Transport: &Recorder{Next: transport, Journal: r.journal, Who: id}},
		view: newView(),
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clients = append(r.clients, c)
	return c
}

// Token is what the participant shows the server.
func (c *Client) Token() string { return c.token }

// Elsewhere returns the same participant at another address, with a connection of
// its own for each request.
func (c *Client) Elsewhere(t testing.TB, base string) *Client {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true
	return &Client{
		ID: c.ID, Room: c.Room, Base: base, Wait: c.Wait, Append: c.Append, journal: c.journal, token: c.token,
		HTTP: &http.Client{Transport: &Recorder{Next: transport, Journal: c.journal, Who: c.ID}},
		view: newView(),
	}
}

// everybody returns the participants.
func (r *Room) everybody() []*Client {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.clients[:len(r.clients):len(r.clients)]
}

// Refusal is an answer that says no.
type Refusal struct {
	Status int
	Code   protocol.Code
	Header http.Header
}

func (r *Refusal) Error() string { return fmt.Sprintf("refused: %d %s", r.Status, r.Code) }

// Again reports whether the request may be made again: what a client does that
// wants to get through. An error that is no refusal is one of the connection.
func Again(err error) bool {
	var refused *Refusal
	if !errors.As(err, &refused) {
		return err != nil && !errors.Is(err, ErrDiffers)
	}
	switch refused.Status {
	case http.StatusConflict, http.StatusLocked, http.StatusTooManyRequests, http.StatusRequestTimeout:
		return true
	}
	return refused.Status >= 500
}

// CodeOf is the code of a refusal, "" for any other error.
func CodeOf(err error) protocol.Code {
	var refused *Refusal
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}

// Persist calls try until it gets through, is refused for good, or ctx ends.
func Persist(ctx context.Context, try func(context.Context) error) error {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		err := try(ctx)
		if !Again(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// Do sends a request to a path of the server and returns its answer, whose body
// the caller closes. Any status but 2xx is a *Refusal. headers are names and
// values in turn.
func (c *Client) Do(ctx context.Context, method, path string, body io.Reader, headers ...string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.Base+path, body)
	if err != nil {
		return nil, err
	}
	if part, ok := body.(*pacedReader); ok {
		request.ContentLength = part.left
		if part.left == 0 {
			request.Body = http.NoBody
		}
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		defer response.Body.Close()
		refused := &Refusal{Status: response.StatusCode, Header: response.Header}
		var problem struct {
			Code protocol.Code `json:"code"`
		}
		if json.NewDecoder(response.Body).Decode(&problem) == nil {
			refused.Code = problem.Code
		} else if response.StatusCode == http.StatusGone { // an answer to HEAD has no words
			refused.Code = protocol.CodeShareEnded
		}
		return nil, refused
	}
	return response, nil
}

// Ask sends a value as JSON, if there is one, and reads the answer into reply, if
// that is not nil. It is no transfer, so it is given up after Wait.
func (c *Client) Ask(ctx context.Context, method, path string, value, reply any, headers ...string) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	var body io.Reader
	if value != nil {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
		headers = append(headers, "Content-Type", "application/json")
	}
	response, err := c.Do(ctx, method, path, body, headers...)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if reply == nil {
		_, err = io.Copy(io.Discard, response.Body)
	} else {
		err = json.NewDecoder(response.Body).Decode(reply)
	}
	return response.Header, err
}

// Share returns a share as the client may see it now.
func (c *Client) Share(ctx context.Context, id protocol.ShareID) (share protocol.Share, err error) {
	_, err = c.Ask(ctx, http.MethodGet, "/v1/shares/"+string(id), nil, &share)
	return share, err
}

// List returns all shares that the client may see, since a cursor.
func (c *Client) List(ctx context.Context, since protocol.Cursor) (all protocol.SharePage, err error) {
	all.Seq = since
	for all.More = true; all.More; {
		var page protocol.SharePage
		if _, err := c.Ask(ctx, http.MethodGet, "/v1/rooms/"+string(c.Room)+"/shares?since="+all.Seq.String(), nil, &page); err != nil {
			return all, err
		}
		if page.Reset {
			all.Shares, all.Reset = nil, true
		}
		all.Seq, all.More, all.Shares = page.Seq, page.More, append(all.Shares, page.Shares...)
	}
	return all, nil
}

// Cancel ends a share: one that is uploading is cancelled, one that is available
// is revoked. It goes on until the server says that it is done.
func (c *Client) Cancel(ctx context.Context, id protocol.ShareID) error {
	end := c.journal.Begin(c.ID, Job{What: "cancel", Share: id})
	err := Persist(ctx, func(ctx context.Context) error {
		_, err := c.Ask(ctx, http.MethodDelete, "/v1/shares/"+string(id), nil, nil)
		return err
	})
	end(ended(Job{}, err))
	return err
}

// ended completes a job with how it went.
func ended(job Job, err error) Job {
	switch {
	case err == nil:
		job.Outcome = Completed
	case CodeOf(err) == protocol.CodeShareEnded:
		job.Outcome, job.Err = Cancelled, err.Error()
	default:
		job.Outcome, job.Err = Failed, err.Error()
	}
	return job
}
