// Package memblob keeps blobs in memory, for tests of what stands on a
// blob.Store. It can be told to fail.
package memblob

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
)

// Store keeps blobs in memory. It is safe for concurrent use.
type Store struct {
	mu     sync.Mutex
	blobs  map[blob.Key]*entry // guarded by mu
	faults Faults              // guarded by mu
}

// Faults says what fails from now on; a nil field does not.
type Faults struct {
	Write error // of writing bytes
	Flush error // of having them survive the process
	Sync  error // of making them durable
}

type entry struct {
	data      []byte
	committed bool
	modified  time.Time
	writer    *writer // the last one that was opened: nobody else adds anything
}

var (
	_ blob.Store  = (*Store)(nil)
	_ blob.Putter = (*Store)(nil)
)

// New returns an empty store.
func New() *Store { return &Store{blobs: make(map[blob.Key]*entry)} }

// Fail makes the store fail from now on; the zero value heals it.
func (s *Store) Fail(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// Write implements blob.Store.
func (s *Store) Write(_ context.Context, key blob.Key, offset int64) (blob.Writer, error) {
	if !key.Valid() {
		return nil, blob.ErrKey
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.blobs[key]
	switch {
	case (e == nil || e.committed) && offset > 0:
		return nil, blob.ErrNotFound
	case e == nil || e.committed:
		e = &entry{}
		if s.blobs[key] == nil {
			s.blobs[key] = e
		}
	case int64(len(e.data)) < offset:
		return nil, fmt.Errorf("%w: %d bytes of %d", blob.ErrLost, len(e.data), offset)
	}
	e.data = slices.Clip(e.data[:offset])
	e.modified = time.Now()
	w := &writer{store: s, key: key, entry: e}
	e.writer = w
	return w, nil
}

// Put implements blob.Putter.
func (s *Store) Put(ctx context.Context, key blob.Key, data []byte) error {
	w, err := s.Write(ctx, key, 0)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		w.Close()
		return err
	}
	return w.Commit(ctx)
}

// Open implements blob.Store.
func (s *Store) Open(_ context.Context, key blob.Key) (blob.Reader, error) {
	return s.open(key, true)
}

// OpenStaged implements blob.Store.
func (s *Store) OpenStaged(_ context.Context, key blob.Key) (blob.Reader, error) {
	return s.open(key, false)
}

func (s *Store) open(key blob.Key, committed bool) (blob.Reader, error) {
	if !key.Valid() {
		return nil, blob.ErrKey
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.blobs[key]
	if e == nil || e.committed != committed {
		return nil, blob.ErrNotFound
	}
	return &reader{store: s, entry: e}, nil
}

// reader reads what is there when it reads, as an open file does.
type reader struct {
	store *Store
	entry *entry
	at    int64
}

// ReadAt implements io.ReaderAt.
func (r *reader) ReadAt(p []byte, offset int64) (int, error) {
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	return bytes.NewReader(r.entry.data).ReadAt(p, offset)
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	n, err := r.ReadAt(p, r.at)
	r.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// Seek implements io.Seeker.
func (r *reader) Seek(offset int64, whence int) (int64, error) {
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += int64(len(r.entry.data))
	}
	if offset < 0 {
		return r.at, os.ErrInvalid
	}
	r.at = offset
	return offset, nil
}

// Close implements io.Closer.
func (r *reader) Close() error { return nil }

// Settle implements blob.Store.
func (s *Store) Settle(_ context.Context, key blob.Key) error {
	if !key.Valid() {
		return blob.ErrKey
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.blobs[key]; e == nil || !e.committed {
		return blob.ErrNotFound
	}
	return s.faults.Sync
}

// Remove implements blob.Store.
func (s *Store) Remove(_ context.Context, key blob.Key) error {
	if !key.Valid() {
		return blob.ErrKey
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.blobs, key)
	return nil
}

// List implements blob.Store.
func (s *Store) List(context.Context) iter.Seq2[blob.Info, error] {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := maps.Clone(s.blobs)
	return func(yield func(blob.Info, error) bool) {
		for key, e := range all {
			s.mu.Lock()
			info := blob.Info{Key: key, Committed: e.committed, Size: int64(len(e.data)), Modified: e.modified}
			s.mu.Unlock()
			if !yield(info, nil) {
				return
			}
		}
	}
}

type writer struct {
	store  *Store
	key    blob.Key
	entry  *entry
	closed bool
}

// Write implements io.Writer.
func (w *writer) Write(p []byte) (int, error) {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if w.closed {
		return 0, os.ErrClosed
	}
	if err := w.store.faults.Write; err != nil {
		return 0, err
	}
	if w.entry.writer != w {
		return 0, blob.ErrSuperseded
	}
	w.entry.data = append(w.entry.data, p...)
	w.entry.modified = time.Now()
	return len(p), nil
}

// Flush implements blob.Writer.
func (w *writer) Flush(context.Context) error {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	return w.store.faults.Flush
}

// Sync implements blob.Writer.
func (w *writer) Sync() error {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if w.closed {
		return os.ErrClosed
	}
	return w.store.faults.Sync
}

// Commit implements blob.Writer.
func (w *writer) Commit(context.Context) error {
	defer w.Close()
	if err := w.Sync(); err != nil {
		return err
	}
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if w.entry.writer != w {
		return blob.ErrSuperseded
	}
	w.entry.committed = true
	w.store.blobs[w.key] = w.entry
	return nil
}

// Close implements blob.Writer.
func (w *writer) Close() error {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.closed = true
	return nil
}
