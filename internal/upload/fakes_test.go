package upload_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// records is a store of shares in memory, with the store's rules: every change
// is a compare-and-set on the state.
type records struct {
	mu     sync.Mutex
	shares map[protocol.ShareID]store.Share
	parts  map[protocol.ShareID][]protocol.ShareID
	// completions counts the steps from uploading to available.
	completions int
	// before, if set, is called outside the lock before the named change; an
	// error of it is the change's.
	before func(change string) error
}

func newRecords(shares ...store.Share) *records {
	r := &records{shares: make(map[protocol.ShareID]store.Share), parts: make(map[protocol.ShareID][]protocol.ShareID)}
	for _, s := range shares {
		r.shares[s.ID] = s
	}
	return r
}

func (r *records) hook(change string) error {
	if r.before == nil {
		return nil
	}
	return r.before(change)
}

func (r *records) Share(_ context.Context, id protocol.ShareID) (store.Share, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	share, ok := r.shares[id]
	if !ok {
		return store.Share{}, store.ErrNotFound
	}
	return share, nil
}

// change applies f to an uploading share.
func (r *records) change(name string, id protocol.ShareID, f func(*store.Share) error) (store.Share, error) {
	if err := r.hook(name); err != nil {
		return store.Share{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	share, ok := r.shares[id]
	if !ok {
		return share, store.ErrNotFound
	}
	if share.State != protocol.Uploading {
		return share, store.ErrConflict
	}
	if err := f(&share); err != nil {
		return r.shares[id], err
	}
	r.shares[id] = share
	return share, nil
}

func (r *records) SetLength(_ context.Context, id protocol.ShareID, length int64, q store.Quota, now time.Time) (store.Share, error) {
	return r.change("length", id, func(s *store.Share) error {
		if length < s.Offset || length > q.RoomBytes {
			return protocol.NewError(protocol.CodeLengthMismatch, "below the offset")
		}
		s.Size, s.UpdatedAt = &length, now
		return nil
	})
}

func (r *records) Checkpoint(_ context.Context, id protocol.ShareID, c store.Checkpoint, now time.Time) error {
	_, err := r.change("checkpoint", id, func(s *store.Share) error {
		if c.Offset < s.Offset {
			return store.ErrConflict
		}
		s.Offset, s.Checkpoint, s.UpdatedAt = c.Offset, c, now
		return nil
	})
	return err
}

func (r *records) Complete(_ context.Context, id protocol.ShareID, size int64, sha256 string, now, _ time.Time) (store.Share, error) {
	return r.change("complete", id, func(s *store.Share) error {
		s.State, s.Offset, s.Size, s.SHA256, s.AvailableAt = protocol.Available, size, &size, sha256, &now
		r.completions++
		r.endParts(id, protocol.Expired)
		return nil
	})
}

func (r *records) Deposit(_ context.Context, s store.Share, q store.Quota) (store.Share, error) {
	if err := r.hook("deposit"); err != nil {
		return store.Share{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if *s.Size > q.RoomBytes {
		return store.Share{}, protocol.NewError(protocol.CodeRoomFull, "no space")
	}
	s.State, s.Offset, s.Checkpoint = protocol.Available, *s.Size, store.Checkpoint{Offset: *s.Size}
	r.shares[s.ID] = s
	r.completions++
	return s, nil
}

func (r *records) End(_ context.Context, id protocol.ShareID, to protocol.ShareState, reason protocol.Code, now time.Time) (store.Share, error) {
	return r.change("end", id, func(s *store.Share) error {
		s.State, s.Reason, s.EndedAt = to, string(reason), now
		r.endParts(id, protocol.Cancelled)
		return nil
	})
}

func (r *records) Split(_ context.Context, id protocol.ShareID, offset int64, concat string, parts []store.Share) error {
	_, err := r.change("split", id, func(s *store.Share) error {
		if s.Offset != offset || s.Concat != "" {
			return store.ErrConflict
		}
		s.Concat = concat
		for _, part := range parts {
			part.PartOf, part.State = id, protocol.Uploading
			r.shares[part.ID] = part
			r.parts[id] = append(r.parts[id], part.ID)
		}
		return nil
	})
	return err
}

func (r *records) Parts(_ context.Context, id protocol.ShareID) (parts []store.Share, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, part := range r.parts[id] {
		parts = append(parts, r.shares[part])
	}
	return parts, nil
}

func (r *records) EndPart(_ context.Context, id protocol.ShareID, now time.Time) error {
	_, err := r.change("end part", id, func(s *store.Share) error {
		s.State, s.Offset, s.EndedAt = protocol.Expired, *s.Size, now
		return nil
	})
	return err
}

// endParts is the store's rule that parts end with their share.
func (r *records) endParts(id protocol.ShareID, to protocol.ShareState) {
	for _, part := range r.parts[id] {
		share := r.shares[part]
		if share.State == protocol.Uploading {
			if share.State = to; to == protocol.Expired {
				share.Offset = *share.Size
			}
			r.shares[part] = share
		}
	}
}

// snapshot returns what a process that starts now would find.
func (r *records) snapshot() *records {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := newRecords(slices.Collect(maps.Values(r.shares))...)
	now.parts = maps.Clone(r.parts)
	return now
}

// put sets a record, whatever it was.
func (r *records) put(share store.Share) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shares[share.ID] = share
}

// touch says when bytes last came in.
func (r *records) touch(id protocol.ShareID, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	share := r.shares[id]
	share.UpdatedAt = at
	r.shares[id] = share
}
