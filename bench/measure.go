package main

import (
	"context"
	"errors"
	"fmt"
)

const (
	plainName   = "plain"
	tunedName   = "tuned"
	handoutName = "handout"
)

// measureAll runs the workloads that were asked for.
func (b *bench) measureAll(ctx context.Context, specs []spec) (*report, error) {
	r := &report{Facts: b.facts(), Files: b.files, Size: b.size, Rounds: b.rounds, MemorySize: b.memorySize}
	if b.wants("large") || b.wants("small") {
		if err := b.compare(ctx, specs, r); err != nil {
			return nil, err
		}
	}
	if b.wants("memory") {
		fmt.Fprintln(b.progress, "memory")
		last := specs[len(specs)-1]
		last.name += "-memory" // a process and a directory of its own
		use, err := b.memory(ctx, last)
		if err != nil {
			return nil, err
		}
		r.addMemory(use)
	}
	return r, nil
}

// compare runs all servers side by side.
func (b *bench) compare(ctx context.Context, specs []spec, r *report) (err error) {
	var peers []*peer
	defer func() {
		for _, p := range peers {
			err = errors.Join(err, p.stop())
		}
	}()
	for _, s := range specs {
		p, err := startPeer(ctx, s, b.dir)
		if err != nil {
			return err
		}
		peers = append(peers, p)
	}
	if err := b.warmUp(ctx, peers); err != nil {
		return err
	}
	for _, w := range []struct {
		name string
		run  func() ([]*result, error)
	}{
		{"small", func() ([]*result, error) { return b.small(ctx, peers, 1) }},
		{"small", func() ([]*result, error) { return b.small(ctx, peers, atOnce) }},
		{"large", func() ([]*result, error) { return b.large(ctx, peers) }},
	} {
		if !b.wants(w.name) {
			continue
		}
		fmt.Fprintln(b.progress, w.name)
		results, err := w.run()
		if err != nil {
			return err
		}
		for _, result := range results {
			r.add(result, specs)
		}
	}
	return nil
}

// memoryUse is the most RAM that a server took over what it had when idle.
type memoryUse struct{ Idle, Up, Down int64 }

// memory sends one very large file through a fresh server.
func (b *bench) memory(ctx context.Context, s spec) (use memoryUse, err error) {
	p, err := startPeer(ctx, s, b.dir)
	if err != nil {
		return use, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	up, down, err := b.trip(ctx, p, trip{files: 1, size: int64(b.memorySize), lanes: 1, passes: 1})
	return memoryUse{Idle: p.idle, Up: up.peak, Down: down.peak}, err
}
