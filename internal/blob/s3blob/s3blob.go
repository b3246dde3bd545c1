// Package s3blob keeps blobs in a bucket of an S3-compatible server, so that any
// process that has the bucket and the manifests can read them and go on writing them:
//
//	segments/<key>/<random>   a stretch of a blob
//	put/<key>                 a small blob that came whole
//	joined/<key>              a blob in one piece, copied from its segments
//
// Nobody can read the parts of a multipart upload before it is complete, so a blob that
// grows is a row of objects, which its manifest lists (docs/decisions/0028). Bytes are
// flushed when they are in objects that the manifest has. On their way there they lie
// in a spool of local files, never in memory.
package s3blob

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/handout-rtc/handout/internal/blob"
)

// Store keeps blobs in a bucket. It is safe for concurrent use, by many processes.
type Store struct {
	Config
	bucket  *bucket
	spool   *spool
	sends   *semaphore.Weighted
	writing writing
	refuse  chan string   // objects that nobody needs any more
	joining chan blob.Key // whole blobs that may be joined
	answers answers

	listWithin time.Duration // the constant, unless a test has less patience
	stop       context.CancelFunc
	work       sync.WaitGroup
}

var (
	_ blob.Store  = (*Store)(nil)
	_ blob.Putter = (*Store)(nil)
)

// mostWaiting bounds what is remembered of what is to be removed and joined; what is
// forgotten is found later in the bucket and in the manifests.
const mostWaiting = 10_000

// Open opens the bucket, which must be there and let objects be written, read, listed
// and removed below the prefix. Close the store when nobody uses it any more.
func Open(ctx context.Context, c Config) (*Store, error) {
	s, err := newStore(c)
	if err != nil {
		return nil, err
	}
	if s.spool, err = openSpool(c.Spool, s.SpoolBytes); err != nil {
		return nil, err
	}
	if err := s.bucket.probe(ctx); err != nil {
		return nil, s.unopened(err)
	}
	working, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.work.Go(func() { s.removeGarbage(working) })
	return s, nil
}

// Inspect opens the bucket for reading alone, also beside processes that write to it.
// Config.Spool is not needed. Close the store when nobody uses it any more.
func Inspect(ctx context.Context, c Config) (*Store, error) {
	s, err := newStore(c)
	if err != nil {
		return nil, err
	}
	if err := s.bucket.exists(ctx); err != nil {
		return nil, s.unopened(err)
	}
	return s, nil
}

func newStore(c Config) (*Store, error) {
	c.setDefaults()
	bucket, err := openBucket(c)
	if err != nil {
		return nil, fmt.Errorf("opening the bucket %s: %w", c.Bucket, err)
	}
	return &Store{
		Config: c, bucket: bucket, sends: semaphore.NewWeighted(int64(c.Sending)), writing: writing{now: make(map[blob.Key]*live)},
		refuse: make(chan string, mostWaiting), joining: make(chan blob.Key, mostWaiting), stop: func() {},
		listWithin: listWithin,
	}, nil
}

func (s *Store) unopened(err error) error {
	s.bucket.idle()
	return fmt.Errorf("opening the bucket %s at %s: %w", s.Bucket, s.Endpoint, err)
}

// Close ends the work of the store. Blobs that are open are not to be used any more.
func (s *Store) Close() error {
	s.stop()
	s.work.Wait()
	s.bucket.idle()
	return nil
}

// FreeBytes returns how many bytes the file system of the spool has left. How many the
// bucket has nobody says.
func (s *Store) FreeBytes() (int64, error) { return s.spool.free() }

// Spooled returns how many bytes are set aside for segments on their way to the bucket.
func (s *Store) Spooled() int64 { return s.spool.used.Load() }

// send stores an object, beside so many others at a time.
func (s *Store) send(ctx context.Context, object string, body io.ReaderAt, size int64, crc uint32) error {
	if err := s.sends.Acquire(ctx, 1); err != nil {
		return err
	}
	defer s.sends.Release(1)
	if err := s.bucket.put(ctx, object, body, size, crc); err != nil {
		return fmt.Errorf("storing %d bytes: %w", size, err)
	}
	return nil
}

// Put implements blob.Putter: one request, and no manifest.
func (s *Store) Put(ctx context.Context, key blob.Key, data []byte) error {
	if !key.Valid() {
		return blob.ErrKey
	}
	return s.send(ctx, putName(key), readerAt(data), int64(len(data)), crc32.Checksum(data, castagnoli))
}

// readerAt reads bytes in memory.
type readerAt []byte

// ReadAt implements io.ReaderAt.
func (r readerAt) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= int64(len(r)) {
		return 0, io.EOF
	}
	n := copy(p, r[offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Settle implements blob.Store: what is committed is as durable as it gets.
func (s *Store) Settle(ctx context.Context, key blob.Key) error {
	if !key.Valid() {
		return blob.ErrKey
	}
	listing, err := s.Manifest.Read(ctx, string(key))
	switch {
	case errors.Is(err, ErrNone):
		return s.bucket.head(ctx, putName(key))
	case err == nil && listing.State != Committed:
		return blob.ErrNotFound
	}
	return err
}

// answers is what the bucket has said last when it was asked whether it is there.
type answers struct {
	mu  sync.Mutex
	at  time.Time // guarded by mu
	err error     // guarded by mu
}

// askEvery is how long an answer is good.
const askEvery = 2 * time.Second

// Ready returns nil if the bucket answers, or did a moment ago.
func (s *Store) Ready(ctx context.Context) error {
	s.answers.mu.Lock()
	at, err := s.answers.at, s.answers.err
	s.answers.mu.Unlock()
	if time.Since(at) < askEvery {
		return err
	}
	err = s.bucket.reachable(ctx)
	s.answers.mu.Lock()
	defer s.answers.mu.Unlock()
	s.answers.at, s.answers.err = time.Now(), err
	return err
}
