package s3blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
)

// reader reads a blob from the spool, as far as this process writes it, and from its
// segments one after the other. Reading goes on where it was after a fault of the
// bucket, and ends with the context of its opening.
type reader struct {
	store *Store
	key   blob.Key
	ctx   context.Context

	mu     sync.Mutex
	known  Listing // of the manifest; all below is guarded by mu
	at     int64   // of Read
	stream *stream // idle, where the last ReadAt ended; nil if there is none
	ahead  *ahead  // the segment behind it; nil if it was not asked for
	closed bool
}

// Open implements blob.Store. Who has a blob that came whole is asked at once: the
// answer says how long it is.
func (s *Store) Open(ctx context.Context, key blob.Key) (blob.Reader, error) {
	if !key.Valid() {
		return nil, blob.ErrKey
	}
	listing, err := s.Manifest.Read(ctx, string(key))
	switch {
	case errors.Is(err, ErrNone):
		return s.openPut(ctx, key)
	case err != nil:
		return nil, err
	case listing.State != Committed:
		return nil, blob.ErrNotFound
	}
	return &reader{store: s, key: key, ctx: ctx, known: listing}, nil
}

// OpenStaged implements blob.Store.
func (s *Store) OpenStaged(ctx context.Context, key blob.Key) (blob.Reader, error) {
	if !key.Valid() {
		return nil, blob.ErrKey
	}
	listing, err := s.Manifest.Read(ctx, string(key))
	switch {
	case errors.Is(err, ErrNone), err == nil && listing.State != Staged:
		return nil, blob.ErrNotFound
	case err != nil:
		return nil, err
	}
	return &reader{store: s, key: key, ctx: ctx, known: listing}, nil
}

func (s *Store) openPut(ctx context.Context, key blob.Key) (blob.Reader, error) {
	reading, cancel := context.WithCancel(ctx)
	body, size, err := s.bucket.get(reading, putName(key), 0, -1)
	if err != nil {
		cancel()
		return nil, err
	}
	whole := Segment{Length: size, Object: putName(key), Sealed: true}
	return &reader{
		store: s, key: key, ctx: ctx, stream: s.newStream(whole, 0, body, cancel),
		known: Listing{Blob: string(key), State: Committed, Size: size, Segments: []Segment{whole}},
	}, nil
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	r.mu.Lock()
	at := r.at
	r.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	n, err := r.readSome(p, at)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = at + int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

// ReadAt implements io.ReaderAt.
func (r *reader) ReadAt(p []byte, offset int64) (n int, err error) {
	if offset < 0 {
		return 0, os.ErrInvalid
	}
	for n < len(p) && err == nil {
		var m int
		m, err = r.readSome(p[n:], offset+int64(n))
		n += m
	}
	return n, err
}

// readSome reads at least one byte, or says why there is none. An answer that breaks off
// is asked for again, for as long as faults of the bucket are waited for.
func (r *reader) readSome(p []byte, offset int64) (int, error) {
	began, missed := time.Now(), false
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		n, broken, err := r.readOnce(p, offset)
		switch {
		case n > 0:
			return n, nil
		case errors.Is(err, blob.ErrNotFound) && !missed:
			// Another object has the bytes by now, unless they are gone.
			missed = true
			if err := r.refresh(); err != nil {
				return 0, err
			}
			continue
		case errors.Is(err, blob.ErrNotFound):
			return 0, fmt.Errorf("%w: an object of it is gone: %w", blob.ErrLost, err)
		case r.ctx.Err() != nil:
			return 0, context.Cause(r.ctx)
		case !broken:
			return 0, err
		case time.Since(began) > r.store.Patience:
			return 0, fmt.Errorf("%w: %w", blob.ErrUnavailable, err)
		}
		select {
		case <-time.After(pause):
		case <-r.ctx.Done():
		}
	}
}

// readOnce reads what one place has of the bytes. broken says that the error came in the
// middle of an answer.
func (r *reader) readOnce(p []byte, offset int64) (n int, broken bool, err error) {
	at, err := r.look(offset)
	if err != nil {
		return 0, false, err
	}
	if at.file != nil {
		defer at.file.release()
		n, err = at.file.ReadAt(p[:min(int64(len(p)), at.bytes)], at.at)
		return n, false, err
	}
	from, err := r.streamAt(at.segment, offset)
	if err != nil {
		return 0, false, err
	}
	n, err = from.Read(p)
	if err != nil && err != io.EOF {
		from.Close()
		return n, true, err
	}
	r.putBack(from, at.next)
	return n, true, err
}

// live returns the blob as this process writes it, unless it is known that another one
// has taken it; nil if it does not.
func (r *reader) live() *live {
	l := r.store.writing.of(r.key)
	r.mu.Lock()
	defer r.mu.Unlock()
	if l == nil || r.known.State != Staged || l.epoch < r.known.Epoch {
		return nil
	}
	return l
}

// look returns where the byte at offset is, or io.EOF.
func (r *reader) look(offset int64) (sight, error) {
	if l := r.live(); l != nil {
		if at, found, known := l.look(offset); found {
			return at, nil
		} else if known {
			return sight{}, io.EOF
		}
	}
	for fresh := false; ; fresh = true {
		r.mu.Lock()
		at, found := lookIn(r.known.Segments, offset)
		final, closed := r.known.State != Staged, r.closed
		r.mu.Unlock()
		switch {
		case closed:
			return sight{}, os.ErrClosed
		case found:
			return at, nil
		case final, fresh:
			return sight{}, io.EOF
		}
		if err := r.refresh(); err != nil {
			return sight{}, err
		}
	}
}

// refresh reads the manifest again: others may have written, or joined the segments.
func (r *reader) refresh() error {
	listing, err := r.store.Manifest.Read(r.ctx, string(r.key))
	if errors.Is(err, ErrNone) || err == nil && listing.State == Retired {
		return fmt.Errorf("%w: it was removed", blob.ErrNotFound)
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = listing
	return nil
}

// streamAt returns a stream that stands at the byte. It is the caller's until putBack.
func (r *reader) streamAt(segment Segment, offset int64) (*stream, error) {
	r.mu.Lock()
	idle, asked := r.stream, r.ahead
	r.stream = nil
	if idle != nil && idle.at == offset && idle.segment.Object == segment.Object {
		r.mu.Unlock()
		return idle, nil
	}
	r.ahead = nil
	r.mu.Unlock()
	idle.Close()
	if asked != nil && asked.segment == segment && offset == segment.Start {
		if s := asked.take(); s != nil {
			return s, nil
		}
	} else {
		asked.close()
	}
	return r.store.stream(r.ctx, segment, offset-segment.Start)
}

// putBack keeps a stream for the bytes that follow, and asks for the next segment
// when it is near its end.
func (r *reader) putBack(s *stream, next Segment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.stream != nil {
		s.Close()
		return
	}
	r.stream = s
	if r.ahead == nil && next.Length > 0 && s.left() <= readAhead {
		r.ahead = r.store.askAhead(r.ctx, next)
	}
}

// size returns how many bytes there are now.
func (r *reader) size() (int64, error) {
	if l := r.live(); l != nil {
		if n, known := l.size(); known {
			return n, nil
		}
	}
	r.mu.Lock()
	staged, size := r.known.State == Staged, r.known.Size
	r.mu.Unlock()
	if !staged {
		return size, nil
	}
	if err := r.refresh(); err != nil {
		return 0, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known.Size, nil
}

// Seek implements io.Seeker.
func (r *reader) Seek(offset int64, whence int) (int64, error) {
	var base int64
	if whence == io.SeekEnd {
		size, err := r.size()
		if err != nil {
			return 0, err
		}
		base = size
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if whence == io.SeekCurrent {
		base = r.at
	}
	if base+offset < 0 {
		return r.at, os.ErrInvalid
	}
	r.at = base + offset
	return r.at, nil
}

// Close implements io.Closer.
func (r *reader) Close() error {
	r.mu.Lock()
	idle, asked := r.stream, r.ahead
	r.stream, r.ahead, r.closed = nil, nil, true
	r.mu.Unlock()
	asked.close()
	return idle.Close()
}
