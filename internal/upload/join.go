package upload

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/crash"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// A share that comes in parts gets their bytes from a joiner, which appends them
// in order, as they come: so it is written, hashed, followed and committed like
// any other upload, and complete when the last byte has been appended. There is
// one joiner per share, while there is something to wait for; each append to a
// part sees to it that it runs. A part goes when its bytes are in the share.

// joins are the joiners at work.
type joins struct {
	mu      sync.Mutex
	running map[protocol.ShareID]*joining // guarded by mu
	stopped bool                          // guarded by mu
	group   sync.WaitGroup
}

// joining is a joiner at work.
type joining struct {
	again bool          // something has come since it looked; guarded by the joins' mutex
	done  chan struct{} // closed at its end
	err   error         // why the share is not complete; to be read when done is closed
}

func newJoins() *joins { return &joins{running: make(map[protocol.ShareID]*joining)} }

// begin returns the share's joiner, and whether it is new: then the caller runs it,
// and must call the group's Done. A running one looks again. It returns nil when
// the service has been drained.
func (l *joins) begin(id protocol.ShareID) (j *joining, fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return nil, false
	}
	if j = l.running[id]; j != nil {
		j.again = true
		return j, false
	}
	j = &joining{done: make(chan struct{})}
	l.running[id] = j
	l.group.Add(1)
	return j, true
}

// goOn reports whether the joiner has to look again, and takes it off if not.
func (l *joins) goOn(id protocol.ShareID, j *joining, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if j.again && !l.stopped {
		j.again = false
		return true
	}
	delete(l.running, id)
	j.err = err
	close(j.done)
	return false
}

// stop lets no new joiner begin, and no running one look again.
func (l *joins) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
}

func (l *joins) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.running)
}

func (l *joins) isStopped() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stopped
}

// Join brings the bytes that the share's parts have to the share and returns
// when it is complete or the joiner has given up. The joiner goes on when ctx ends.
func (s *Service) Join(ctx context.Context, id protocol.ShareID) error {
	j := s.kick(id)
	if j == nil {
		return stopping()
	}
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// kick sees to it that a joiner looks at the share from now on, and waits for
// what its parts have not got yet. It returns nil when the service has been
// drained.
func (s *Service) kick(id protocol.ShareID) *joining {
	j, fresh := s.joins.begin(id)
	if fresh {
		go s.runJoin(id, j)
	}
	return j
}

func (s *Service) runJoin(id protocol.ShareID, j *joining) {
	defer s.joins.group.Done()
	for s.joins.goOn(id, j, s.join(context.Background(), id, s.follow)) {
	}
}

// joinRecorded brings what the parts have to the share, and waits for nothing. If
// a joiner is at work already, it is left to that.
func (s *Service) joinRecorded(ctx context.Context, id protocol.ShareID) error {
	j, fresh := s.joins.begin(id)
	if !fresh {
		return nil
	}
	err := s.join(ctx, id, s.recorded)
	if s.joins.goOn(id, j, err) { // something comes in now
		go s.runJoin(id, j)
		return nil
	}
	s.joins.group.Done()
	return err
}

// supply says how many bytes a part has, which is more than beyond, or why there
// are no more of them.
type supply func(ctx context.Context, part protocol.ShareID, beyond int64) (int64, error)

// follow waits for the bytes.
func (s *Service) follow(ctx context.Context, part protocol.ShareID, beyond int64) (int64, error) {
	n, _, err := s.Follow(ctx, part, beyond)
	return n, err
}

// recorded counts the bytes that are there already, and records those that a
// process had no time to record before it died.
func (s *Service) recorded(ctx context.Context, part protocol.ShareID, beyond int64) (int64, error) {
	record, err := s.followed(ctx, part)
	if err == nil && record.Offset <= beyond && !s.Active(part) && !s.elsewhere(ctx, record) {
		record, err = s.settled(ctx, part)
	}
	if err == nil && record.Offset <= beyond {
		err = stalled()
	}
	return record.Offset, err
}

// join appends what the parts have to the share until it is complete or the
// supply has no more.
func (s *Service) join(ctx context.Context, id protocol.ShareID, more supply) error {
	for {
		if elsewhere, err := s.joinElsewhere(ctx, id); elsewhere || err != nil {
			return err
		}
		whole, err := s.settled(ctx, id)
		if isPreempted(err) {
			continue // it may have ended
		}
		if err != nil || whole.State == protocol.Available {
			return err
		}
		if s.joins.isStopped() {
			return stopping()
		}
		err = s.joinNext(ctx, whole, more)
		if err != nil && !isPreempted(err) {
			return s.joinFailed(ctx, whole, err)
		}
	}
}

// settled is Offset for the joiner.
func (s *Service) settled(ctx context.Context, id protocol.ShareID) (store.Share, error) {
	turn, err := s.acquire(ctx, id, nil)
	if err != nil {
		return store.Share{}, err
	}
	defer turn.release()
	share, _, err := s.resume(ctx, turn)
	return share, err
}

// joinNext appends the part that the share's offset lies in, as soon as there is
// something of it, and ends those before it.
func (s *Service) joinNext(ctx context.Context, whole store.Share, more supply) error {
	parts, err := s.partsOf(ctx, whole.ID)
	if err != nil {
		return err
	}
	end := startOf(whole, parts)
	for _, part := range parts {
		from := end
		if end += *part.Size; whole.Offset < end {
			if _, err := s.believed(ctx, part); err != nil {
				return err
			}
			return s.joinPart(ctx, whole, &partReader{blobs: s.Blobs, part: part, at: whole.Offset - from, more: more, stream: s.Stream})
		}
		if err := s.partDone(ctx, part); err != nil {
			return err
		}
	}
	return fmt.Errorf("the parts of %s end before it", whole.ID)
}

// startOf is where the first part begins.
func startOf(whole store.Share, parts []store.Share) int64 {
	start := *whole.Size
	for _, part := range parts {
		start -= *part.Size
	}
	return start
}

// joinPart appends the rest of a part to the share. While there is nothing of it
// the share is not taken, nor any memory.
func (s *Service) joinPart(ctx context.Context, whole store.Share, rest *partReader) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	rest.ctx = ctx
	if err := rest.await(); err != nil {
		return err
	}
	defer rest.close()
	_, err := s.append(ctx, Append{
		ID: whole.ID, Offset: whole.Offset, Body: rest, BodyLength: rest.left(),
		Yield: func() { cancel(protocol.NewError(protocol.CodeUploadPreempted, "another request took the share")) },
	}, true)
	return err
}

// partDone ends a part whose bytes are in the share, so that it does not take
// twice the space. Its record is kept for who asks for its offset.
func (s *Service) partDone(ctx context.Context, part store.Share) error {
	if part.State.Ended() {
		return nil
	}
	crash.At(crash.PartJoined)
	if err := s.Parts.EndPart(ctx, part.ID, s.Now()); err != nil {
		return err
	}
	crash.At(crash.PartEnded)
	err := s.Blobs.Remove(ctx, blob.Key(part.ID)) // what fails here is purged as that of any ended share
	crash.At(crash.PartRemoved)
	return err
}

// joinFailed says why the share is not complete. It has failed for good if a part
// has ended before its time, or its bytes are gone.
func (s *Service) joinFailed(ctx context.Context, whole store.Share, err error) error {
	code := protocol.CodeOf(err)
	if code == protocol.CodeUploadStalled || code == protocol.CodeUnavailable || code == protocol.CodeTypeNotAllowed {
		return err
	}
	if code == protocol.CodeShareEnded || errors.Is(err, blob.ErrNotFound) {
		record, readErr := s.Records.Share(ctx, whole.ID)
		if readErr == nil && !record.State.Ended() {
			return s.fail(ctx, whole, err)
		}
		return err
	}
	s.Log.Error("joining parts", "share", whole.ID, "room", whole.Room, "err", err)
	return err
}

func stopping() error {
	return protocol.NewError(protocol.CodeUnavailable, "the server is stopping")
}

// Close drains the service and returns when no joiner is at work any more.
func (s *Service) Close() error {
	s.Drain()
	s.joins.group.Wait()
	return nil
}
