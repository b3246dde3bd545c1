package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// idleSample is what one round of being connected took.
type idleSample struct {
	each    int64 // bytes in RAM for one participant, at the end
	arrival arrival
}

// hall is a server and everybody who is connected to it.
type hall struct {
	*peer
	*crowd
	credentials []string
}

// idleRound connects many to fresh servers, all at once, and looks what they
// take in RAM once they have been quiet for a while. The servers rest at the
// same time; which is filled first, changes with the rounds.
func (b *bench) idleRound(ctx context.Context, specs []spec, round int, into map[string][]idleSample) (err error) {
	var halls []*hall
	defer func() {
		for _, h := range halls {
			h.leave()
			err = errors.Join(err, h.discard())
		}
	}()
	samples := make([]idleSample, len(specs))
	for i := range specs {
		h, came, err := b.fill(ctx, specs[(round+i)%len(specs)])
		if h != nil {
			halls = append(halls, h)
		}
		if err != nil {
			return err
		}
		samples[i].arrival = came
	}
	select {
	case <-time.After(b.push.rest):
	case <-ctx.Done():
		return ctx.Err()
	}
	for i, h := range halls {
		m, err := readMemory(h.cmd.Process.Pid)
		if err = errors.Join(err, h.kept()); err != nil {
			return fmt.Errorf("%s: %w", h.name, err)
		}
		samples[i].each = (m.resident - h.idle) / int64(len(h.credentials))
		into[h.name] = append(into[h.name], samples[i])
	}
	return nil
}

// fill starts a server and connects everybody, many rooms at once. The hall is
// there to be closed even if that fails.
func (b *bench) fill(ctx context.Context, s spec) (*hall, arrival, error) {
	p, err := b.start(ctx, s)
	if err != nil {
		return nil, arrival{}, err
	}
	h := &hall{peer: p, crowd: newCrowd(0, 0)}
	for range b.push.idle / b.push.perRoom {
		room, err := openStage(ctx, p, b.push.perRoom)
		if err != nil {
			return h, arrival{}, err
		}
		room.conn.close()
		h.credentials = append(h.credentials, room.credentials...)
	}
	if err := p.measureIdle(); err != nil { // the rooms are there, and nobody is in them
		return h, arrival{}, err
	}
	came, err := h.gather(ctx, p.address, h.credentials)
	if err != nil {
		err = fmt.Errorf("%s: %w", p.name, err)
	}
	return h, came, err
}
