package diskblob

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
)

// Option changes how a Store works.
type Option func(*Store)

// SyncLater has Put and Commit return before anything is synced: what they kept
// survives the death of the process at once, and a power cut after the next Flush.
func SyncLater(s *Store) { s.later.on = true }

// Observe has each sync told of, and how long it took. It is called by many
// goroutines, and returns at once.
func Observe(synced func(took time.Duration)) Option { return func(s *Store) { s.synced = synced } }

// maxLater bounds the files that wait for Flush. One that finds no place is
// synced at once.
const maxLater = 256

// later is what has been committed and not been synced.
type later struct {
	on bool

	mu    sync.Mutex
	files map[blob.Key]struct{} // guarded by mu
}

// hasRoom reports whether a commit may leave its sync to Flush.
func (l *later) hasRoom() bool {
	if !l.on {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.files) < maxLater
}

func (l *later) add(key blob.Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.files == nil {
		l.files = make(map[blob.Key]struct{})
	}
	l.files[key] = struct{}{}
}

// take returns what waits, which is the caller's to sync or to add again.
func (l *later) take() map[blob.Key]struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	files := l.files
	l.files = nil
	return files
}

// Flush makes what was kept before it was called survive a power cut. It has
// something to do only with SyncLater. After it has failed it can be called again,
// unless the store is poisoned.
func (s *Store) Flush() error {
	if err := s.Healthy(); err != nil {
		return err
	}
	if err := s.packs.flush(); err != nil {
		return err
	}
	files := s.later.take()
	err := s.flushFiles(files)
	if err != nil {
		for key := range files {
			s.later.add(key)
		}
		return fmt.Errorf("syncing files: %w", err)
	}
	return nil
}

func (s *Store) flushFiles(files map[blob.Key]struct{}) error {
	shards := make(map[string]struct{})
	for key := range files {
		file, err := s.openFile(finalName(key), os.O_RDONLY)
		if errors.Is(err, blob.ErrNotFound) {
			continue // removed meanwhile
		}
		if err != nil {
			return err
		}
		if err := errors.Join(s.sync(file), file.Close()); err != nil {
			return err
		}
		shards[shard(key)] = struct{}{}
	}
	for dir := range shards {
		if err := s.makeShard(dir); err != nil {
			return err
		}
		if err := s.syncDir(dir); err != nil {
			return err
		}
	}
	if len(shards) == 0 {
		return nil
	}
	return s.syncDir(stagingDir) // see syncNames
}

// flush syncs the packs that have grown.
func (p *packs) flush() error {
	p.mu.Lock()
	var grown []*pack
	for in := range p.all {
		if in.dirty {
			in.dirty = false
			in.pins++
			grown = append(grown, in)
		}
	}
	p.mu.Unlock()
	var errs []error
	for _, in := range grown {
		err := p.settle(in)
		p.mu.Lock()
		in.dirty = in.dirty || err != nil
		spent := p.unpinLocked(in)
		p.mu.Unlock()
		errs = append(errs, err, p.drop(spent))
	}
	return errors.Join(errs...)
}
