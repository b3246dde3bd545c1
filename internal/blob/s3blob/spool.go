package s3blob

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/blob/diskblob"
)

// spool keeps bytes in files until they are in the bucket. A writer takes the place of
// a whole segment before it writes the first of its bytes, so that what has begun can
// end; it lets go when the segment is in the bucket.
type spool struct {
	dir      string
	capacity int64
	room     *semaphore.Weighted
	used     atomic.Int64
}

// roomPatience is how long a writer waits for its first place.
const roomPatience = 10 * time.Second

const (
	dirMode  = 0o700
	fileMode = 0o600
)

func openSpool(dir string, capacity int64) (*spool, error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("making the spool: %w", err)
	}
	s := &spool{dir: dir, capacity: capacity, room: semaphore.NewWeighted(capacity)}
	probe, err := s.create()
	if err != nil {
		return nil, err
	}
	return s, probe.Close()
}

// take waits for the place of a segment. Where it is the writer's first, nothing of
// its own will make room, so it gives up after a while: blob.ErrFull.
func (s *spool) take(ctx context.Context, bytes int64, first bool) error {
	if bytes > s.capacity {
		return fmt.Errorf("%w: a segment of %d bytes does not fit into the spool", blob.ErrFull, bytes)
	}
	waiting := ctx
	if first {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, roomPatience)
		defer cancel()
	}
	if err := s.room.Acquire(waiting, bytes); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: the spool has no place for another segment", blob.ErrFull)
	}
	s.used.Add(bytes)
	return nil
}

func (s *spool) give(bytes int64) {
	s.used.Add(-bytes)
	s.room.Release(bytes)
}

// create makes a file that goes with its last user, at the latest with the process.
func (s *spool) create() (*os.File, error) {
	file, err := os.CreateTemp(s.dir, "segment-")
	if err != nil {
		return nil, spoolFailed("making a file in the spool", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("making a file in the spool: %w", err), file.Close())
	}
	return file, nil
}

// free returns how many bytes the spool's file system has left.
func (s *spool) free() (int64, error) {
	return diskblob.FreeIn(s.dir)
}

func spoolFailed(what string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		err = fmt.Errorf("%w: %w", blob.ErrFull, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
