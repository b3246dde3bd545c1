package main

import (
	"context"
	"fmt"
	"time"
)

// pushSample is what one round of telling took.
type pushSample struct {
	p50, p99 time.Duration // from when an event was due until the last had heard it
	cost     time.Duration // CPU of the server for one listener that hears one event
}

// roomResult is what a room took, by the name of the server.
type roomResult struct {
	room    pushRoom
	arrived map[string]arrival
	samples map[string][]pushSample
}

// audience is a crowd in its room.
type audience struct {
	*stage
	*crowd
}

// assemble opens a room of the server and fills it with a crowd that will be
// told so many events.
func assemble(ctx context.Context, p *peer, listeners, events int) (*audience, arrival, error) {
	s, err := openStage(ctx, p, listeners)
	if err != nil {
		return nil, arrival{}, err
	}
	a := &audience{s, newCrowd(events, listeners)}
	came, err := a.gather(ctx, p.address, s.credentials)
	if err != nil {
		a.close()
		return nil, came, fmt.Errorf("%s: %w", p.name, err)
	}
	return a, came, nil
}

func (a *audience) close() {
	a.leave()
	a.conn.close()
}

// fanOut tells a room of each server the same, in turns.
func (b *bench) fanOut(ctx context.Context, peers []*peer, room pushRoom) (*roomResult, error) {
	crowds := make(map[*peer]*audience)
	defer func() {
		for _, a := range crowds {
			a.close()
		}
	}()
	result := &roomResult{room: room, arrived: make(map[string]arrival), samples: make(map[string][]pushSample)}
	for _, p := range peers {
		a, came, err := assemble(ctx, p, room.listeners, b.rounds*room.events)
		if err != nil {
			return nil, err
		}
		crowds[p], result.arrived[p.name] = a, came
	}
	return result, b.rotated(peers, func(_ int, p *peer) error {
		sample, err := crowds[p].round(p, room, crowds[p].say)
		result.samples[p.name] = append(result.samples[p.name], sample)
		return err
	})
}

// round tells the crowd and measures.
func (a *audience) round(p *peer, room pushRoom, send func(mark string) error) (pushSample, error) {
	var took []time.Duration
	s, err := p.measure(func() (err error) {
		took, err = a.tell(room.events, room.interval, send)
		return err
	})
	return pushSample{
		p50: percentile(took, 50), p99: percentile(took, 99), cost: s.cpu / time.Duration(room.events*room.listeners),
	}, err
}

// shareOut offers files of one sender to many by a list.
func (b *bench) shareOut(ctx context.Context, p *peer) ([]pushSample, error) {
	everybody := b.push.recipients + 1
	a, _, err := assemble(ctx, p, everybody, b.rounds*b.push.shares)
	if err != nil {
		return nil, err
	}
	defer a.close()
	var samples []pushSample
	for range b.rounds {
		sample, err := a.round(p, pushRoom{everybody, b.push.shares, shareInterval}, a.give)
		if err != nil {
			return nil, err
		}
		samples = append(samples, sample)
	}
	return samples, nil
}
