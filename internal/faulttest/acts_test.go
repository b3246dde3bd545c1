package faulttest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/handout-rtc/handout/internal/crash"
	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

// act is a piece of work in whose course the server comes to some points, which are
// others where the files are in a bucket: some of these works are for one of the two. It
// calls arm when the server may die from then on.
type act struct {
	name      string
	directory []crash.Point
	bucket    []crash.Point
	run       func(ctx context.Context, l *crashLab, f faulttest.File, arm func()) error
	size      int64
}

// points are those of the storage that the tests run on.
func (a act) points() []crash.Point {
	if faulttest.InBucket() {
		return a.bucket
	}
	return a.directory
}

// The points of what most works have in common.
var (
	// appended are those of an append.
	appended = []crash.Point{crash.BytesWritten, crash.OffsetRecorded}
	// listed are those of an append to a file of a bucket.
	listed = append([]crash.Point{crash.EpochBegun, crash.SegmentStored, crash.SegmentsListed}, appended...)
	// recorded are those of a file of its own whose record says that it is complete.
	recorded = []crash.Point{crash.CompletionWritten, crash.CompletionRecorded}
	// placed and kept are those with the ones before, in a directory and in a bucket.
	placed = append([]crash.Point{crash.BlobSynced, crash.BlobNamed, crash.NamesSynced}, recorded...)
	kept   = append([]crash.Point{crash.BlobSynced, crash.NamesSynced}, recorded...)
	// tell are those of an event.
	tell = []crash.Point{crash.EventTaken, crash.EventPublished, crash.EventsCleared}
	// over are those of a share that ends, and gone those of its bytes in a bucket.
	over = []crash.Point{crash.EndWritten, crash.EndRecorded, crash.ReadersCut, crash.WriterStopped, crash.BytesRemoved, crash.PurgeRecorded}
	gone = append([]crash.Point{crash.BlobRetired, crash.ObjectsRemoved}, over...)
	// joinedByServer are those of parts that become one file.
	joinedByServer = []crash.Point{crash.PartJoined, crash.PartEnded, crash.PartRemoved}
	deposited      = []crash.Point{crash.DepositKept, crash.DepositWritten, crash.DepositRecorded}
)

// elsewhere are the points that a server does not come to whose files are where the
// tests run on.
func elsewhere() []crash.Point {
	if faulttest.InBucket() {
		return []crash.Point{crash.BlobNamed, crash.PackWritten, crash.PackPunched}
	}
	return []crash.Point{
		crash.EpochBegun, crash.SegmentStored, crash.SegmentsListed, crash.JoinBegun, crash.SegmentsCopied, crash.ObjectJoined, crash.JoinListed,
		crash.BlobRetired, crash.ObjectsRemoved,
	}
}

var acts = []act{
	{"an offer", []crash.Point{crash.SharesMade}, []crash.Point{crash.SharesMade}, sent(faulttest.ByTus, true), 300_000},
	{"an upload", slices.Concat(appended, placed, tell), slices.Concat(listed, kept, tell), sent(faulttest.ByTus, false), 300_000},
	{"an upload with checksums", appended, listed, sent(checked, false), 300_000},
	{"an upload that is marked", slices.Concat(appended, placed), slices.Concat(listed, kept), sent(faulttest.ByMark, false), 300_000},
	{"an upload of several segments", nil, append([]crash.Point{crash.SegmentStored, crash.SegmentsListed, crash.BytesWritten}, kept...), sent(inOne, false), 20 << 20},
	{"a file in one object", nil, []crash.Point{crash.JoinBegun, crash.SegmentsCopied, crash.ObjectJoined, crash.JoinListed}, oneObject, 12 << 20},
	{"a deposit in a pack", slices.Concat([]crash.Point{crash.PackWritten}, deposited, tell), slices.Concat(deposited, tell), sent(faulttest.ByDeposit, true), 20_000},
	{"a deposit of its own", []crash.Point{crash.BlobSynced, crash.BlobNamed, crash.NamesSynced, crash.DepositKept}, nil, sent(faulttest.ByDeposit, true), 200_000},
	{"an upload in parts", slices.Concat([]crash.Point{crash.UploadSplit, crash.CompletionRecorded}, joinedByServer), slices.Concat([]crash.Point{crash.UploadSplit, crash.CompletionRecorded}, joinedByServer), sent(faulttest.BySplit(3), false), 300_000},
	{"a join of parts", slices.Concat([]crash.Point{crash.PartsTaken, crash.BlobNamed}, joinedByServer), slices.Concat([]crash.Point{crash.PartsTaken, crash.NamesSynced}, joinedByServer), sent(faulttest.ByJoin(3), true), 300_000},
	{"a cancel", over, gone, cancelled, 4 << 20},
	{"a withdrawal", over, gone, withdrawn(faulttest.ByTus), 300_000},
	{"a withdrawal from a pack", []crash.Point{crash.WriterStopped, crash.PackPunched, crash.BytesRemoved}, []crash.Point{crash.WriterStopped, crash.BytesRemoved}, withdrawn(faulttest.ByDeposit), 20_000},
}

// inOne is ByTus with all bytes in one append.
func inOne(ctx context.Context, c *faulttest.Client, f faulttest.File, to protocol.Audience) (protocol.ShareID, error) {
	before := c.Append
	c.Append = 0
	defer func() { c.Append = before }()
	return faulttest.ByTus(ctx, c, f, to)
}

// oneObject sends a file whose segments are copied into one object once it is complete,
// and withdraws it when the server has died at that.
func oneObject(ctx context.Context, l *crashLab, f faulttest.File, arm func()) error {
	arm()
	id, err := l.ana.SendBy(ctx, inOne, f, toBo())
	if err != nil {
		return err
	}
	<-l.begun
	for {
		if _, err := os.Stat(l.file); err != nil { // it dies, or has died
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	if _, err := l.bo.Receive(ctx, id); err != nil {
		return err
	}
	return l.withdraw(ctx, id, protocol.Revoked)
}

// checked is ByTus with a checksum for each append.
func checked(ctx context.Context, c *faulttest.Client, f faulttest.File, to protocol.Audience) (protocol.ShareID, error) {
	c.Checksums = true
	defer func() { c.Checksums = false }()
	return faulttest.ByTus(ctx, c, f, to)
}

func toBo() protocol.Audience { return protocol.Audience{List: []protocol.ParticipantID{"bo"}} }

// sent sends the file some way to bo, who follows it from its first byte, and
// withdraws it. The server may die at once, or after the offer has been told of.
func sent(way faulttest.Way, atOnce bool) func(context.Context, *crashLab, faulttest.File, func()) error {
	return func(ctx context.Context, l *crashLab, f faulttest.File, arm func()) error {
		if atOnce {
			arm()
		}
		received := make(chan error, 1)
		go func() {
			select {
			case id := <-l.begun:
				if !atOnce {
					arm()
				}
				_, err := l.bo.Receive(ctx, id)
				received <- err
			case <-ctx.Done():
				received <- ctx.Err()
			}
		}()
		id, err := l.ana.SendBy(ctx, way, f, toBo())
		if err := errors.Join(err, <-received); err != nil {
			return err
		}
		if err := errors.Join(l.bo.AwaitState(ctx, id, protocol.Available), l.ana.AwaitState(ctx, id, protocol.Available)); err != nil {
			return err
		}
		return l.withdraw(ctx, id, protocol.Revoked)
	}
}

// withdraw ends a share, and returns when everybody knows.
func (l *crashLab) withdraw(ctx context.Context, id protocol.ShareID, as protocol.ShareState) error {
	if err := l.ana.Cancel(ctx, id); err != nil {
		return err
	}
	return errors.Join(l.bo.AwaitState(ctx, id, as), l.ana.AwaitState(ctx, id, as))
}

// cancelled cancels an upload of which some has come, which bo follows.
func cancelled(ctx context.Context, l *crashLab, f faulttest.File, arm func()) error {
	sending, stop := context.WithCancel(ctx)
	defer stop()
	l.ana.Pace = faulttest.NewPace(1 << 20)
	ended := make(chan error, 2)
	go func() {
		_, err := l.ana.Send(sending, f, toBo())
		ended <- err
	}()
	id := <-l.begun
	go func() {
		_, err := l.bo.Receive(ctx, id)
		ended <- err
	}()
	err := faulttest.Persist(ctx, func(ctx context.Context) error {
		share, err := l.ana.Share(ctx, id)
		if err == nil && share.Offset == 0 {
			err = errors.New("nothing has come yet") // and a bucket has nothing of it
		}
		return err
	})
	if err != nil {
		return err
	}
	arm()
	err = l.withdraw(ctx, id, protocol.Cancelled)
	for range 2 {
		if code := faulttest.CodeOf(<-ended); code != protocol.CodeShareEnded {
			err = errors.Join(err, fmt.Errorf("a transfer of a cancelled share ended as %q", code))
		}
	}
	l.ana.Pace = nil
	return err
}

// withdrawn withdraws a file that bo has.
func withdrawn(way faulttest.Way) func(context.Context, *crashLab, faulttest.File, func()) error {
	return func(ctx context.Context, l *crashLab, f faulttest.File, arm func()) error {
		id, err := l.ana.SendBy(ctx, way, f, toBo())
		if err != nil {
			return err
		}
		<-l.begun
		if _, err := l.bo.Receive(ctx, id); err != nil {
			return err
		}
		arm()
		return l.withdraw(ctx, id, protocol.Revoked)
	}
}
