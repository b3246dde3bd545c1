package share

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// doubts are the available shares of which a power cut may have taken bytes: the
// server before it had acknowledged them, and left the sync for later. None of
// them is read until its bytes have been held against its hash.
type doubts struct {
	mu sync.Mutex
	of map[protocol.ShareID]*sync.Mutex // guarded by mu; each is held by who looks
}

// Doubt says which shares are in doubt. Call it before the first request.
func (s *Service) Doubt(ids []protocol.ShareID) {
	s.doubts.mu.Lock()
	defer s.doubts.mu.Unlock()
	s.doubts.of = make(map[protocol.ShareID]*sync.Mutex, len(ids))
	for _, id := range ids {
		s.doubts.of[id] = new(sync.Mutex)
	}
}

// Settled reports whether no share is in doubt any more.
func (s *Service) Settled() bool {
	s.doubts.mu.Lock()
	defer s.doubts.mu.Unlock()
	return len(s.doubts.of) == 0
}

func (d *doubts) about(id protocol.ShareID) *sync.Mutex {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.of[id]
}

func (d *doubts) settle(id protocol.ShareID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.of, id)
}

// believe returns nil when the bytes of an available share are those that its
// record says. If a power cut has taken them, the share ends.
func (s *Service) believe(ctx context.Context, record store.Share) error {
	looking := s.doubts.about(record.ID)
	if looking == nil {
		return nil
	}
	looking.Lock()
	defer looking.Unlock()
	if s.doubts.about(record.ID) == nil { // somebody else has looked meanwhile
		return s.stillThere(ctx, record.ID)
	}
	sum, err := s.hash(ctx, record.ID)
	switch {
	case err == nil && sum == record.SHA256:
		err = s.Blobs.Settle(ctx, blob.Key(record.ID))
	case err == nil, errors.Is(err, blob.ErrNotFound), errors.Is(err, blob.ErrLost):
		s.Log.Error("file lost by a power cut", "share", record.ID, "room", record.Room, "bytes", record.Offset, "err", err)
		s.expire(ctx, record, protocol.CodeStorageFailed)
		s.doubts.settle(record.ID)
		return s.stillThere(ctx, record.ID)
	}
	if err != nil {
		return protocol.WrapError(protocol.CodeStorageFailed, "the bytes cannot be read", fmt.Errorf("checking %s: %w", record.ID, err))
	}
	s.doubts.settle(record.ID)
	return nil
}

// certain returns the share as it is once its bytes are in no doubt: whoever is told
// that a file is complete takes that for the word that it is kept.
func (s *Service) certain(ctx context.Context, record store.Share) (store.Share, error) {
	if record.State != protocol.Available || s.doubts.about(record.ID) == nil {
		return record, nil
	}
	if err := s.believe(ctx, record); err != nil && protocol.CodeOf(err) != protocol.CodeShareEnded {
		return record, err
	}
	return s.Records.Share(ctx, record.ID)
}

// stillThere says that the share has ended, if it has.
func (s *Service) stillThere(ctx context.Context, id protocol.ShareID) error {
	record, err := s.Records.Share(ctx, id)
	if err == nil && record.State.Ended() {
		err = endedError(record.Share)
	}
	return err
}

// hash returns the SHA-256 of the bytes that there are of a share.
func (s *Service) hash(ctx context.Context, id protocol.ShareID) (string, error) {
	bytes, err := s.Blobs.Open(ctx, blob.Key(id))
	if err != nil {
		return "", err
	}
	defer bytes.Close()
	h := sha256.New()
	if _, err := io.Copy(h, bytes); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
