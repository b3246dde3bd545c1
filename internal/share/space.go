package share

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// Space keeps the disk from filling up in the middle of what was accepted: a new
// share needs place for all its bytes, beside those that are still to come of the
// others, and beside a floor that stays free. It is safe for concurrent use.
type Space struct {
	// Free returns how many bytes the disk has left.
	Free func() (int64, error)
	// Promised returns how many bytes are still to come of the uploads that there
	// are.
	Promised func(context.Context) (int64, error)
	// Least is the floor, in bytes.
	Least int64
	// Healthy returns why the disk takes no bytes any more, nil if it does; nil
	// means that it always does.
	Healthy func() error

	mu      sync.Mutex
	looked  time.Time // all below is guarded by mu; when the disk was looked at last
	looking bool      // somebody does now
	left    int64     // what may still be promised
	taken   int64     // ever, and not given back
	pending int64     // of that, what may have no record yet
}

// lookEvery is how long a look at the disk is good. In between, what is promised
// is subtracted; what is written changes nothing, and what is removed is seen a
// moment later.
const lookEvery = time.Second

// take promises n bytes, or fails with CodeStorageFull. settle must be called once:
// when the records that hold them are made, with true; when they will not be, with
// false, and the bytes can be promised to others.
func (s *Space) take(ctx context.Context, n int64) (settle func(recorded bool), err error) {
	if s == nil {
		return func(bool) {}, nil
	}
	if err := s.sound(); err != nil {
		return nil, err
	}
	if s.due() {
		if err := s.look(ctx); err != nil {
			return nil, err
		}
	}
	if !s.promise(n) {
		if err := s.look(ctx); err != nil { // something may have been removed meanwhile
			return nil, err
		}
		if !s.promise(n) {
			return nil, protocol.LimitError(protocol.CodeStorageFull, "min-free", "the server has no space left for this")
		}
	}
	return func(recorded bool) { s.settle(n, recorded) }, nil
}

// due reports whether it is for the caller to look at the disk.
func (s *Space) due() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.looking || time.Since(s.looked) < lookEvery {
		return false
	}
	s.looking = true
	return true
}

// promise takes n bytes of what is left, if it is as much.
func (s *Space) promise(n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > s.left {
		return false
	}
	s.left -= n
	s.taken += n
	s.pending += n
	return true
}

func (s *Space) settle(n int64, recorded bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending -= n
	if !recorded {
		s.left += n
		s.taken -= n
	}
}

// look counts anew. What was promised while it reads, or has no record before it
// reads, it cannot rely on to find.
func (s *Space) look(ctx context.Context) error {
	s.mu.Lock()
	taken, pending := s.taken, s.pending
	s.mu.Unlock()
	promised, err := s.Promised(ctx)
	var free int64
	if err == nil {
		free, err = s.Free()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looking = false
	if err != nil {
		return fmt.Errorf("looking for space: %w", err)
	}
	s.left = free - s.Least - promised - pending - (s.taken - taken)
	s.looked = time.Now()
	return nil
}

// Ready returns why no new file is taken now: CodeUnavailable when the disk takes
// no bytes any more, CodeStorageFull while less than the floor is free.
func (s *Space) Ready() error {
	if err := s.sound(); err != nil {
		return err
	}
	free, err := s.Free()
	if err != nil {
		return fmt.Errorf("looking for space: %w", err)
	}
	if free < s.Least {
		return protocol.NewError(protocol.CodeStorageFull, "the disk is full: no new files")
	}
	return nil
}

// sound carries no cause: it is logged once, by whoever watches the disk.
func (s *Space) sound() error {
	if s.Healthy == nil || s.Healthy() == nil {
		return nil
	}
	return protocol.NewError(protocol.CodeUnavailable, "the disk is poisoned: no new files until it is looked after and the server restarted")
}
