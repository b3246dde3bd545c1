package cluster

import (
	"context"
	"slices"
	"time"
)

// A duty is what one node of the cluster does at a time. It goes over to another when
// its node is dead or has left.

// OnDuty reports whether the duty is this node's, as far as it knows.
func (n *Node) OnDuty(name string) bool {
	return n.Healthy() == nil && n.view.Load().duties[name] == n.ID
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
			if stop, running = (func() {}), on; on {
				stop = start(ctx, run)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// start runs something until it is stopped, which waits for it.
func start(ctx context.Context, run func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}
