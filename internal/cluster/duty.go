package cluster

import (
	"context"
	"slices"
	"time"

	"github.com/handout-rtc/handout/internal/store"
)

// A duty is what one node of the cluster does at a time. It goes over to another when
// its node is dead or has left.

// OnDuty reports whether the duty is this node's, as far as it knows. One that is not
// heard of ends its duties a little before others may take them.
func (n *Node) OnDuty(name string) bool {
	return n.heardWithin(store.NodeDead-2*dutyEvery) == nil && n.view.Load().duties[name] == n.ID
}

// takeDuties takes over what nobody does.
func (n *Node) takeDuties(ctx context.Context) error {
	taken := false
	for _, name := range n.Duties {
		now, assigned := n.view.Load().duties[name]
		if assigned && (now == n.ID || n.known(now)) {
			continue
		}
		mine, err := n.Registry.TakeDuty(ctx, name, n.ID)
		if err != nil {
			return err
		}
		if mine {
			n.Log.Info("on duty", "duty", name, "node", n.ID, "before", now)
			taken = true
		}
	}
	if taken {
		return n.look(ctx)
	}
	return nil
}

// dutyEvery is how soon it is seen that a duty was taken or lost.
const dutyEvery = 250 * time.Millisecond

// RunDuty calls run while the duty is this node's, each time with a context that ends
// when it is so no more, until ctx ends.
func (n *Node) RunDuty(ctx context.Context, name string, run func(context.Context)) {
	if !slices.Contains(n.Duties, name) {
		panic("no duty of this node: " + name)
	}
	tick := time.NewTicker(dutyEvery)
	defer tick.Stop()
	stop := func() {}
	defer func() { stop() }()
	for running := false; ; {
		if on := n.OnDuty(name); on != running {
			stop()
			stop, running = n.startDuty(ctx, on, run)
		}
		select {
		case <-ctx.Done():
			return
		case <-n.leaving:
			stop()
			return
		case <-tick.C:
		}
	}
}

// startDuty begins a duty, if it is this node's and the node has not left.
func (n *Node) startDuty(ctx context.Context, on bool, run func(context.Context)) (stop func(), running bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !on || n.left {
		return func() {}, false
	}
	n.atWork.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer n.atWork.Done()
		run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}, true
}

// dutiesEnd returns when this node does no duty any more, or ctx ends.
func (n *Node) dutiesEnd(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.atWork.Wait()
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
