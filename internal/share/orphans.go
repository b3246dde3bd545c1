package share

import (
	"context"
	"sync"

	"github.com/handout-rtc/handout/protocol"
)

// mostOrphans bounds how many are remembered. The next start finds the others.
const mostOrphans = 10_000

// orphans are bytes that have no record and could not be removed.
type orphans struct {
	mu  sync.Mutex
	ids []protocol.ShareID // guarded by mu
}

// Orphaned has the sweep remove bytes that no record will ever know.
func (s *Service) Orphaned(id protocol.ShareID) {
	s.orphans.mu.Lock()
	defer s.orphans.mu.Unlock()
	if len(s.orphans.ids) < mostOrphans {
		s.orphans.ids = append(s.orphans.ids, id)
	}
}

// removeOrphaned removes what was orphaned since the start. What fails stays.
func (s *Service) removeOrphaned(ctx context.Context) {
	s.orphans.mu.Lock()
	ids := s.orphans.ids
	s.orphans.ids = nil
	s.orphans.mu.Unlock()
	for _, id := range ids {
		if s.Uploads.Active(id) {
			s.Orphaned(id)
			continue
		}
		if err := s.removeUnknown(ctx, []protocol.ShareID{id}); err != nil {
			s.logSweep("removing a deposit that was refused", err)
			s.Orphaned(id)
		}
	}
}
