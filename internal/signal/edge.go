// Package signal is the push edge: it lets connections in over the centrifuge
// protocol, tells participants what happened, and ends connections with a code
// that says whether to come back.
//
// A push is a hint, the store is the truth: there is no history and no
// recovery here, and a client asks for nothing over a connection but to
// connect. [Announcer] carries the store's outbox to the streams.
package signal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/handout-rtc/handout/internal/limit"
	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// Verifier tells what a token says, or that it says nothing.
type Verifier interface {
	Verify(token string, now time.Time) (token.Claims, error)
	// Trusts reports whether the key that has signed such claims still counts.
	Trusts(app, keyID string) bool
}

// Rooms is who decides who is here.
type Rooms interface {
	Join(ctx context.Context, e room.Entrant, connection string) (protocol.Welcome, error)
	Away(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID, connection string) error
}

// Config says how an Edge works. Tokens is required.
type Config struct {
	Tokens Verifier
	// AllowOrigin reports whether a page of the request's origin may connect;
	// nil means the server's own origin alone.
	AllowOrigin func(*http.Request) bool
	// MaxConnections bounds the connections; zero means 20,000.
	MaxConnections int
	// MaxConnecting bounds those that join their rooms at the same time; zero
	// means 64. The others wait.
	MaxConnecting int
	// Connects bounds how fast connections are let in, the others wait for their
	// turn; zero means 2000 a second, 2000 at once.
	Connects limit.Rate
	// Rejoins bounds how fast one participant connects; zero means once a second,
	// 20 times at once.
	Rejoins limit.Rate
	// Commands bounds what one connection asks for; zero means 50 a second, 100 at
	// once.
	Commands limit.Rate
	// Refused is told which limit, by its flag, has refused something; nil means
	// that nobody counts.
	Refused func(limit string)
	// Redis is the address of the Redis that the nodes of a cluster have in common; ""
	// for a process that serves alone. See CheckRedisURL.
	Redis string
	// Records is the store, which a node of a cluster holds its connections against.
	// Required with Redis.
	Records Records
	// Metrics takes the library's metrics; nil means that nobody reads them.
	Metrics *prometheus.Registry
	// Now is the clock that tokens are held against; nil means time.Now.
	Now func() time.Time
	// Log is never nil after New; nil means discard.
	Log *slog.Logger
}

// Edge holds the connections. It is safe for concurrent use.
type Edge struct {
	Config
	node  *centrifuge.Node
	rooms Rooms
	ends  sync.WaitGroup // connections whose end is not noted yet
	gate  chan struct{}  // holds a value for each connection that joins its room
	pace  *rate.Limiter  // of those that come to the gate
	again *limit.Rates[rejoiner]

	changes atomic.Int64 // connections that have opened or ended

	in         *inbound
	remote     *remote // what follows is of a cluster; nil without one
	crowds     *crowds
	hints      chan hint               // to be sent
	hinted     func(way string)        // counts hints
	retold     atomic.Int64            // streams whose followers were told how far they are
	noise      *rate.Limiter           // of what the library has to say while Redis is away
	heardHints map[string]func(string) // by kind; not changed after Start

	mu          sync.Mutex
	connections map[string]*connection   // by the connection's id
	opening     map[*connection]struct{} // those that may miss what is published now
	quiet       map[protocol.RoomID][]*connection
	stopping    bool
}

// QueueBytes is how much waits for a client that does not read; then it is cut
// off. What one request tells its sender must fit.
const QueueBytes = 512 << 10

const (
	maxCommand = 64 << 10
	readBuffer = 256 // what clients say is short, but for the token
	// messagesInFrame are written at once, if as many wait.
	messagesInFrame = 64
	turnAfter       = 10 * time.Second
	staleAfter      = 20 * time.Second // more: who is closed for this does not come back
	noteEndTimeout  = 5 * time.Second
)

// New returns an Edge that lets nobody in until Start.
func New(c Config) (*Edge, error) {
	if c.MaxConnections == 0 {
		c.MaxConnections = 20_000
	}
	if c.MaxConnecting == 0 {
		c.MaxConnecting = 64
	}
	c.Connects = c.Connects.Or(limit.Rate{PerSecond: 2000, Burst: 2000})
	c.Commands = c.Commands.Or(limit.Rate{PerSecond: 50, Burst: 100})
	if c.Refused == nil {
		c.Refused = func(string) {}
	}
	if c.Metrics == nil {
		c.Metrics = prometheus.NewRegistry() // two nodes must not share the default one
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	e := &Edge{
		Config: c, gate: make(chan struct{}, c.MaxConnecting), connections: make(map[string]*connection), opening: make(map[*connection]struct{}),
		quiet: make(map[protocol.RoomID][]*connection), heardHints: make(map[string]func(string)),
		pace:  rate.NewLimiter(rate.Limit(c.Connects.PerSecond), c.Connects.Burst),
		again: limit.NewRates[rejoiner](c.Rejoins.Or(limit.Rate{PerSecond: 1, Burst: 20}), mostRejoining),
	}
	node, err := centrifuge.New(centrifuge.Config{
		LogLevel: centrifuge.LogLevelWarn, LogHandler: e.log,
		ClientQueueMaxSize: QueueBytes, ClientStaleCloseDelay: staleAfter,
		ClientChannelLimit: 2, // the two streams, and nothing that a client asks for
		Metrics:            centrifuge.MetricsConfig{RegistererGatherer: c.Metrics},
	})
	if err != nil {
		return nil, fmt.Errorf("making the push edge: %w", err)
	}
	e.node, e.in = node, &inbound{edge: e}
	e.measure()
	return e, e.choose()
}

// choose has the node publish through Redis, or else in memory.
func (e *Edge) choose() error {
	if e.Redis == "" {
		memory, err := centrifuge.NewMemoryBroker(e.node, centrifuge.MemoryBrokerConfig{})
		if err != nil {
			return fmt.Errorf("making the push edge: %w", err)
		}
		e.node.SetBroker(local{memory, e.in})
		return nil
	}
	if err := CheckRedisURL(e.Redis); err != nil {
		return fmt.Errorf("the address of Redis: %w", err)
	}
	e.remote = newRemote(e.node, e.Redis, e.noteRedis)
	e.crowds = &crowds{records: e.Records, rooms: make(map[protocol.RoomID]crowd)}
	e.hints, e.noise = make(chan hint, mostHints), rate.NewLimiter(rate.Every(10*time.Second), 10)
	e.OnHint(disconnectHint, e.toDisconnect)
	e.node.SetBroker(across{e.remote, e.in})
	return nil
}

// local is the broker of a process that serves alone.
type local struct {
	*centrifuge.MemoryBroker
	in *inbound
}

// RegisterBrokerEventHandler implements centrifuge.Broker.
func (l local) RegisterBrokerEventHandler(h centrifuge.BrokerEventHandler) error {
	l.in.BrokerEventHandler = h
	return l.MemoryBroker.RegisterBrokerEventHandler(l.in)
}

// across is the broker of a node of a cluster.
type across struct {
	*remote
	in *inbound
}

// RegisterBrokerEventHandler implements centrifuge.Broker.
func (a across) RegisterBrokerEventHandler(h centrifuge.BrokerEventHandler) error {
	a.in.BrokerEventHandler = h
	return a.remote.RegisterBrokerEventHandler(a.in)
}

// noteRedis notes in the log that Redis is there, or why it is not.
func (e *Edge) noteRedis(err error) {
	if err == nil {
		e.Log.Info("push: Redis is there")
		return
	}
	e.Log.Error("push: Redis is away; participants are told of changes a moment later, by looking into the store, and messages are refused", "err", err)
}

// Start begins to let participants into the rooms. Call it once, before the
// handlers serve.
func (e *Edge) Start(rooms Rooms) error {
	e.rooms = rooms
	e.node.OnConnecting(e.connecting)
	e.node.OnConnect(e.connected)
	e.node.OnCommandRead(e.heard)
	if err := e.node.Run(); err != nil {
		return fmt.Errorf("starting the push edge: %w", err)
	}
	return nil
}

// Shutdown ends every connection with CloseStopping and waits for them until
// ctx ends. The participants are not noted as away: the grace of who was here
// begins when the server is back. What is published afterwards is heard at other
// nodes, until Close.
func (e *Edge) Shutdown(ctx context.Context) error {
	e.mu.Lock()
	e.stopping = true
	e.mu.Unlock()
	e.disconnect(protocol.CloseStopping, func(*connection) bool { return true })
	done := make(chan struct{})
	go func() { defer close(done); e.ends.Wait() }()
	select {
	case <-done:
	case <-ctx.Done():
	}
	if err := e.node.Shutdown(ctx); err != nil {
		return fmt.Errorf("stopping the push edge: %w", err)
	}
	return nil
}

// Close lets go of Redis. Call it when nobody publishes any more, and after Shutdown if
// there was a Start; it may be called twice.
func (e *Edge) Close() error {
	if e.remote != nil {
		e.remote.close()
	}
	return nil
}

// Connections returns how many there are, those included that are joining.
func (e *Edge) Connections() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.connections)
}

// Connecting returns how many join their rooms now.
func (e *Edge) Connecting() int { return len(e.gate) }

// Publish sends the event to a participant, or to everybody in the room when
// participant is "". It does not wait for anybody to receive it. What the store
// keeps goes through an Announcer instead.
func (e *Edge) Publish(room protocol.RoomID, participant protocol.ParticipantID, event protocol.Event) error {
	data, err := event.JSON()
	if err != nil {
		return fmt.Errorf("writing an event: %w", err)
	}
	return e.publish(room, participant, data)
}

// Listening returns how many connections hear what is published to everybody in the
// room. In a cluster, those who came to other nodes in the last five seconds may be
// missing.
func (e *Edge) Listening(room protocol.RoomID) int {
	e.mu.Lock()
	quiet := len(e.quiet[room])
	e.mu.Unlock()
	here := e.node.Hub().NumSubscribers(channel(room, "")) + quiet
	if e.crowds == nil {
		return here
	}
	return max(here, e.crowds.size(room))
}

func (e *Edge) publish(room protocol.RoomID, participant protocol.ParticipantID, event []byte) error {
	_, err := e.node.Publish(channel(room, participant), event)
	if errors.Is(err, errAway) {
		return protocol.WrapError(protocol.CodeUnavailable, "nothing can be passed on to others at the moment", err)
	}
	if err != nil {
		return fmt.Errorf("publishing an event: %w", err)
	}
	return nil
}

// disconnectHere ends a connection of this node, and reports whether it is one.
func (e *Edge) disconnectHere(id string, code protocol.CloseCode) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.connections[id]
	if c != nil {
		c.disconnectLocked(code)
	}
	return c != nil
}

// DisconnectRoom ends every connection that this node has of a room. Each node hears of
// the end of a room itself.
func (e *Edge) DisconnectRoom(room protocol.RoomID, code protocol.CloseCode) {
	e.disconnect(code, func(c *connection) bool { return c.room == room })
}

// Expel ends every connection of this node whose key is not trusted any more. Call it
// when keys were taken away.
func (e *Edge) Expel() {
	e.disconnect(protocol.CloseUnauthenticated, func(c *connection) bool { return !e.Tokens.Trusts(c.app, c.keyID) })
}

func (e *Edge) disconnect(code protocol.CloseCode, which func(*connection) bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.connections {
		if which(c) {
			c.disconnectLocked(code)
		}
	}
}

// log passes on what the library has to say. Its fields may hold what clients
// sent, so only the error and the identifiers go into the log.
func (e *Edge) log(entry centrifuge.LogEntry) {
	if e.noise != nil && !e.noise.Allow() {
		return // that Redis is away was said, and the library says so each time that it tries
	}
	level := slog.LevelWarn
	if entry.Level >= centrifuge.LogLevelError && !errors.Is(entry.Error, context.Canceled) {
		level = slog.LevelError
	}
	e.Log.Log(context.Background(), level, "push: "+entry.Message, "connection", entry.Fields["client"], "err", entry.Error)
}
