package diskblob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/crash"
)

// ahead is how far blocks are allocated ahead of the writer, and how much is
// written back at a time. It is bounded, so a declared length reserves nothing;
// and it makes a write cost half the CPU of one that allocates as it goes.
const ahead = 8 << 20

// writer appends to a staged file.
type writer struct {
	store *Store
	key   blob.Key
	file  *os.File // nil once closed

	offset    int64 // where the next byte goes
	allocated int64 // blocks are allocated up to here
	flushed   int64 // write-back has begun up to here
}

// Write implements blob.Store.
func (s *Store) Write(_ context.Context, key blob.Key, offset int64) (blob.Writer, error) {
	if !key.Valid() {
		return nil, blob.ErrKey
	}
	if err := s.Healthy(); err != nil {
		return nil, err
	}
	flags := os.O_RDWR
	if offset == 0 {
		flags |= os.O_CREATE
	}
	file, err := s.openFile(stagedName(key), flags)
	if err != nil {
		return nil, err
	}
	w := &writer{store: s, key: key, file: file, offset: offset, allocated: offset, flushed: offset}
	if err := w.rewind(); err != nil {
		file.Close()
		return nil, err
	}
	return w, nil
}

// rewind puts the file's end at the offset. It cuts even where nothing is to be
// cut: a writer that died with its process left the blocks it had allocated
// ahead, and this gives them back.
func (w *writer) rewind() error {
	size, err := w.file.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("measuring a staged blob: %w", err)
	}
	if size < w.offset {
		return fmt.Errorf("%w: %d bytes of %d", blob.ErrLost, size, w.offset)
	}
	if size == 0 {
		return nil // new: cutting it would have ext4 write it out when closed
	}
	if err := w.file.Truncate(w.offset); err != nil {
		return w.store.failed("cutting a staged blob", err)
	}
	return nil
}

// Write implements io.Writer.
func (w *writer) Write(p []byte) (int, error) {
	if w.file == nil {
		return 0, os.ErrClosed
	}
	if err := w.store.Healthy(); err != nil {
		return 0, err
	}
	w.allocate(w.offset + int64(len(p)))
	n, err := w.file.WriteAt(p, w.offset)
	w.offset += int64(n)
	if err != nil {
		return n, w.store.failed("writing a blob", err)
	}
	if w.offset-w.flushed >= ahead {
		// Writing back early keeps the final sync short. It promises nothing,
		// so what it says does not matter.
		writeBack(w.file, w.flushed, w.offset-w.flushed)
		w.flushed = w.offset
	}
	return n, nil
}

// allocate sees to blocks up to end, once the file is large enough for it to
// pay. It is a help, not a need: a file system without it allocates as it goes.
func (w *writer) allocate(end int64) {
	if end <= w.allocated || end < ahead/8 {
		return
	}
	preallocate(w.file, w.allocated, end+ahead-w.allocated)
	w.allocated = end + ahead
}

// Flush implements blob.Writer: what is written is in the kernel's hands.
func (w *writer) Flush(context.Context) error { return nil }

// Sync implements blob.Writer.
func (w *writer) Sync() error {
	if w.file == nil {
		return os.ErrClosed
	}
	if err := w.store.Healthy(); err != nil {
		return err
	}
	return w.store.sync(w.file)
}

// Commit implements blob.Writer. The order is what a power cut cannot break:
// the bytes, then the name, then that the name is there.
func (w *writer) Commit(context.Context) error {
	defer w.Close()
	if err := w.trim(); err != nil {
		return err
	}
	s := w.store
	if s.later.hasRoom() {
		return w.commitLater()
	}
	if err := w.Sync(); err != nil {
		return err
	}
	crash.At(crash.BlobSynced)
	if err := s.makeShard(shard(w.key)); err != nil {
		return err
	}
	if err := s.root.Rename(stagedName(w.key), finalName(w.key)); err != nil {
		return s.failed("naming a blob", err)
	}
	crash.At(crash.BlobNamed)
	err := s.syncNames(w.key)
	crash.At(crash.NamesSynced)
	return err
}

// commitLater gives the blob its place and leaves the syncs to Flush.
func (w *writer) commitLater() error {
	if w.file == nil {
		return os.ErrClosed
	}
	s := w.store
	if err := s.Healthy(); err != nil {
		return err
	}
	if err := s.root.Mkdir(shard(w.key), dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return s.failed("making a blob directory", err)
	}
	if err := s.root.Rename(stagedName(w.key), finalName(w.key)); err != nil {
		return s.failed("naming a blob", err)
	}
	crash.At(crash.BlobNamed)
	s.later.add(w.key)
	return nil
}

// makeShard makes the directory and makes it survive. One that exists may have
// been made a moment ago, by another writer or a process that died, and not
// have been synced: only what this process has synced itself is relied on.
func (s *Store) makeShard(dir string) error {
	if _, done := s.shards.Load(dir); done {
		return nil
	}
	if err := s.root.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return s.failed("making a blob directory", err)
	}
	info, err := s.root.Lstat(dir)
	if err != nil {
		return fmt.Errorf("making a blob directory: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("making a blob directory: %s is something else", dir)
	}
	if err := s.syncDir(blobsDir); err != nil {
		return err
	}
	s.shards.Store(dir, nil)
	return nil
}

// trim gives back the blocks beyond the end.
func (w *writer) trim() error {
	if w.file == nil || w.allocated <= w.offset {
		return nil
	}
	if err := w.file.Truncate(w.offset); err != nil {
		return w.store.failed("trimming a blob", err)
	}
	w.allocated = w.offset
	return nil
}

// Close implements blob.Writer.
func (w *writer) Close() error {
	if w.file == nil {
		return nil
	}
	err := errors.Join(w.trim(), w.file.Close())
	w.file = nil
	return err
}
