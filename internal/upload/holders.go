package upload

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// In a cluster an upload is written by the node that holds it (store.Share.Holder). A
// request that comes to another node has the holder let go first, as a newer request
// does with an older one on the same node, and then takes the upload over, which
// raises its fence. Whatever the holder before still does, say because it was paused
// meanwhile, the store and the blobs refuse: docs/decisions/0030.

// Holders knows which node holds an upload.
type Holders interface {
	// Take returns the upload when this node holds it, or when it is not uploading any
	// more. Another node that holds it has let go by then, and kept what it received,
	// or is dead. It is CodeUploadBusy while that node is alive and does not let go, and
	// while this node cannot know whether it is alive itself.
	Take(ctx context.Context, s store.Share) (store.Share, error)
	// Yield returns when the node that holds the upload is at work on it no more.
	Yield(ctx context.Context, s store.Share) error
	// Elsewhere reports whether another node, which is alive, holds the upload.
	Elsewhere(ctx context.Context, s store.Share) bool
}

// Peers are the other nodes.
type Peers interface {
	// Stream opens what the upload's holder receives, from the byte from on.
	Stream(ctx context.Context, s store.Share, from int64) (blob.Stream, error)
	// Join has the holder of a share that comes in parts see to it that they are
	// joined.
	Join(ctx context.Context, s store.Share) error
}

// take makes this node the holder of the upload. It gives up when another request of
// this node wants it.
func (s *Service) take(ctx context.Context, share store.Share, turn *turn) (store.Share, error) {
	if s.Holders == nil {
		return share, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.Handover, errNotLetGo)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer context.AfterFunc(turn.wanted, func() {
		stop(protocol.NewError(protocol.CodeUploadPreempted, "a newer request took over the upload"))
	})()
	mine, err := s.Holders.Take(ctx, share)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		s.leases.note(share.ID, mine.Fence)
	}
	return mine, err
}

var errNotLetGo = protocol.NewError(protocol.CodeUploadBusy, "another node holds the upload")

// held binds changes of the upload's record to this node's hold on it.
func (s *Service) held(ctx context.Context, share store.Share) context.Context {
	if s.Holders == nil {
		return ctx
	}
	return store.Held(ctx, share)
}

// overtaken is what a request hears whose upload another node has taken over: its
// client asks again.
func overtaken(err error) error {
	return protocol.WrapError(protocol.CodeUploadPreempted, "another node took over the upload", err)
}

func (s *Service) elsewhere(ctx context.Context, share store.Share) bool {
	return s.Holders != nil && share.State == protocol.Uploading && s.Holders.Elsewhere(ctx, share)
}

// interruptElsewhere has the node let go that writes to an upload which has ended.
func (s *Service) interruptElsewhere(ctx context.Context, id protocol.ShareID) error {
	if s.Holders == nil {
		return nil
	}
	share, err := s.Records.Share(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case share.AvailableAt != nil || !s.Holders.Elsewhere(ctx, share):
		return nil // nobody writes any more
	}
	return s.Holders.Yield(ctx, share)
}

// joinElsewhere has another node that holds the share join its parts. It reports
// whether one does: then this node has nothing to do.
func (s *Service) joinElsewhere(ctx context.Context, id protocol.ShareID) (bool, error) {
	if s.Holders == nil {
		return false, nil
	}
	for {
		whole, err := s.Records.Share(ctx, id)
		if err != nil || !s.elsewhere(ctx, whole) {
			return false, err
		}
		if err = s.Peers.Join(ctx, whole); err == nil {
			return true, nil
		}
		if s.joins.isStopped() {
			return false, stopping()
		}
		s.Log.Debug("asking another node to join parts", "share", id, "err", err)
		pause(ctx) // it answers soon, or is dead
	}
}

// Kick sees to it that the parts of a share are joined here. It is for another node,
// which has received some of them.
func (s *Service) Kick(id protocol.ShareID) { s.kick(id) }

// Stream opens the bytes of an upload that another node receives, from the byte from
// on. When it cannot, it fails after a moment: it is to be asked again, with Follow.
func (s *Service) Stream(ctx context.Context, id protocol.ShareID, from int64) (blob.Stream, error) {
	share, err := s.Records.Share(ctx, id)
	if err != nil {
		return nil, err
	}
	stream, err := s.Peers.Stream(ctx, share, from)
	if err != nil {
		s.Log.Debug("following an upload at another node", "share", id, "node", share.Holder, "err", err)
		pause(ctx)
	}
	return stream, err
}

const retryPeer = 200 * time.Millisecond

func pause(ctx context.Context) {
	timer := time.NewTimer(retryPeer)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Tail calls send with the bytes of an upload that comes in here, from the byte from
// on, as they come; send must read all that it is given. It returns nil behind the last
// byte of a complete upload. It fails as Follow does.
func (s *Service) Tail(ctx context.Context, id protocol.ShareID, from int64, send func(*io.LimitedReader) error) error {
	var bytes blob.Reader
	defer func() {
		if bytes != nil {
			bytes.Close()
		}
	}()
	for {
		ready, all, err := s.Follow(ctx, id, from)
		if err != nil {
			return err
		}
		if from >= ready && all {
			return nil
		}
		if bytes == nil {
			if bytes, err = s.open(ctx, id, from); err != nil {
				return err
			}
		}
		if err := send(&io.LimitedReader{R: bytes, N: ready - from}); err != nil {
			return err
		}
		from = ready
	}
}

// open opens the bytes of an upload, wherever they are by now.
func (s *Service) open(ctx context.Context, id protocol.ShareID, at int64) (blob.Reader, error) {
	bytes, err := s.Blobs.OpenStaged(ctx, blob.Key(id))
	if errors.Is(err, blob.ErrNotFound) {
		bytes, err = s.Blobs.Open(ctx, blob.Key(id))
	}
	if err != nil {
		return nil, err
	}
	if _, err := bytes.Seek(at, io.SeekStart); err != nil {
		bytes.Close()
		return nil, err
	}
	return bytes, nil
}

// Watching returns the uploads that somebody writes or follows here.
func (s *Service) Watching() []protocol.ShareID {
	all := make(map[protocol.ShareID]bool)
	for _, id := range s.leases.ids() {
		all[id] = true
	}
	for _, id := range s.flows.ids() {
		all[id] = true
	}
	return slices.Collect(maps.Keys(all))
}

// Stands says where an upload stands by now: a request that writes to one which has
// ended, or is another node's, lets go, and followers look again.
func (s *Service) Stands(id protocol.ShareID, at store.Standing) {
	s.leases.yieldOne(id, at.Fence, at.State.Ended())
	s.flows.turn(id)
}

// Fenced has every request let go: this node cannot know any more what it holds. What
// comes meanwhile is refused by Holders.Take.
func (s *Service) Fenced() { s.leases.yieldAll() }
