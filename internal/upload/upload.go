// Package upload receives the bytes of shares: one writer at a time per
// upload, at the acknowledged offset, hashed while they are written.
//
// Commit order (docs: ARCHITECTURE, "One file's journey"): bytes durable, then
// the record with its event, then the announcement. Whatever stops between two
// steps is finished by the next request that asks for the upload, or by the
// start-up sweep.
package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Records is what a Service needs of the store.
type Records interface {
	Share(ctx context.Context, id protocol.ShareID) (store.Share, error)
	Deposit(ctx context.Context, s store.Share, q store.Quota) (store.Share, error)
	SetLength(ctx context.Context, id protocol.ShareID, length int64, q store.Quota, now time.Time) (store.Share, error)
	Checkpoint(ctx context.Context, id protocol.ShareID, c store.Checkpoint, now time.Time) error
	Complete(ctx context.Context, id protocol.ShareID, size int64, sha256 string, now, expiresAt time.Time) (store.Share, error)
	End(ctx context.Context, id protocol.ShareID, to protocol.ShareState, reason protocol.Code, now time.Time) (store.Share, error)
}

// Blobs is what a Service needs of the blob store.
type Blobs interface {
	blob.Store
	blob.Putter
}

// Config says what a Service works with. Records, Parts and Blobs are required.
type Config struct {
	Records Records
	Parts   Parts
	Blobs   Blobs
	// Holders and Peers are the other nodes of a cluster; nil where this process serves
	// alone.
	Holders Holders
	Peers   Peers
	Limits  protocol.Limits
	Quota   store.Quota // bounds what Limits does not
	// Boot names the running kernel. Bytes written under the same boot are in
	// its page cache, so they survived the death of a server process; bytes of
	// another boot are read again before they are believed. Where what is flushed
	// survives any machine, it is the same name everywhere.
	Boot string
	// Vet reports whether a file that begins so may be shared in its room, for those
	// that must be vetted; it is needed where there are any.
	Vet func(ctx context.Context, share store.Share, head []byte) error
	// Handover is how long a request waits for another one to let go of its
	// upload; zero means two seconds.
	Handover time.Duration
	// CheckpointBytes and CheckpointEvery say how often a long append records
	// how far it is; zero means 64 MiB and ten seconds.
	CheckpointBytes int64
	CheckpointEvery time.Duration
	// FollowWait is how long a follower waits for a sender that sends nothing;
	// zero means two minutes.
	FollowWait time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log may be nil: discard.
	Log *slog.Logger
}

// Service receives uploads. It is safe for concurrent use. Close it when nothing
// comes any more.
type Service struct {
	Config
	leases  *leases
	flows   *flows
	lanes   lanes
	waiting atomic.Int64 // followers
	joins   *joins
}

// New returns a Service.
func New(c Config) *Service {
	if c.Handover == 0 {
		c.Handover = 2 * time.Second
	}
	if c.CheckpointBytes == 0 {
		c.CheckpointBytes = 64 << 20
	}
	if c.CheckpointEvery == 0 {
		c.CheckpointEvery = 10 * time.Second
	}
	if c.FollowWait == 0 {
		c.FollowWait = 2 * time.Minute
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Config: c, leases: newLeases(), flows: newFlows(), lanes: newLanes(), joins: newJoins()}
}

// Append is one request that adds bytes to an upload.
type Append struct {
	ID protocol.ShareID
	// Offset is where the client believes the upload to be.
	Offset int64
	// Body is the bytes; nil adds none.
	Body io.Reader
	// BodyLength is the declared number of bytes in Body, or -1.
	BodyLength int64
	// Length is the total that this request declares for an upload whose
	// length was not known; nil declares nothing.
	Length *int64
	// Last says that nothing comes after the body: what completes an upload that is
	// marked (store.Share.Marked), if all of the body comes.
	Last bool
	// Kept, if set, is called with offsets that are recorded while the body is
	// still coming, from another goroutine: they will not be taken back.
	Kept func(offset int64)
	// Checksum, if set, is verified over this append's bytes; a mismatch or an
	// interruption leaves the upload as it was.
	Checksum *Checksum
	// Yield is called, at most once and from another goroutine, when a newer
	// request wants the upload: reading Body must fail soon afterwards.
	Yield func()
}

// Offset says where the upload stands. It takes the upload over from a request
// that still writes, and completes an upload whose last byte is there. If it
// loses its own turn to a newer request it is CodeUploadBusy: to a question,
// clients take any other refusal for the end of the upload. A share that comes in
// parts is left to its joiner.
func (s *Service) Offset(ctx context.Context, id protocol.ShareID) (store.Share, error) {
	share, err := s.Records.Share(ctx, id)
	if err == nil && share.Joined() && share.State == protocol.Uploading {
		s.kick(id)
		return share, nil
	}
	share, err = s.settled(ctx, id)
	if err == nil && share.PartOf != "" && share.State == protocol.Uploading {
		s.kick(share.PartOf) // who is told that a part is whole sends no more of it
	}
	if isPreempted(err) {
		err = protocol.WrapError(protocol.CodeUploadBusy, "another request holds the upload", err)
	}
	return share, err
}

// Append adds the body's bytes and returns the share as it is afterwards. Even
// when it fails, the bytes that arrived before are kept and acknowledged by the
// next Offset, save for an append with a checksum.
//
// It is CodeForbidden for a share that comes in parts: only they take bytes.
func (s *Service) Append(ctx context.Context, a Append) (store.Share, error) {
	return s.append(ctx, a, false)
}

// append is Append, also for the joiner.
func (s *Service) append(ctx context.Context, a Append, joiner bool) (store.Share, error) {
	// What has arrived is kept even if the client hangs up, so the work is not
	// bound to the request's context; the body's end is what stops it.
	ctx = context.WithoutCancel(ctx)
	turn, err := s.acquire(ctx, a.ID, a.Yield)
	if err != nil {
		return store.Share{}, err
	}
	defer turn.release()

	share, hash, err := s.resume(ctx, turn)
	if err != nil {
		return share, err
	}
	if share.Joined() && share.State == protocol.Uploading && !joiner {
		return share, protocol.NewError(protocol.CodeForbidden, "the upload comes in parts: send them")
	}
	if share.Offset != a.Offset {
		return share, protocol.NewError(protocol.CodeOffsetMismatch,
			fmt.Sprintf("the upload is at offset %d, not %d", share.Offset, a.Offset))
	}
	if share, err = s.declare(ctx, share, a); err != nil {
		return share, err
	}
	if share.State != protocol.Uploading {
		return share, a.repeated(share) // the answer to the last append may have got lost
	}
	if share.PartOf != "" {
		s.kick(share.PartOf)
	}
	return s.receive(ctx, share, hash, a)
}

// declare records a length that was deferred until now.
func (s *Service) declare(ctx context.Context, share store.Share, a Append) (store.Share, error) {
	if a.Length == nil {
		return share, nil
	}
	if share.Size != nil {
		if *share.Size != *a.Length {
			return share, protocol.NewError(protocol.CodeLengthMismatch, "the length is known and cannot change")
		}
		return share, nil
	}
	if *a.Length > share.Reserved {
		return share, protocol.LimitError(protocol.CodeFileTooLarge, "max-file-size", "the length is over the limit")
	}
	quota := s.Quota.With(s.Limits)
	updated, err := s.Records.SetLength(s.held(ctx, share), a.ID, *a.Length, quota, s.Now())
	if err != nil {
		return share, s.recordFailed("recording the length", updated, err)
	}
	return updated, nil
}

// Interrupt makes the request that now writes to the upload let go, and
// returns when nobody writes any more. It is for an upload that has ended: what
// comes after it writes nothing, so it waits for that too. In a cluster that goes for
// every node.
func (s *Service) Interrupt(ctx context.Context, id protocol.ShareID) error {
	ctx, cancel := context.WithTimeout(ctx, s.Handover)
	defer cancel()
	if err := s.LetGo(ctx, id); err != nil {
		return err
	}
	return s.interruptElsewhere(ctx, id)
}

// LetGo is Interrupt for the requests of this node alone: for another one that wants
// the upload. What they have received is kept.
func (s *Service) LetGo(ctx context.Context, id protocol.ShareID) error {
	for {
		turn, err := s.acquire(ctx, id, nil)
		if isPreempted(err) {
			continue
		}
		if err != nil {
			return err
		}
		turn.release()
		return nil
	}
}

// Active reports whether a request is at work on the upload.
func (s *Service) Active(id protocol.ShareID) bool { return s.leases.busy(id) }

// Drain makes every running append keep what it has and let go. It is for a
// server that stops: the clients come back to its successor. Followers and
// joiners end too.
func (s *Service) Drain() {
	s.joins.stop()
	s.leases.yieldAll()
	s.flows.stop()
}

// Finish holds an upload against its bytes, and completes it if it has them all, for
// the start-up sweep. One that comes in parts gets what they have.
func (s *Service) Finish(ctx context.Context, id protocol.ShareID) error {
	share, err := s.settled(ctx, id)
	if err == nil && share.Joined() && share.State == protocol.Uploading {
		err = s.joinRecorded(ctx, id)
	}
	switch protocol.CodeOf(err) {
	case protocol.CodeShareEnded, protocol.CodeUploadStalled: // there is nothing to finish, or not yet
		return nil
	}
	return err
}

// turn is a request's time with an upload.
type turn struct {
	id protocol.ShareID
	// wanted ends when another request wants the upload; nil where this process serves
	// alone.
	wanted context.Context
	// release must be called once.
	release func()
}

// acquire returns when no other request of this node has the upload.
func (s *Service) acquire(ctx context.Context, id protocol.ShareID, yield func()) (*turn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Handover)
	defer cancel()
	t := &turn{id: id}
	if s.Holders != nil {
		wanted, want := context.WithCancel(context.Background())
		t.wanted = wanted
		own := yield
		yield = func() {
			want()
			if own != nil {
				own()
			}
		}
	}
	letGo, err := s.leases.acquire(ctx, id, yield)
	switch {
	case isPreempted(err):
		return nil, err
	case err != nil:
		return nil, protocol.WrapError(protocol.CodeUploadBusy, "another request holds the upload", err)
	}
	t.release = func() {
		if s.Holders != nil {
			s.flows.forget(id)
		}
		letGo()
		s.flows.turn(id)
	}
	return t, nil
}

func isPreempted(err error) bool { return protocol.CodeOf(err) == protocol.CodeUploadPreempted }

// recordFailed turns a store's refusal into what the client should know: a
// conflict means that the share has ended meanwhile.
func (s *Service) recordFailed(what string, share store.Share, err error) error {
	if errors.Is(err, store.ErrConflict) {
		return endedError(share)
	}
	if errors.Is(err, store.ErrFenced) {
		return overtaken(err)
	}
	var coded *protocol.Error
	if errors.As(err, &coded) {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}

func endedError(share store.Share) error {
	return protocol.NewError(protocol.CodeShareEnded, "the upload was "+string(share.State))
}
