package webhook

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/handout-rtc/handout/internal/store"
)

const (
	// lane is how many messages an endpoint is sent before it is looked at again: it
	// may have been changed or removed.
	lane = 16
	// lookAgain is when a wake-up is believed lost, or a failure over.
	lookAgain = 10 * time.Second
)

// Run delivers until ctx ends. An attempt under way then is made again by the next
// Run. Each endpoint has a lane of its own, so that one which does not answer is in
// no other's way.
func (s *Service) Run(ctx context.Context) {
	var lanes sync.WaitGroup
	defer s.secure.CloseIdleConnections()
	defer s.plain.CloseIdleConnections()
	defer lanes.Wait()
	r := runner{Service: s, busy: make(map[string]bool), done: make(chan done), known: make(map[string]int64), resting: make(map[string]time.Time)}
	for {
		again := time.NewTimer(r.look(ctx, &lanes))
		select {
		case <-ctx.Done():
			again.Stop()
			return
		case d := <-r.done:
			delete(r.busy, d.id)
			if d.failed {
				r.resting[d.id] = s.Now().Add(lookAgain)
			}
		case <-s.Queue.Hooked():
		case <-again.C:
		}
		again.Stop()
	}
}

// runner is what one Run knows.
type runner struct {
	*Service
	busy    map[string]bool // endpoints whose lane is at work
	done    chan done
	known   map[string]int64     // deliveries that were given up, by endpoint
	resting map[string]time.Time // until when, because the store failed
}

// done says that a lane has come to its end.
type done struct {
	id     string
	failed bool // the store did
}

// look begins a lane for each endpoint that something is due for, and returns how
// long to wait before looking again.
func (r *runner) look(ctx context.Context, lanes *sync.WaitGroup) time.Duration {
	wait := r.LookEvery
	waiting, err := r.Queue.WaitingEndpoints(ctx)
	if err != nil && ctx.Err() == nil {
		r.Log.Error("looking for webhooks failed", "err", err)
	}
	now := r.Now()
	for _, w := range waiting {
		r.tellGivenUp(w.Endpoint)
		due := later(later(w.DueAt, w.RestsUntil), r.resting[w.ID])
		switch {
		case r.busy[w.ID]:
		case due.After(now):
			wait = min(wait, due.Sub(now))
		default:
			r.busy[w.ID] = true
			delete(r.resting, w.ID)
			lanes.Go(func() {
				err := r.deliver(ctx, w.Endpoint)
				select {
				case r.done <- done{w.ID, err != nil}:
				case <-ctx.Done():
				}
			})
		}
	}
	return wait
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// tellGivenUp has the log tell of deliveries that were never begun because as many
// waited already as may. Those that were tried are told of one by one.
func (r *runner) tellGivenUp(e store.Endpoint) {
	before, seen := r.known[e.ID]
	r.known[e.ID] = e.GivenUp
	if seen && e.GivenUp > before {
		r.Log.Warn("webhooks given up", "webhook", e.ID, "app", e.App, "count", e.GivenUp-before, "waiting", e.Waiting)
	}
}

// deliver sends an endpoint what is due, a few messages at a time. An error is one
// of the store.
func (s *Service) deliver(ctx context.Context, to store.Endpoint) error {
	due, err := s.Queue.DueDeliveries(ctx, to.ID, s.Now(), lane)
	if err != nil {
		if ctx.Err() == nil {
			s.Log.Error("reading webhooks failed", "err", err)
		}
		return err
	}
	giving, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	next := make(chan store.Delivery)
	var workers sync.WaitGroup
	for range min(s.Parallel, len(due)) {
		workers.Go(func() {
			for d := range next {
				if more, err := s.deliverOne(ctx, to, d); !more {
					stop(err)
				}
			}
		})
	}
	for _, d := range due {
		select {
		case next <- d:
		case <-giving.Done():
		}
	}
	close(next)
	workers.Wait()
	if err := context.Cause(giving); errors.Is(err, errStore) {
		return err
	}
	return nil
}

// errStore: the store did not take what has become of an attempt.
var errStore = errors.New("recording an attempt")

// deliverOne makes one attempt and notes what has become of it. It returns whether
// the endpoint is to be sent more now.
func (s *Service) deliverOne(ctx context.Context, to store.Endpoint, d store.Delivery) (more bool, err error) {
	if ctx.Err() != nil {
		return false, nil
	}
	a, outcome := s.attempt(ctx, to, d)
	if !a.Delivered && ctx.Err() != nil {
		return false, nil // it was broken off, and says nothing of the endpoint
	}
	s.Observer.Attempted(outcome)
	s.tell(to, d, a)
	err = s.Queue.Attempted(context.WithoutCancel(ctx), d, a)
	if err != nil && !errors.Is(err, store.ErrNotFound) { // else its endpoint was removed or disabled
		s.Log.Error("noting a webhook failed", "webhook", to.ID, "err", err)
		return false, fmt.Errorf("%w: %w", errStore, err)
	}
	return a.Rest.IsZero() && !a.Gone, nil
}

// tell has the log tell of an attempt.
func (s *Service) tell(to store.Endpoint, d store.Delivery, a store.Attempt) {
	log := s.Log.With("webhook", to.ID, "app", to.App, "message", d.Message, "type", d.Type, "attempts", d.Attempts+1)
	switch {
	case a.Delivered:
		log.Debug("webhook delivered")
	case a.Gone:
		log.Warn("webhook disabled: it says that it is gone")
	case a.Again.IsZero():
		log.Warn("webhook given up", "age", a.At.Sub(d.CreatedAt), "problem", a.Problem)
	default:
		log.Info("webhook failed", "again", a.Again, "problem", a.Problem)
	}
}
