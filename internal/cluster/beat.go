package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/handout-rtc/handout/internal/store"
)

// view is the cluster as it was read last.
type view struct {
	nodes  map[string]store.Node
	duties map[string]string
	read   time.Time     // by the node's clock
	ahead  time.Duration // the store's clock is so far ahead of that
}

// beatTimeout bounds what one heartbeat may take; a later one may do better.
const beatTimeout = 2 * time.Second

// Start makes the node known. Call it before anything is served.
func (n *Node) Start(ctx context.Context) error {
	began := n.Now()
	if err := n.Registry.Enter(ctx, n.self()); err != nil {
		return fmt.Errorf("entering the cluster: %w", err)
	}
	n.taken(began)
	if err := n.look(ctx); err != nil {
		return err
	}
	n.Log.Info("node of a cluster", "node", n.ID, "url", n.URL, "others", len(n.others()))
	return nil
}

// Run says that the node is there, and looks after what others leave, until ctx ends.
func (n *Node) Run(ctx context.Context) {
	tick := time.NewTicker(n.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := n.beat(ctx); err != nil && ctx.Err() == nil {
			n.Log.Warn("heartbeat failed", "node", n.ID, "err", err)
		}
	}
}

// Leave makes known that the node has ended: others take over at once what it held.
// Call it when nothing is written any more.
func (n *Node) Leave(ctx context.Context) error {
	n.mu.Lock()
	if !n.left {
		n.left = true
		close(n.leaving)
	}
	if n.fencing != nil {
		n.fencing.Stop()
	}
	n.mu.Unlock()
	n.dutiesEnd(ctx)
	n.cutTies(func(string) bool { return true })
	n.reach.client.CloseIdleConnections()
	n.registering.Lock() // no heartbeat comes after it
	defer n.registering.Unlock()
	if err := n.Registry.Exit(ctx, n.ID); err != nil {
		return fmt.Errorf("leaving the cluster: %w", err)
	}
	return nil
}

// beat is one heartbeat, and what follows from what it finds.
func (n *Node) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	lapsed, err := n.register(ctx)
	if err != nil {
		return err
	}
	if lapsed {
		// Participants whose connections are here may be away by now: whoever holds the
		// connections against the store sees it.
		n.Log.Warn("the node was thought dead", "node", n.ID)
	}
	if err := n.look(ctx); err != nil {
		return err
	}
	if err := n.takeDuties(ctx); err != nil {
		return err
	}
	return n.clearAway(ctx)
}

// register says that the node is there, unless it has left.
func (n *Node) register(ctx context.Context) (lapsed bool, err error) {
	n.registering.Lock()
	defer n.registering.Unlock()
	n.mu.Lock()
	left := n.left
	n.mu.Unlock()
	if left {
		return false, nil
	}
	began := n.Now()
	if lapsed, err = n.Registry.Beat(ctx, n.self()); err == nil {
		n.taken(began)
	}
	return lapsed, err
}

// taken notes a heartbeat that the store has taken, and when it began: others count
// from a moment that is no earlier.
func (n *Node) taken(began time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.heard.IsZero() || began.Sub(n.heard) >= store.NodeDead {
		n.since = began
	}
	n.heard = began
	left := store.NodeDead - n.Now().Sub(began)
	if n.fencing == nil {
		n.fencing = time.AfterFunc(left, n.fence)
		return
	}
	n.fencing.Reset(left)
}

// fence is called when heartbeats have not been taken for too long.
func (n *Node) fence() {
	if n.Healthy() == nil { // a heartbeat has just been taken
		return
	}
	n.Log.Error("fenced: the records have not been reached, and others may take what this node holds", "node", n.ID)
	for _, f := range n.fenced {
		f()
	}
}

// look reads who is there.
func (n *Node) look(ctx context.Context) error {
	asked := n.Now()
	c, err := n.Registry.Cluster(ctx)
	if err != nil {
		return err
	}
	v := &view{nodes: make(map[string]store.Node, len(c.Nodes)), duties: c.Duties, read: asked, ahead: c.Now.Sub(asked)}
	for _, node := range c.Nodes {
		v.nodes[node.ID] = node
	}
	n.view.Store(v)
	n.cutTies(func(to string) bool { return !n.known(to) })
	return nil
}

// settled reports whether the node has been heard of for so long that every other one
// that lives has been too: after the store was away, all must have their chance before
// any of them is thought dead.
func (n *Node) settled() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.since.IsZero() && n.Now().Sub(n.since) >= store.NodeDead
}

// known reports whether the node is alive, as far as was seen last.
func (n *Node) known(id string) bool {
	node, known := n.view.Load().nodes[id]
	switch {
	case !known, node.SeenAt.IsZero():
		return false
	case node.Alive:
		return true
	}
	return !n.settled()
}

// alive is known, but looks for a node that is new.
func (n *Node) alive(ctx context.Context, id string) bool {
	if _, known := n.view.Load().nodes[id]; !known {
		n.lookNow(ctx)
	}
	return n.known(id)
}

// lookNow reads who is there, unless that is being done: then it waits for that.
func (n *Node) lookNow(ctx context.Context) {
	asked := n.Now()
	select {
	case n.beating <- struct{}{}:
	case <-ctx.Done():
		return
	}
	defer func() { <-n.beating }()
	if !n.view.Load().read.Before(asked) {
		return
	}
	if err := n.look(ctx); err != nil {
		n.Log.Warn("reading the nodes failed", "err", err)
	}
}

// storeTime is when it is by the store's clock, by which all nodes go.
func (n *Node) storeTime() time.Time { return n.Now().Add(n.view.Load().ahead) }

// others returns the nodes that are alive beside this one.
func (n *Node) others() []store.Node {
	var all []store.Node
	for id, node := range n.view.Load().nodes {
		if id != n.ID && n.known(id) {
			all = append(all, node)
		}
	}
	return all
}

// Nodes returns how many nodes are alive, this one included.
func (n *Node) Nodes() int { return len(n.others()) + 1 }

// clearEvery is how often to look again for what has gone with nodes that are known to
// be dead: one that came back for a moment may have left something.
const clearEvery = 5 * time.Second

// clearAway notes what has gone with nodes that have died.
func (n *Node) clearAway(ctx context.Context) error {
	dead := n.dead()
	if !n.settled() || dead == "" || dead == n.cleared && n.Now().Sub(n.clearedAt) < clearEvery {
		return nil
	}
	away, err := n.Presence.DeadAway(ctx, n.Now())
	if err != nil {
		return err
	}
	if away > 0 {
		n.Log.Info("participants of dead nodes are away", "participants", away)
	}
	n.cleared, n.clearedAt = dead, n.Now()
	return n.Presence.ForgetNodes(ctx)
}

// dead names the nodes that are dead, "" for none.
func (n *Node) dead() string {
	var ids []string
	for id, node := range n.view.Load().nodes {
		if !node.Alive {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}
