package share

import (
	"context"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Abandoned finds the uploads that a dead node of the cluster held.
type Abandoned interface {
	Abandoned(ctx context.Context, after protocol.ShareID, limit int) ([]store.Share, error)
}

const (
	// orphanAge is how old bytes without a record must be in a cluster: another node
	// keeps those of a small file a moment before it makes the record.
	orphanAge = time.Hour
	// orphansEvery is how often they are looked for.
	orphansEvery = time.Hour
	// abandonedEvery is how often an upload is looked at that a dead node has left.
	abandonedEvery = 10 * time.Second
)

// lookAfterNodes does for nodes that have died what recover does for a process that has:
// what one left between two steps is finished at once, and nobody needs to ask for it.
// What uploads there are is not looked at otherwise, for live nodes are at work on them.
func (s *Service) lookAfterNodes(ctx context.Context) {
	looked := make(map[protocol.ShareID]time.Time) // when each upload was, that was not finished
	var orphans time.Time
	s.again(ctx, func(ctx context.Context) {
		s.logSweep("finishing the uploads of a dead node", s.finishAbandoned(ctx, looked))
		s.endIdle(ctx)
		if time.Since(orphans) >= orphansEvery {
			s.logSweep("removing orphans", s.removeOrphans(ctx))
			orphans = time.Now()
		}
	})
}

// finishAbandoned completes those uploads of dead nodes that have all their bytes. The
// others are for the next request to take, and are looked at now and then: what failed
// is tried again.
func (s *Service) finishAbandoned(ctx context.Context, looked map[protocol.ShareID]time.Time) error {
	found := make(map[protocol.ShareID]bool)
	var last protocol.ShareID
	for {
		page, err := s.Abandoned.Abandoned(ctx, last, sweepBatch)
		if err != nil {
			return err
		}
		for _, record := range page {
			last = record.ID
			found[last] = true
			if time.Since(looked[last]) < abandonedEvery {
				continue
			}
			s.checkRecord(ctx, record)
			looked[last] = time.Now()
		}
		if len(page) < sweepBatch {
			break
		}
	}
	for id := range looked {
		if !found[id] {
			delete(looked, id)
		}
	}
	return nil
}
