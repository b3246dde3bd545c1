package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/internal/store"
)

// Records is what a Log needs of the store.
type Records interface {
	// Unaudited returns entries that are not in the log yet: those of at most limit
	// changes.
	Unaudited(ctx context.Context, after int64, limit int) ([]store.AuditText, error)
	AuditLog(ctx context.Context) (store.AuditState, error)
	// Audited notes what the log has; the store forgets it.
	Audited(ctx context.Context, has store.AuditState) error
	// Flush makes what was read survive a power cut, before it is in the log.
	Flush() error
}

// Config says where a Log is and what it keeps. Dir and Records are required.
type Config struct {
	Dir     string
	Records Records
	// Shared: other processes write other files of the log, each in a directory of its
	// own; one at a time, in turns.
	Shared bool
	// FileBytes is how large a file grows; zero means 64 MiB. Each day begins
	// another.
	FileBytes int64
	// Keep is how long entries are kept; zero means a year.
	Keep time.Duration
	// Every is the pause between two looks at the store; zero means a second.
	Every time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log may be nil: discard.
	Log *slog.Logger
}

const (
	dirMode  = 0o700
	fileMode = 0o600
	// perWrite is how many changes are written at once.
	perWrite = 500
)

// Log is an audit log that is being written. Run is for one goroutine; Healthy and
// Close are for any.
type Log struct {
	Config
	fsync func(*os.File) error // (*os.File).Sync, unless a test listens

	has  store.AuditState // in files that are synced
	file *os.File         // the one that is appended to; nil before the first
	size int64            // of it, in bytes
	day  time.Time        // on which it was begun

	trimmed time.Time // the day on which old files were removed last

	failed atomic.Pointer[error] // why the last write failed
	broken bool                  // by a sync that failed: no write is to be believed
}

// Open opens the log of a data directory, which the caller has for itself, and
// brings it to where the store says that it is. The caller calls Run and Close.
func Open(ctx context.Context, c Config) (*Log, error) {
	if c.FileBytes == 0 {
		c.FileBytes = 64 << 20
	}
	if c.Keep == 0 {
		c.Keep = 365 * 24 * time.Hour
	}
	if c.Every == 0 {
		c.Every = time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	l := &Log{Config: c, fsync: (*os.File).Sync}
	if err := l.settle(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the audit log: %w", err), l.Close())
	}
	return l, nil
}

// Close lets go of the files. Run must have returned.
func (l *Log) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// Healthy returns why entries cannot be written now, nil if they can. They wait in
// the store meanwhile.
func (l *Log) Healthy() error {
	if cause := l.failed.Load(); cause != nil {
		return *cause
	}
	return nil
}

// Run carries over what the store has until ctx ends, and once more then. What
// fails is tried again, unless a sync has failed.
func (l *Log) Run(ctx context.Context) {
	tick := time.NewTicker(l.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			l.turn(context.WithoutCancel(ctx))
			return
		case <-tick.C:
			l.turn(ctx)
		}
	}
}

// turn writes what there is, and removes what has been kept long enough.
func (l *Log) turn(ctx context.Context) {
	err := l.drain(ctx)
	if err == nil {
		err = l.trim(ctx)
	}
	if err == nil {
		l.failed.Store(nil)
		return
	}
	if ctx.Err() == nil {
		l.Log.Error("writing the audit log", "err", err)
		l.failed.Store(&err)
	}
}

// drain writes what the store has for the log.
func (l *Log) drain(ctx context.Context) error {
	for {
		entries, err := l.Records.Unaudited(ctx, l.has.Newest, perWrite)
		if err != nil || len(entries) == 0 {
			return err
		}
		if err := l.Records.Flush(); err != nil {
			return err
		}
		if err := l.write(entries); err != nil {
			return err
		}
		if err := l.Records.Audited(ctx, l.has); err != nil {
			return err
		}
	}
}
