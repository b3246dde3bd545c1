package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// pushLoad is how much the push workload takes.
type pushLoad struct {
	rooms      []pushRoom
	recipients int // of one share
	shares     int // in one round
	idle       int // participants connected at once
	perRoom    int // of those
	rest       time.Duration
}

// pushRoom is one room whose participants are all told something.
type pushRoom struct {
	listeners, events int // in one round
	interval          time.Duration
}

// fullPush rests for longer than it takes until everybody was pinged.
var fullPush = pushLoad{
	rooms:      []pushRoom{{500, 200, 50 * time.Millisecond}, {2000, 40, 200 * time.Millisecond}},
	recipients: 200, shares: 15,
	idle: 5000, perRoom: 100, rest: 30 * time.Second,
}

// shareInterval leaves time for each share to be told of alone.
const shareInterval = 200 * time.Millisecond

// runPush measures how events reach many, and what those take who wait for them,
// against a minimal server of the library that Handout pushes by.
func runPush(ctx context.Context, b *bench) (*part, error) {
	specs := []spec{baselineSpec(b.self, centrifugeName), b.handoutWith()}
	rooms, shares, err := b.pushRooms(ctx, specs)
	if err != nil {
		return nil, err
	}
	idle := make(map[string][]idleSample)
	for round := range b.rounds {
		if err := b.idleRound(ctx, specs, round, idle); err != nil {
			return nil, fmt.Errorf("%d participants: %w", b.push.idle, err)
		}
		fmt.Fprintf(b.progress, "round %d of %d\n", round+1, b.rounds)
	}
	return &part{
		Bars:     append(roomBars(rooms), b.idleBars(idle)...),
		Sections: []section{roomSection(rooms), b.shareSection(shares), b.idleSection(idle)},
	}, nil
}

// pushRooms measures what needs one process of each server.
func (b *bench) pushRooms(ctx context.Context, specs []spec) (rooms []*roomResult, shares []pushSample, err error) {
	var peers []*peer
	defer func() {
		for _, p := range peers {
			err = errors.Join(err, p.discard())
		}
	}()
	for _, s := range specs {
		p, err := b.start(ctx, s)
		if err != nil {
			return nil, nil, err
		}
		peers = append(peers, p)
	}
	for _, room := range b.push.rooms {
		result, err := b.fanOut(ctx, peers, room)
		if err != nil {
			return nil, nil, fmt.Errorf("a room of %d: %w", room.listeners, err)
		}
		rooms = append(rooms, result)
	}
	shares, err = b.shareOut(ctx, peers[len(peers)-1])
	if err != nil {
		err = fmt.Errorf("a share for %d: %w", b.push.recipients, err)
	}
	return rooms, shares, err
}
