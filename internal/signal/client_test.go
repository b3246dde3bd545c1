package signal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/limit"
	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/internal/signal"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/sqlite/sqlitetest"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

func TestMain(m *testing.M) {
	// The library's own workers nap for a second before they see that the node
	// was shut down, which is longer than goleak waits.
	goleak.VerifyTestMain(m, goleak.Cleanup(enginetest.Exit),
		goleak.IgnoreAnyFunction("github.com/centrifugal/centrifuge/internal/dissolve.(*Dissolver).runWorker"))
}

// patience bounds what a test waits for, so that it says what did not come.
const patience = time.Minute

var (
	devKey = []byte("devkey")
	limits = protocol.Limits{ParticipantsPerRoom: 5, ReconnectSeconds: 10, MessageBytes: 1 << 10, RecipientsPerRequest: 5}
)

// watched is a room.Service that tells of ends, and that can hold a Join up
// after it has happened.
type watched struct {
	*room.Service
	away chan string // connections whose end was noted
	// entering, if set, hears of each Join that begins (1) and that ends (-1).
	entering func(by int64)

	mu   sync.Mutex
	hold func(ctx context.Context, connection string)
}

func (w *watched) Join(ctx context.Context, e room.Entrant, connection string) (protocol.Welcome, error) {
	if w.entering != nil {
		w.entering(1)
		defer w.entering(-1)
	}
	welcome, err := w.Service.Join(ctx, e, connection)
	w.mu.Lock()
	hold := w.hold
	w.mu.Unlock()
	if hold != nil {
		hold(ctx, connection)
	}
	return welcome, err
}

func (w *watched) holding(hold func(context.Context, string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hold = hold
}

func (w *watched) Away(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID, connection string) error {
	err := w.Service.Away(ctx, room, id, connection)
	w.away <- connection
	return err
}

// stand is an Edge with everything that it stands on.
type stand struct {
	edge    *signal.Edge
	rooms   *watched
	records *store.DB
	web     *httptest.Server
	room    protocol.RoomID

	database string // of a node
}

// newStand returns one that serves alone, unless change has it be a node.
func newStand(t testing.TB, change func(*signal.Config), before ...func(*signal.Edge)) *stand {
	t.Helper()
	s := newStandOn(t, sqlitetest.Open(t, filepath.Join(t.TempDir(), "handout.db")), change, before...)
	r, err := s.rooms.Create(t.Context(), "dev", room.Details{Name: "Physics 101"})
	if err != nil {
		t.Fatal(err)
	}
	s.room = r.ID
	return s
}

// newStandOn returns a stand without a room on records, which it closes.
func newStandOn(t testing.TB, records *store.DB, change func(*signal.Config), before ...func(*signal.Edge)) *stand {
	t.Helper()
	config := signal.Config{
		Tokens:  token.Keys{"dev": {devKey}, "other": {[]byte("otherkey")}},
		Rejoins: limit.Rate{PerSecond: 1, Burst: 1000}, // some tests come and go all the time
		Records: records,
	}
	if change != nil {
		change(&config)
	}
	edge, err := signal.New(config)
	if err != nil {
		t.Fatal(err)
	}
	rooms := &watched{
		Service: room.New(room.Config{Records: records, Push: edge, Limits: limits}),
		away:    make(chan string, 100),
	}
	for _, prepare := range before {
		prepare(edge)
	}
	if err := edge.Start(rooms); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /ws", edge.WebsocketHandler())
	mux.Handle("POST /stream", edge.HTTPStreamHandler())
	mux.Handle("POST /emulation", edge.EmulationHandler())
	s := &stand{edge: edge, rooms: rooms, records: records, web: httptest.NewServer(mux)}
	t.Cleanup(func() {
		patient, stop := context.WithTimeout(context.Background(), patience)
		defer stop()
		if err := errors.Join(edge.Shutdown(patient), edge.Close()); err != nil {
			t.Error(err)
		}
		s.web.CloseClientConnections()
		s.web.Close()
		http.DefaultClient.CloseIdleConnections()
		if err := records.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *stand) claims(id protocol.ParticipantID) token.Claims {
	return token.Claims{
		App: "dev", Participant: id, Room: s.room, Name: "N " + string(id), Role: token.Member,
		Grants: token.Member.Grants(), ExpiresAt: time.Now().Add(time.Hour),
	}
}

func signed(t testing.TB, key []byte, c token.Claims) string {
	t.Helper()
	credential, err := token.Sign(key, c)
	if err != nil {
		t.Fatal(err)
	}
	return credential
}

// frame is a reply or a push of the centrifuge protocol, as far as we use it.
type frame struct {
	ID    int `json:"id"`
	Error *struct {
		Code int `json:"code"`
	} `json:"error"`
	Connect *struct {
		Client  string                     `json:"client"`
		Session string                     `json:"session"`
		Node    string                     `json:"node"`
		Data    json.RawMessage            `json:"data"`
		Subs    map[string]json.RawMessage `json:"subs"`
	} `json:"connect"`
	Push *struct {
		Channel string `json:"channel"`
		Pub     *struct {
			Data json.RawMessage `json:"data"`
		} `json:"pub"`
	} `json:"push"`
}

// client speaks the centrifuge protocol (JSON) over a WebSocket.
type client struct {
	t       testing.TB
	ws      *websocket.Conn
	pending []frame
	early   []frame // pushes that came while it connected
	id      string  // of its connection
}

func (s *stand) dial(t testing.TB) *client {
	t.Helper()
	ws, response, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.web.URL, "http")+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	if response.Body != nil {
		response.Body.Close()
	}
	t.Cleanup(func() { ws.CloseNow() })
	ws.SetReadLimit(signal.QueueBytes) // what has waited may come in one message
	return &client{t: t, ws: ws}
}

// connect joins as the participant and returns once the reply is there.
func (s *stand) connect(t *testing.T, id protocol.ParticipantID) *client {
	t.Helper()
	c := s.dial(t)
	c.join(signed(t, devKey, s.claims(id)))
	return c
}

// half begins to connect a participant, up to where it has its place in the room. It is
// open some time after release.
func (s *stand) half(t *testing.T, id protocol.ParticipantID) (c *client, release func()) {
	t.Helper()
	joined, released := make(chan struct{}), make(chan struct{})
	s.rooms.holding(func(context.Context, string) {
		s.rooms.holding(nil)
		close(joined)
		<-released
	})
	c = s.dial(t)
	c.say(connectCommand(signed(t, devKey, s.claims(id))))
	<-joined
	return c, func() { close(released) }
}

// join connects with the credential and returns once the reply is there.
func (c *client) join(credential string) {
	c.t.Helper()
	c.say(connectCommand(credential))
	c.welcomed()
}

// welcomed returns once the reply to the connect command is there.
func (c *client) welcomed() {
	c.t.Helper()
	reply, code := c.next()
	if code != 0 || reply.Connect == nil {
		c.t.Fatalf("connecting: %+v, close code %d", reply, code)
	}
	c.id = reply.Connect.Client
	// One command is done before the next begins: after this refusal, the
	// connection hears everything.
	c.say(`{"id":2,"rpc":{"method":"none","data":{}}}`)
	for reply.ID != 2 {
		f, code := c.next()
		if code != 0 {
			c.t.Fatalf("connecting: close code %d", code)
		}
		if f.Push != nil {
			c.early = append(c.early, f)
		}
		reply = f
	}
}

func connectCommand(credential string) string {
	return `{"id":1,"connect":{"token":"` + credential + `"}}`
}

func (c *client) say(command string) {
	c.t.Helper()
	if err := c.ws.Write(c.t.Context(), websocket.MessageText, []byte(command)); err != nil {
		c.t.Fatal(err)
	}
}

// next returns the next reply or push, or the code that the server closed with.
func (c *client) next() (frame, websocket.StatusCode) {
	c.t.Helper()
	for {
		for len(c.pending) > 0 {
			f := c.pending[0]
			c.pending = c.pending[1:]
			if f.ID != 0 || f.Push != nil && f.Push.Pub != nil {
				return f, 0
			}
		}
		patient, stop := context.WithTimeout(c.t.Context(), patience)
		_, message, err := c.ws.Read(patient)
		stop()
		if err != nil {
			code := websocket.CloseStatus(err)
			if code < 0 {
				c.t.Fatalf("the connection broke: %v", err)
			}
			return frame{}, code
		}
		for line := range bytes.Lines(message) {
			var f frame
			if err := json.Unmarshal(line, &f); err != nil {
				c.t.Fatalf("%s: %v", line, err)
			}
			c.pending = append(c.pending, f)
		}
	}
}

// event returns the next event that is pushed.
func (c *client) event() protocol.Event {
	c.t.Helper()
	_, event := c.push()
	return event
}

// push returns the next push and the event in it.
func (c *client) push() (frame, protocol.Event) {
	c.t.Helper()
	var f frame
	var code websocket.StatusCode
	if len(c.early) > 0 {
		f, c.early = c.early[0], c.early[1:]
	} else {
		f, code = c.next()
	}
	if code != 0 || f.Push == nil {
		c.t.Fatalf("no push: %+v, close code %d", f, code)
	}
	var event protocol.Event
	if err := json.Unmarshal(f.Push.Pub.Data, &event); err != nil {
		c.t.Fatal(err)
	}
	return f, event
}

// closed returns the code that the server closes with, whatever comes before.
func (c *client) closed() protocol.CloseCode {
	c.t.Helper()
	for {
		if _, code := c.next(); code != 0 {
			return protocol.CloseCode(code)
		}
	}
}
