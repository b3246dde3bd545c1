package share

import (
	"context"

	"github.com/handout-rtc/handout/internal/limit"
)

// StepsWaiting returns how many steps of receipts wait for RunReceipts.
func (s *Service) StepsWaiting() int {
	s.steps.mu.Lock()
	defer s.steps.mu.Unlock()
	return s.steps.steps
}

// SetChurn begins to count anew. It must not run beside an offer.
func (s *Service) SetChurn(r limit.Rate) { s.makers = newMakers(r) }

// Counted returns how many participants are counted.
func (s *Service) Counted() int { return s.makers.Len() }

// Take promises bytes of a disk.
func (s *Space) Take(ctx context.Context, n int64) (settle func(recorded bool), err error) {
	return s.take(ctx, n)
}

// Recover settles what an earlier process left, and returns when that is done.
func (s *Service) Recover(ctx context.Context) { s.recover(ctx) }

// Sweep is one sweep.
func (s *Service) Sweep(ctx context.Context) { s.sweep(ctx) }
