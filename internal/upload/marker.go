package upload

import (
	"context"
	"hash"
	"sync"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
)

// marker records how far a long append is, from time to time and beside it: so
// that a power cut does not cost the whole append, and so that an upload at
// work never looks idle.
type marker struct {
	service *Service
	ctx     context.Context // of one append, which owns the marker
	share   store.Share
	kept    func(offset int64) // told what is recorded; may be nil
	hash    hash.Hash
	writer  blob.Writer

	lastBytes int64
	lastTime  time.Time
	writing   sync.Mutex // held while a checkpoint is being recorded
	running   sync.WaitGroup
}

func (s *Service) marker(ctx context.Context, share store.Share, h hash.Hash, writer blob.Writer, kept func(int64)) *marker {
	return &marker{service: s, ctx: ctx, share: share, kept: kept, hash: h, writer: writer, lastTime: s.Now()}
}

// due reports whether to mark n bytes of the append. A nil marker marks nothing.
func (m *marker) due(n int64) bool {
	return m != nil && (n-m.lastBytes >= m.service.CheckpointBytes || m.service.Now().Sub(m.lastTime) >= m.service.CheckpointEvery)
}

// mark is called when the hash stands at n bytes of the append. It never waits
// for the store.
func (m *marker) mark(n int64) {
	if !m.writing.TryLock() {
		return // the last one is still on its way
	}
	h, err := cloneHash(m.hash)
	if err != nil {
		m.writing.Unlock()
		return
	}
	m.lastBytes, m.lastTime = n, m.service.Now()
	share := m.share
	share.Offset += n
	m.running.Go(func() {
		defer m.writing.Unlock()
		// What fails here is recorded by the end of the append, or reported by it.
		if err := m.service.keep(m.ctx, &share, h, m.writer); err != nil {
			m.service.Log.Warn("checkpoint", "share", share.ID, "err", err)
		} else if m.kept != nil {
			m.kept(share.Offset)
		}
	})
}

// wait returns when no checkpoint is on its way.
func (m *marker) wait() { m.running.Wait() }
