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
func (s *Space) Take(ctx context.Context, n int64) (recorded func(), err error) {
	return s.take(ctx, n)
}
