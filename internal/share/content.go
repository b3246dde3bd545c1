package share

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Content is the readable bytes of an available share.
type Content struct {
	Share store.Share
	blob.Reader
	done func()
}

// Close ends the reading. It may be called twice.
func (c *Content) Close() error {
	c.done()
	return c.Reader.Close()
}

// reader is one running download. cut is called at most once.
type reader struct{ cut func() }

// Content opens the bytes of a share for the caller. If the share ends before
// Content.Close, cut is called once, from another goroutine: it must make the
// transfer stop soon.
func (s *Service) Content(ctx context.Context, c Caller, id protocol.ShareID, cut func()) (*Content, error) {
	record, err := s.Authorise(ctx, c, id, Read)
	if err != nil {
		return nil, err
	}
	if err := readable(record.Share); err != nil {
		return nil, err
	}
	bytes, err := s.Blobs.Open(ctx, blob.Key(id))
	if err != nil {
		return nil, s.openFailed(ctx, id, err)
	}
	// The registration comes after the check, so the state is checked again:
	// an end in between found nobody to cut off.
	done := s.register(id, sync.OnceFunc(cut))
	if record, err = s.Records.Share(ctx, id); err == nil {
		err = readable(record.Share)
	}
	if err != nil {
		done()
		bytes.Close()
		return nil, err
	}
	return &Content{Share: record, Reader: bytes, done: done}, nil
}

func readable(s protocol.Share) error {
	switch {
	case s.State == protocol.Uploading:
		return protocol.NewError(protocol.CodeNotAvailable, "the share is still uploading")
	case s.State.Ended():
		return ended(s)
	}
	return nil
}

// openFailed tells a share that ended a moment ago from bytes that are lost.
func (s *Service) openFailed(ctx context.Context, id protocol.ShareID, cause error) error {
	if errors.Is(cause, blob.ErrNotFound) {
		if record, err := s.Records.Share(ctx, id); err == nil && record.State.Ended() {
			return ended(record.Share)
		}
	}
	return protocol.WrapError(protocol.CodeStorageFailed, "the bytes cannot be read",
		fmt.Errorf("opening %s: %w", id, cause))
}

func (s *Service) register(id protocol.ShareID, cut func()) (done func()) {
	r := &reader{cut: cut}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readers[id] == nil {
		s.readers[id] = make(map[*reader]struct{})
	}
	s.readers[id][r] = struct{}{}
	return func() { s.unregister(id, r) }
}

func (s *Service) unregister(id protocol.ShareID, r *reader) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.readers[id], r)
	if len(s.readers[id]) == 0 {
		delete(s.readers, id)
	}
}

func (s *Service) cutReaders(id protocol.ShareID) {
	s.mu.Lock()
	running := s.readers[id]
	delete(s.readers, id)
	s.mu.Unlock()
	for r := range running {
		r.cut()
	}
}

// CutAll cuts off every running download. It is for a server that stops.
func (s *Service) CutAll() {
	s.mu.Lock()
	all := s.readers
	s.readers = make(map[protocol.ShareID]map[*reader]struct{})
	s.mu.Unlock()
	for _, running := range all {
		for r := range running {
			r.cut()
		}
	}
}
