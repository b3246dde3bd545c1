package share

import (
	"context"
	"sync"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

const (
	// stepsPerCommit keeps a commit so short that uploads do not wait for it.
	stepsPerCommit = 500
	// maxStepsWaiting bounds what waits for RunReceipts.
	maxStepsWaiting = 10_000
)

// receiptQueue gathers steps of receipts, so that a room full of people that see
// a file at once is a few commits, and a few words to its sender.
type receiptQueue struct {
	wake chan struct{} // has a value while something may be waiting

	mu      sync.Mutex
	waiting []stepRequest // guarded by mu
	steps   int           // guarded by mu: of all that wait
	closed  bool          // guarded by mu: nobody will answer any more
}

// stepRequest is what one request wants, all in one commit.
type stepRequest struct {
	moves  []store.ReceiptMove
	answer chan<- stepAnswer // with a place for the answer; nil if nobody asks
}

type stepAnswer struct {
	outcomes []store.ReceiptOutcome
	err      error
}

func newReceiptQueue() receiptQueue { return receiptQueue{wake: make(chan struct{}, 1)} }

// add lets a request wait, or says that it cannot.
func (q *receiptQueue) add(r stepRequest) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return stopping()
	case q.steps+len(r.moves) > maxStepsWaiting:
		return protocol.NewError(protocol.CodeUnavailable, "too many receipts at once")
	}
	q.waiting = append(q.waiting, r)
	q.steps += len(r.moves)
	q.wakeLocked()
	return nil
}

func (q *receiptQueue) wakeLocked() {
	select {
	case q.wake <- struct{}{}:
	default: // a wake-up is waiting already
	}
}

// take returns the oldest requests, as many as one commit takes.
func (q *receiptQueue) take() []stepRequest {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, steps := 0, 0
	for n < len(q.waiting) && (n == 0 || steps+len(q.waiting[n].moves) <= stepsPerCommit) {
		steps += len(q.waiting[n].moves)
		n++
	}
	taken := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	q.steps -= steps
	if len(q.waiting) > 0 {
		q.wakeLocked()
	}
	return taken
}

// close refuses what waits, and whatever comes.
func (q *receiptQueue) close() {
	q.mu.Lock()
	refused := q.waiting
	q.waiting, q.closed = nil, true
	q.mu.Unlock()
	for _, r := range refused {
		r.reply(stepAnswer{err: stopping()})
	}
}

func (r stepRequest) reply(a stepAnswer) {
	if r.answer != nil {
		r.answer <- a
	}
}

// step lets receipts take steps, and returns when that is durable. RunReceipts
// must be running.
func (s *Service) step(ctx context.Context, moves []store.ReceiptMove) ([]store.ReceiptOutcome, error) {
	answer := make(chan stepAnswer, 1)
	if err := s.steps.add(stepRequest{moves, answer}); err != nil {
		return nil, err
	}
	select {
	case a := <-answer:
		return a.outcomes, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ReceiptSteps returns how many steps of receipts wait for their commit.
func (s *Service) ReceiptSteps() int {
	s.steps.mu.Lock()
	defer s.steps.mu.Unlock()
	return s.steps.steps
}

// begun notes that the caller's download has begun. Nobody waits for it: a
// download is not slower for being noted.
func (s *Service) begun(c Caller, id protocol.ShareID) {
	move := store.ReceiptMove{Share: id, Participant: c.ID, Name: protocol.CleanDisplayName(c.Name), State: protocol.ReceiptDownloading}
	if err := s.steps.add(stepRequest{moves: []store.ReceiptMove{move}}); err != nil {
		s.Log.Warn("a download is not noted", "share", id, "participant", c.ID, "err", err)
	}
}

// RunReceipts takes the steps of receipts until ctx ends.
func (s *Service) RunReceipts(ctx context.Context) {
	defer s.steps.close()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.steps.wake:
		}
		if together := s.steps.take(); len(together) > 0 {
			s.stepTogether(ctx, together)
		}
		// Also between two commits of one burst: what they tell must pass through the
		// sender's connection.
		select {
		case <-ctx.Done():
		case <-time.After(s.GatherReceipts):
		}
	}
}

func (s *Service) stepTogether(ctx context.Context, requests []stepRequest) {
	var moves []store.ReceiptMove
	for _, r := range requests {
		moves = append(moves, r.moves...)
	}
	outcomes, err := s.Ledger.MoveReceipts(ctx, moves, s.Limits.ParticipantsPerRoom, s.Now())
	switch {
	case err == nil:
	case ctx.Err() != nil:
		err = stopping()
	default:
		s.Log.Error("noting receipts failed", "err", err)
	}
	for _, r := range requests {
		if err != nil {
			r.reply(stepAnswer{err: err})
			continue
		}
		r.reply(stepAnswer{outcomes: outcomes[:len(r.moves):len(r.moves)]})
		outcomes = outcomes[len(r.moves):]
	}
}
