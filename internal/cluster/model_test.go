package cluster_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// gossip is who is thought to be alive. A node that is paused is dead to the others, and
// does not know it: as a process that is stopped and goes on.
type gossip struct {
	*store.DB
	mu     *sync.Mutex
	paused map[string]bool // guarded by mu; shared by all
}

// Cluster implements cluster.Registry.
func (g gossip) Cluster(ctx context.Context) (store.Cluster, error) {
	c, err := g.DB.Cluster(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, n := range c.Nodes {
		if c.Nodes[i].Alive = !g.paused[n.ID]; g.paused[n.ID] {
			c.Nodes[i].SeenAt = time.Time{}
		}
	}
	return c, err
}

// model is one upload at several nodes, with its client.
type model struct {
	*rig
	nodes  []*node
	gossip gossip

	t     *rapid.T
	id    protocol.ShareID
	data  []byte
	acked int64 // what the client was told is kept
	runs  map[*node]*run
}

// run is a request under way.
type run struct {
	*sending
	at int64 // what was fed
}

func newModel(t *testing.T) *model {
	m := &model{rig: newRig(t)}
	m.gossip = gossip{mu: new(sync.Mutex), paused: make(map[string]bool)}
	m.handover, m.every = 40*time.Millisecond, 4*time.Millisecond
	for range 3 {
		n := m.joinWith(func(db *store.DB) registry { g := m.gossip; g.DB = db; return g })
		n.beat()
		m.nodes = append(m.nodes, n)
	}
	return m
}

// sees waits until every node has seen what is thought of the others.
func (m *model) sees() {
	m.gossip.mu.Lock()
	alive := len(m.nodes) - len(m.gossip.paused)
	m.gossip.mu.Unlock()
	m.eventually("the nodes see who is there", func() bool {
		return !slices.ContainsFunc(m.nodes, func(n *node) bool {
			want := alive
			if m.gossip.paused[n.ID] { // it counts itself
				want++
			}
			return n.Nodes() != want
		})
	})
}

func (m *model) pick(what string, is func(*node) bool) *node {
	var fit []*node
	for _, n := range m.nodes {
		if is(n) {
			fit = append(fit, n)
		}
	}
	if len(fit) == 0 {
		m.t.Skip("no node for it")
	}
	return fit[rapid.IntRange(0, len(fit)-1).Draw(m.t, what)]
}

func (m *model) idle(n *node) bool { return m.runs[n] == nil }

// told notes an offset that the client was told just now.
func (m *model) told(s store.Share) {
	if s.Offset < m.acked {
		m.t.Fatalf("the offset went back from %d to %d", m.acked, s.Offset)
	}
	m.acked = s.Offset
}

// ask has the client ask a node for the offset.
func (m *model) ask(*rapid.T) {
	n := m.pick("asked", m.idle)
	s, err := n.uploads.Offset(m.Context(), m.id)
	switch protocol.CodeOf(err) {
	case "":
		m.told(s)
	case protocol.CodeUploadBusy:
	default:
		m.t.Fatalf("asking: %v", err)
	}
}

// begin has the client begin to send what is missing to a node.
func (m *model) begin(*rapid.T) {
	n := m.pick("sent to", m.idle)
	m.runs[n] = &run{sending: n.send(m.id, m.acked), at: m.acked}
}

// feed has a few bytes arrive.
func (m *model) feed(*rapid.T) {
	n := m.pick("fed", func(n *node) bool { return m.runs[n] != nil })
	r := m.runs[n]
	bytes := min(rapid.Int64Range(1, 20_000).Draw(m.t, "bytes"), int64(len(m.data))-r.at)
	select {
	case r.bits <- m.data[r.at : r.at+bytes]:
		if r.at += bytes; r.at == int64(len(m.data)) {
			m.over(n, <-r.result)
		}
	case err := <-r.result:
		m.over(n, err)
	}
}

// finish ends the body of a request.
func (m *model) finish(*rapid.T) {
	n := m.pick("finished", func(n *node) bool { return m.runs[n] != nil })
	close(m.runs[n].ended)
	m.over(n, <-m.runs[n].result)
}

// over notes how a request has ended.
func (m *model) over(n *node, err error) {
	r := m.runs[n]
	delete(m.runs, n)
	switch protocol.CodeOf(err) {
	case "": // which may have been said long ago
		m.acked = max(m.acked, r.share.Offset)
	case protocol.CodeUploadBusy, protocol.CodeUploadPreempted, protocol.CodeOffsetMismatch:
	default:
		m.t.Fatalf("sending: %v", err)
	}
}

func (m *model) pause(*rapid.T) {
	n := m.pick("paused", func(n *node) bool { return !m.gossip.paused[n.ID] })
	m.gossip.mu.Lock()
	m.gossip.paused[n.ID] = true
	m.gossip.mu.Unlock()
	m.sees()
}

func (m *model) goOn(*rapid.T) {
	n := m.pick("going on", func(n *node) bool { return m.gossip.paused[n.ID] })
	m.gossip.mu.Lock()
	delete(m.gossip.paused, n.ID)
	m.gossip.mu.Unlock()
	m.sees()
}

func (m *model) hush(*rapid.T) {
	n := m.pick("silent", func(n *node) bool { return n.silent.Load() == nil })
	silent := make(chan struct{})
	n.silent.Store(&silent)
}

func (m *model) speak(*rapid.T) {
	n := m.pick("speaking", func(n *node) bool { return n.silent.Load() != nil })
	close(*n.silent.Swap(nil))
}

// check holds the record, and the bytes, against what the client was told.
func (m *model) check(*rapid.T) {
	s := m.nodes[0].record(m.id)
	if s.Offset < m.acked || s.State != protocol.Uploading && s.State != protocol.Available {
		m.t.Fatalf("the record is %s at %d, and the client was told %d", s.State, s.Offset, m.acked)
	}
	if s.State == protocol.Available {
		m.wantBytes(s)
	}
}

func (m *model) wantBytes(s store.Share) {
	sum := sha256.Sum256(m.data)
	bytes, err := m.blobs.Open(m.Context(), blob.Key(m.id))
	if err != nil {
		m.t.Fatalf("opening what is available: %v", err)
	}
	all, err := io.ReadAll(bytes)
	if err != nil || string(all) != string(m.data) || s.SHA256 != hex.EncodeToString(sum[:]) {
		m.t.Fatalf("%d bytes are available, of which the record says %s, %v", len(all), s.SHA256, err)
	}
}

// end lets every node go on, and the client send the rest.
func (m *model) end() {
	m.gossip.mu.Lock()
	clear(m.gossip.paused)
	m.gossip.mu.Unlock()
	for _, n := range m.nodes {
		if silent := n.silent.Swap(nil); silent != nil {
			close(*silent)
		}
	}
	m.sees()
	for n, r := range m.runs {
		close(r.ended)
		m.over(n, <-r.result)
	}
	for i := 0; ; i++ {
		n := m.nodes[i%len(m.nodes)]
		s, err := n.uploads.Offset(m.Context(), m.id)
		if err == nil {
			m.told(s)
			if s.State == protocol.Available {
				m.wantBytes(s)
				return
			}
			_, err = n.append(m.id, m.acked, m.data[m.acked:])
		}
		if err != nil && i > 20 {
			m.t.Fatalf("the upload does not come to its end: %v", err)
		}
	}
}

// TestWhateverNodesDoNothingKeptIsLost: an upload is sent to three nodes by turns, of
// which some are thought dead and are not, or do not answer. What its client was told is
// kept stays so, and there is one complete file, of the bytes that were sent.
func TestWhateverNodesDoNothingKeptIsLost(t *testing.T) {
	t.Parallel()
	m := newModel(t)
	rapid.Check(t, func(rt *rapid.T) {
		m.t, m.acked, m.runs = rt, 0, make(map[*node]*run)
		m.data = random(rapid.IntRange(1, 100_000).Draw(rt, "size"))
		m.id = m.nodes[0].offer(len(m.data))
		defer m.end()
		rt.Repeat(map[string]func(*rapid.T){
			"ask": m.ask, "begin": m.begin, "feed": m.feed, "finish": m.finish,
			"pause": m.pause, "go on": m.goOn, "hush": m.hush, "speak": m.speak, "": m.check,
		})
	})
}
