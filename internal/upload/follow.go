package upload

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Follow returns how many bytes of the upload may be read, as soon as that is
// more than beyond, and whether that is all of it. What it counts is never taken
// back: it is written and, in an append with a checksum, verified.
//
// It fails with CodeShareEnded if the upload ended without being complete, with
// CodeUploadStalled if the sender has sent nothing for FollowWait or the byte
// asked for has not come in that time, and with CodeUnavailable while the server
// stops. In a cluster it is blob.ErrElsewhere when another node receives the byte:
// see Stream.
func (s *Service) Follow(ctx context.Context, id protocol.ShareID, beyond int64) (readable int64, all bool, err error) {
	s.waiting.Add(1)
	defer s.waiting.Add(-1)
	f := s.flows.join(id)
	defer s.flows.leave(id)
	var patience <-chan time.Time
	for turn := -1; ; {
		at := s.flows.look(f)
		if at.offset > beyond {
			return at.offset, false, nil
		}
		if at.turn != turn { // a request has let go of the upload: the record knows more
			turn = at.turn
			share, err := s.followed(ctx, id)
			if err != nil {
				return 0, false, err
			}
			if all = share.State == protocol.Available; all || share.Offset > beyond && !withheld(share) {
				return share.Offset, all, nil
			}
			if !s.Active(id) && s.elsewhere(ctx, share) {
				return 0, false, blob.ErrElsewhere
			}
			if !s.Active(id) && s.Now().Sub(share.UpdatedAt) >= s.FollowWait {
				return 0, false, stalled()
			}
		}
		if patience == nil {
			timer := time.NewTimer(s.FollowWait)
			defer timer.Stop()
			patience = timer.C
		}
		select {
		case <-at.changed:
		case <-patience:
			return 0, false, stalled()
		case <-s.flows.drained:
			return 0, false, stopping()
		case <-ctx.Done():
			return 0, false, context.Cause(ctx)
		}
	}
}

// Waiting returns how many followers wait for bytes now.
func (s *Service) Waiting() int { return int(s.waiting.Load()) }

// Receiving returns how many uploads a request is at work on now.
func (s *Service) Receiving() int { return s.leases.count() }

// Idle returns when no request is at work on an upload, or with the context's error.
func (s *Service) Idle(ctx context.Context) error { return s.leases.idle(ctx) }

// Takeovers returns how often a request has wanted an upload that another one was
// at work on, since the start.
func (s *Service) Takeovers() int64 { return s.leases.takeovers.Load() }

// Joining returns how many uploads that come in parts are being put together now.
func (s *Service) Joining() int { return s.joins.count() }

// Offsets returns how far the uploads are that receive bytes now.
func (s *Service) Offsets() map[protocol.ShareID]int64 { return s.flows.offsets() }

// followed reads the record of an upload that somebody follows.
func (s *Service) followed(ctx context.Context, id protocol.ShareID) (store.Share, error) {
	share, err := s.Records.Share(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return share, protocol.NewError(protocol.CodeShareNotFound, "there is no such upload")
	case err != nil:
		return share, fmt.Errorf("reading the upload: %w", err)
	case share.State.Ended():
		return share, endedError(share)
	}
	return s.believed(ctx, share)
}

// believed holds the record of an upload against its bytes, unless a request of this
// boot has done it or does it now: a power cut may have taken them.
func (s *Service) believed(ctx context.Context, share store.Share) (store.Share, error) {
	if share.State != protocol.Uploading || share.Offset == 0 || share.Checkpoint.SameBoot(s.Boot) || s.Active(share.ID) || s.elsewhere(ctx, share) {
		return share, nil
	}
	return s.settled(ctx, share.ID)
}

func stalled() error {
	return protocol.NewError(protocol.CodeUploadStalled, "the sender has sent nothing for too long")
}

// flows tells followers how far the running uploads are.
type flows struct {
	mu      sync.Mutex
	byID    map[protocol.ShareID]*flow // guarded by mu
	drain   sync.Once
	drained chan struct{} // closed when nothing comes any more
}

// flow is how far one upload is. It is kept while somebody writes to the upload
// or follows it; its flows' mutex guards it.
type flow struct {
	users   int
	offset  int64         // bytes that may be read, as far as this process knows
	turn    int           // counts the requests that let go of the upload
	changed chan struct{} // closed with the next change; nil while nobody waits
}

// sight is what a follower sees of a flow.
type sight struct {
	offset  int64
	turn    int
	changed <-chan struct{}
}

func newFlows() *flows {
	return &flows{byID: make(map[protocol.ShareID]*flow), drained: make(chan struct{})}
}

// join returns the upload's flow; leave must be called after it.
func (l *flows) join(id protocol.ShareID) *flow {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.byID[id]
	if f == nil {
		f = &flow{}
		l.byID[id] = f
	}
	f.users++
	return f
}

func (l *flows) leave(id protocol.ShareID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.byID[id]
	if f.users--; f.users == 0 {
		delete(l.byID, id)
	}
}

func (l *flows) look(f *flow) sight {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.changed == nil {
		f.changed = make(chan struct{})
	}
	return sight{offset: f.offset, turn: f.turn, changed: f.changed}
}

// advance tells the followers that the bytes before offset may be read.
func (l *flows) advance(f *flow, offset int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if offset > f.offset {
		f.offset = offset
		f.wake()
	}
}

// offsets returns how far the uploads are that wrote something.
func (l *flows) offsets() map[protocol.ShareID]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make(map[protocol.ShareID]int64, len(l.byID))
	for id, f := range l.byID {
		if f.offset > 0 {
			all[id] = f.offset
		}
	}
	return all
}

// ids returns the uploads that somebody writes or follows.
func (l *flows) ids() []protocol.ShareID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.byID))
}

// turn tells the followers that a request has let go of the upload.
func (l *flows) turn(id protocol.ShareID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.byID[id]; f != nil {
		f.turn++
		f.wake()
	}
}

// forget has only the record say how far the upload is: where another node has taken it
// over, what this one had not flushed is gone.
func (l *flows) forget(id protocol.ShareID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.byID[id]; f != nil {
		f.offset = 0
	}
}

func (f *flow) wake() {
	if f.changed != nil {
		close(f.changed)
		f.changed = nil
	}
}

// stop lets every follower go.
func (l *flows) stop() { l.drain.Do(func() { close(l.drained) }) }
