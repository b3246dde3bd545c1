package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// rotated runs do for each peer in each round, in an order that begins with
// another peer each time: whatever the machine does meanwhile hits all alike.
func (b *bench) rotated(peers []*peer, do func(round int, p *peer) error) error {
	for round := range b.rounds {
		at := round % len(peers)
		for _, p := range slices.Concat(peers[at:], peers[:at]) {
			if err := do(round, p); err != nil {
				return fmt.Errorf("round %d: %w", round+1, err)
			}
		}
		fmt.Fprintf(b.progress, "round %d of %d\n", round+1, b.rounds)
	}
	return nil
}

// warmUp lets each server load its code and grow its pools.
func (b *bench) warmUp(ctx context.Context, peers []*peer) error {
	for _, p := range peers {
		for _, size := range []int64{min(int64(b.size), 16<<20), smallFile} {
			if _, _, err := b.trip(ctx, p, trip{files: 10, size: size, lanes: 2, passes: 1}); err != nil {
				return fmt.Errorf("warming up: %w", err)
			}
		}
	}
	return nil
}

// record makes one trip, from the same start for every server: nothing left to
// write back, and memory for the files at hand.
func (b *bench) record(ctx context.Context, p *peer, t trip, up, down *result) error {
	if err := b.warmPages(int64(t.files) * t.size); err != nil {
		return err
	}
	sent, received, err := b.trip(ctx, p, t)
	if err != nil {
		return err
	}
	up.add(p, sent)
	down.add(p, received)
	return nil
}

// warmPages makes that n bytes of files find memory that the machine has. In a
// virtual machine the host takes free memory away, and to get it back costs a
// write ten times what is measured here; but what a deleted file had is free
// and still there.
func (b *bench) warmPages(n int64) error {
	name := filepath.Join(b.dir, "ballast")
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = b.body.of(n + n/4 + 16<<20).WriteTo(file)
	return errors.Join(err, file.Close(), settle(b.dir), os.Remove(name))
}

// trip says what goes to a server and comes back.
type trip struct {
	files  int
	size   int64 // bytes of each
	lanes  int   // connections that share the work
	passes int   // how often each file is downloaded
	verify bool  // compare the SHA-256 of what comes back, outside of what is measured
}

// trip measures both ways.
func (b *bench) trip(ctx context.Context, p *peer, t trip) (up, down sample, err error) {
	lanes, hangUp, err := dialAll(ctx, p.address, t.lanes)
	if err != nil {
		return up, down, err
	}
	defer hangUp()
	visit, err := p.dialect.enter(lanes[0])
	if err != nil {
		return up, down, fmt.Errorf("%s: %w", p.name, err)
	}
	body, names := b.body.of(t.size), make([]string, t.files)
	up, err = p.measure(func() error {
		return share(lanes, t.files, func(c *connection, i int) (err error) {
			names[i], err = visit.put(c, body)
			return err
		})
	})
	if err != nil {
		return up, down, err
	}
	if t.verify {
		if err := verify(visit, lanes[0], body, names); err != nil {
			return up, down, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	down, err = p.measure(func() error {
		return share(lanes, t.files*t.passes, func(c *connection, i int) error {
			return visit.get(c, names[i%t.files], nil)
		})
	})
	return up, down, err
}

// verify downloads every file and compares its SHA-256 with what was sent.
func verify(v visit, c *connection, body payload, names []string) error {
	want := sha256.New()
	body.WriteTo(want) // a hash never fails
	for _, name := range names {
		got := sha256.New()
		if err := v.get(c, name, got); err != nil {
			return err
		}
		if !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
			return errors.New("what came back is not what was sent")
		}
	}
	return nil
}

// share spreads n pieces of work over the connections.
func share(lanes []*connection, n int, work func(c *connection, i int) error) error {
	var next atomic.Int64
	var group errgroup.Group
	for _, c := range lanes {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if err := work(c, i); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

func dialAll(ctx context.Context, address string, n int) (lanes []*connection, hangUp func(), err error) {
	hangUp = func() {
		for _, c := range lanes {
			c.close()
		}
	}
	for range n {
		c, err := dial(ctx, address)
		if err != nil {
			hangUp()
			return nil, nil, err
		}
		lanes = append(lanes, c)
	}
	return lanes, hangUp, nil
}
