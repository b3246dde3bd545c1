// Package cluster makes a server process a node among others: it says that the node
// is there, knows which others are, and has an upload that another node holds handed
// over, or read there while it comes in (docs/decisions/0030).
//
// It is an edge, as package webhook: nodes speak HTTP to each other, on a listener of
// their own. What they say are requests to do now what would happen anyway, a moment
// later; the store is the truth.
package cluster

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Registry is who is there; see store.DB.
type Registry interface {
	Enter(ctx context.Context, n store.Node) error
	Beat(ctx context.Context, n store.Node) (lapsed bool, err error)
	Exit(ctx context.Context, node string) error
	Cluster(ctx context.Context) (store.Cluster, error)
	TakeDuty(ctx context.Context, name, node string) (mine bool, err error)
	TakeUpload(ctx context.Context, id protocol.ShareID, fence int64) (store.Share, error)
}

// Presence is what is cleared away behind nodes that have died; see store.DB.
type Presence interface {
	DeadAway(ctx context.Context, now time.Time) (int, error)
	ForgetNodes(ctx context.Context) error
}

// Config says who a Node is. All but the fields whose comment names a default is
// required.
type Config struct {
	Registry Registry
	Presence Presence
	Looks    Looks
	// URL is where other nodes reach this one: http:// and an address.
	URL string
	// Secret signs what nodes say to each other. All have the same.
	Secret []byte
	// Duties are those that this node can have.
	Duties []string
	// Every is the pause between two heartbeats; zero means a second.
	Every time.Duration
	// Now is the clock, which nobody sets; nil means time.Now.
	Now func() time.Time
	// Log is never nil after New; nil means discard.
	Log *slog.Logger
}

// Node is this process among the others. It is safe for concurrent use. Call Start,
// then Run, and Leave at the end.
type Node struct {
	Config
	// ID names the node, anew at each start.
	ID string

	reach reach // what connects to other nodes

	view      atomic.Pointer[view]
	following atomic.Int64  // open streams
	fencing   *time.Timer   // fires when the node was not heard of for too long
	beating   chan struct{} // holds a value while the view is being read

	cleared   string    // nodes behind which was cleared away, of Run alone
	clearedAt time.Time // when

	hints   chan protocol.ShareID // see Hint
	leaving chan struct{}         // closed by Leave
	atWork  sync.WaitGroup        // duties that are being done; none is added when the node has left

	registering sync.Mutex // held while the registry is told of this node
	mu          sync.Mutex
	heard       time.Time         // when the last heartbeat that was taken began; guarded by mu, as all below
	since       time.Time         // since when heartbeats have been taken without a gap
	left        bool              // Leave was called
	ties        map[*tie]struct{} // what waits for other nodes
	fenced      []func()          // see OnFenced
}

// New returns a Node that nobody knows of yet.
func New(c Config) *Node {
	if c.Every == 0 {
		c.Every = time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	n := &Node{
		Config: c, ID: "nd_" + strings.ToLower(rand.Text()), beating: make(chan struct{}, 1), leaving: make(chan struct{}), hints: make(chan protocol.ShareID, 100), ties: make(map[*tie]struct{}),
		reach: newReach(),
	}
	n.view.Store(&view{nodes: map[string]store.Node{}})
	return n
}

// OnFenced has f called, from a goroutine, when this node cannot know any more whether
// the others think it dead: what it holds may be theirs. Call it before Start.
func (n *Node) OnFenced(f func()) { n.fenced = append(n.fenced, f) }

// self is what the registry knows of this node.
func (n *Node) self() store.Node { return store.Node{ID: n.ID, URL: n.URL} }

// Healthy returns nil while this node is heard of, so that no other takes what it
// holds: by its own clock, and by when it began to say so.
func (n *Node) Healthy() error { return n.heardWithin(store.NodeDead) }

func (n *Node) heardWithin(d time.Duration) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.left:
		return protocol.NewError(protocol.CodeUnavailable, "the node leaves the cluster")
	case n.heard.IsZero() || n.Now().Sub(n.heard) >= d:
		return protocol.NewError(protocol.CodeUnavailable, "the node cannot reach the records, and others may take what it holds")
	}
	return nil
}
