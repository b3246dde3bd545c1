// Package diskblob keeps blobs in a directory:
//
//	staging/<key>      while it is being written
//	blobs/<ab>/<key>   once committed; <ab> is the key's last two characters
//	packs/<name>       many small ones that were put: see packs
//
// Every name is a key, which the server makes. Every file is opened through
// one os.Root, so that neither a name nor a planted link leads out of the
// directory; and a link in the place of a blob is refused wherever it leads.
package diskblob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
)

const (
	stagingDir = "staging"
	blobsDir   = "blobs"

	dirMode  = 0o700
	fileMode = 0o600
)

// Store keeps blobs in a directory. It is safe for concurrent use.
type Store struct {
	root     *os.Root
	fsync    func(*os.File) error     // (*os.File).Sync, unless a test listens
	synced   func(took time.Duration) // hears of each sync
	shards   sync.Map                 // name -> nil: directories that survive a power cut
	poisoned atomic.Pointer[error]    // why no write is taken any more
	alarm    chan struct{}            // closed when the store is poisoned
	afresh   bool                     // see Afresh
	packs    *packs
	later    later

	inspecting bool // see Inspect
}

var (
	_ blob.Store  = (*Store)(nil)
	_ blob.Putter = (*Store)(nil)
)

// Open opens the directory, making it if it is not there. It refuses one that
// is a symbolic link. Close the store when nobody uses it any more.
func Open(dir string, options ...Option) (*Store, error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("making the blob directory: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the blob directory: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("opening the blob directory: %s is not a directory of its own", dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the blob directory: %w", err)
	}
	s := &Store{root: root, fsync: (*os.File).Sync, synced: func(time.Duration) {}, alarm: make(chan struct{})}
	for _, option := range options {
		option(s)
	}
	if err := s.prepare(); err != nil {
		root.Close()
		return nil, err
	}
	if s.afresh {
		err = s.forget()
	}
	if err == nil {
		s.packs, err = s.openPacks()
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	return s, nil
}

// prepare makes the trees and makes them survive: their names in the
// directory, and the directory's own name.
func (s *Store) prepare() error {
	for _, dir := range []string{stagingDir, blobsDir, packsDir} {
		if err := s.root.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("making %s: %w", dir, err)
		}
		info, err := s.root.Lstat(dir)
		if err != nil {
			return fmt.Errorf("opening %s: %w", dir, err)
		}
		if !info.IsDir() {
			return fmt.Errorf("opening %s: it is not a directory", dir)
		}
	}
	if err := s.syncDir("."); err != nil {
		return err
	}
	parent, err := os.Open(filepath.Dir(s.root.Name()))
	if err != nil {
		return fmt.Errorf("opening the directory to sync: %w", err)
	}
	defer parent.Close()
	return s.sync(parent)
}

// Close lets go of the directory. Open readers stay usable.
func (s *Store) Close() error { return errors.Join(s.packs.close(), s.root.Close()) }

// FreeBytes returns how many bytes the directory's file system has left: none
// where it has no place for more files.
func (s *Store) FreeBytes() (int64, error) {
	dir, err := s.root.Open(".")
	if err != nil {
		return 0, fmt.Errorf("measuring free space: %w", err)
	}
	defer dir.Close()
	return freeBytes(dir)
}

// FreeIn is FreeBytes of any directory.
func FreeIn(name string) (int64, error) {
	dir, err := os.Open(name)
	if err != nil {
		return 0, fmt.Errorf("measuring free space: %w", err)
	}
	defer dir.Close()
	return freeBytes(dir)
}

// Open implements blob.Store. The Reader is the *os.File, unless the blob was put.
func (s *Store) Open(_ context.Context, key blob.Key) (blob.Reader, error) {
	if at, ok := s.packs.find(key); ok {
		return s.packs.open(at)
	}
	return s.open(key, finalName)
}

// OpenStaged implements blob.Store. The Reader is the *os.File.
func (s *Store) OpenStaged(_ context.Context, key blob.Key) (blob.Reader, error) {
	if _, ok := s.packs.find(key); ok {
		return nil, blob.ErrNotFound // without asking the disk
	}
	return s.open(key, stagedName)
}

func (s *Store) open(key blob.Key, name func(blob.Key) string) (blob.Reader, error) {
	if !key.Valid() {
		return nil, blob.ErrKey
	}
	return s.openFile(name(key), os.O_RDONLY)
}

// openFile opens a regular file, and fails with blob.ErrNotFound if there is
// none. An os.Root follows a link that stays within it, and would have a
// planted one lead from one blob to another.
func (s *Store) openFile(name string, flags int) (*os.File, error) {
	info, err := s.root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("opening a blob: %s is not a regular file", name)
	}
	file, err := s.root.OpenFile(name, flags, fileMode)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, blob.ErrNotFound
	}
	if err != nil && flags != os.O_RDONLY {
		return nil, s.failed("opening a blob", err)
	}
	if err != nil {
		return nil, fmt.Errorf("opening a blob: %w", err)
	}
	return file, nil
}

// Settle implements blob.Store. What Commit had not synced when its process died
// may be the names alone; the bytes are synced again all the same, which costs
// nothing when they are on the disk.
func (s *Store) Settle(_ context.Context, key blob.Key) error {
	if !key.Valid() {
		return blob.ErrKey
	}
	if err := s.Healthy(); err != nil {
		return err
	}
	if packed, err := s.packs.again(key); packed {
		return err
	}
	file, err := s.openFile(finalName(key), os.O_RDONLY)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := s.sync(file); err != nil {
		return err
	}
	if err := s.makeShard(shard(key)); err != nil {
		return err
	}
	return s.syncNames(key)
}

// syncNames makes the place of a committed blob survive. First the new name
// must, which is what Commit promises. Then the old one must not come back, or
// the file would have two names.
func (s *Store) syncNames(key blob.Key) error {
	if err := s.syncDir(shard(key)); err != nil {
		return err
	}
	return s.syncDir(stagingDir)
}

// Remove implements blob.Store. Nothing is synced: a removal that a power cut
// undoes leaves an orphan, which the next start removes.
func (s *Store) Remove(_ context.Context, key blob.Key) error {
	if !key.Valid() {
		return blob.ErrKey
	}
	if s.inspecting {
		return errInspecting
	}
	if err := s.packs.remove(key); err != nil {
		return err
	}
	for _, name := range []string{stagedName(key), finalName(key)} {
		if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s.failed("removing a blob", err)
		}
	}
	return nil
}

// List implements blob.Store.
func (s *Store) List(ctx context.Context) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		for _, info := range s.packs.list() {
			if !yield(info, nil) {
				return
			}
		}
		err := fs.WalkDir(s.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
			key := blob.Key(entry.Name())
			committed := name == finalName(key)
			if !entry.Type().IsRegular() || !key.Valid() || !committed && name != stagedName(key) {
				return nil
			}
			info, err := entry.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil // removed meanwhile
			}
			if err != nil {
				return err
			}
			if !yield(blob.Info{Key: key, Committed: committed, Size: info.Size(), Modified: info.ModTime()}, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(blob.Info{}, fmt.Errorf("listing blobs: %w", err))
		}
	}
}

func stagedName(key blob.Key) string { return path.Join(stagingDir, string(key)) }

func finalName(key blob.Key) string { return path.Join(shard(key), string(key)) }

// shard spreads the blobs over directories that stay small. The end of a key
// is random, its beginning is not.
func shard(key blob.Key) string {
	tail := "_" + string(key)
	return path.Join(blobsDir, tail[len(tail)-2:])
}

// syncDir makes the names in a directory survive a power cut.
func (s *Store) syncDir(name string) error {
	dir, err := s.root.Open(name)
	if err != nil {
		return fmt.Errorf("opening the directory to sync: %w", err)
	}
	defer dir.Close()
	return s.sync(dir)
}
