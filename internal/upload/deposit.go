package upload

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/crash"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// MaxDeposit is the largest file, in bytes, that can be deposited.
const MaxDeposit = blockSize

// Deposit is a small file whose bytes come with the request that offers it.
type Deposit struct {
	// Share is the record that is to be made. Its size is that of the body, from
	// 1 to MaxDeposit.
	Share store.Share
	Quota store.Quota // what it must fit into
	Body  io.Reader
	// Yield is called, at most once and from another goroutine, when the server
	// stops: reading Body must fail soon afterwards.
	Yield func()
	// Create makes the record as one that is uploading. It is called when the
	// body ends early: what has come of it is kept for who goes on with it.
	Create func(context.Context) (store.Share, error)
	// Orphaned is told of bytes that have no record and could not be removed.
	Orphaned func(protocol.ShareID)
}

// Deposit takes a whole file and makes a share of it that is available at once:
// the bytes first, durable, then the only record there ever is of it, then the
// announcement. What ends in between leaves bytes that no record knows, which the
// start-up sweep removes. It fails with store.ErrConflict if the share's offer
// has been made, and returns a share with an error only if it was made and its
// bytes are not all there.
func (s *Service) Deposit(ctx context.Context, d Deposit) (store.Share, error) {
	ctx = context.WithoutCancel(ctx) // as in Append
	// Held until the record is made: the sweep must not take the bytes for
	// orphans meanwhile.
	turn, err := s.acquire(ctx, d.Share.ID, d.Yield)
	if err != nil {
		return store.Share{}, err
	}
	defer turn.release()
	block := blocks.Get().(*[blockSize]byte)
	defer blocks.Put(block)
	data := block[:*d.Share.Size]
	if n, err := io.ReadFull(d.Body, data); err != nil {
		return s.depositPart(ctx, d, data[:n], err)
	}
	if d.Share.Vet {
		if err := s.Vet(ctx, d.Share, data[:min(len(data), HeadBytes)]); err != nil {
			return store.Share{}, err
		}
	}
	if err := s.Blobs.Put(ctx, blob.Key(d.Share.ID), data); err != nil {
		return store.Share{}, putFailed(err)
	}
	crash.At(crash.DepositKept)
	return s.recordDeposit(ctx, d, sha256.Sum256(data))
}

// depositPart makes an upload of a body that ended early.
func (s *Service) depositPart(ctx context.Context, d Deposit, arrived []byte, cause error) (store.Share, error) {
	share, err := d.Create(ctx)
	if err != nil {
		return store.Share{}, err
	}
	body := io.MultiReader(bytes.NewReader(bytes.Clone(arrived)), &failing{cause})
	return s.receive(ctx, share, sha256.New(), Append{ID: share.ID, Body: body, BodyLength: *share.Size})
}

// failing is the rest of a body that failed.
type failing struct{ err error }

// Read implements io.Reader.
func (f *failing) Read([]byte) (int, error) { return 0, f.err }

func (s *Service) recordDeposit(ctx context.Context, d Deposit, sum [sha256.Size]byte) (store.Share, error) {
	share := d.Share
	share.SHA256 = hex.EncodeToString(sum[:])
	done, err := s.Records.Deposit(ctx, share, d.Quota)
	if err == nil {
		crash.At(crash.DepositRecorded)
		s.Log.Info("share deposited", "share", done.ID, "room", done.Room, "participant", done.Sender.ID, "bytes", done.Offset)
		return done, nil
	}
	if errors.Is(err, store.ErrBroken) {
		// The record may be found when the store is opened again. If it is not, the
		// start-up sweep removes the bytes.
		return store.Share{}, fmt.Errorf("recording a deposit: %w", err)
	}
	if removeErr := s.Blobs.Remove(ctx, blob.Key(share.ID)); removeErr != nil {
		s.Log.Error("removing a deposit that was refused", "share", share.ID, "err", removeErr)
		d.Orphaned(share.ID)
	}
	switch {
	case errors.Is(err, store.ErrStaleRules):
		return store.Share{}, protocol.WrapError(protocol.CodeUnavailable, "the rules of the room have just changed: send it again", err)
	case errors.Is(err, store.ErrNotFound):
		return store.Share{}, protocol.NewError(protocol.CodeRoomNotFound, "there is no such room")
	}
	return store.Share{}, fmt.Errorf("recording a deposit: %w", err)
}

func putFailed(err error) error {
	switch {
	case errors.Is(err, blob.ErrFull):
		return protocol.WrapError(protocol.CodeStorageFull, "the server has no room left", err)
	case errors.Is(err, blob.ErrPoisoned) && !errors.Is(err, blob.ErrLost):
		return poisoned()
	}
	return notStored(err)
}
