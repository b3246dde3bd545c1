// Package sqlite is the embedded engine of the store: one file, nothing to
// install.
//
// A commit is on the disk when it returns (WAL, synchronous=FULL), unless the
// store is opened with SyncLater. One
// goroutine writes, and commits together what waits together, so that many
// writers share the price of one sync. Readers have connections of their own
// and never wait for the writer.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"

	"github.com/handout-rtc/handout/internal/store"
)

// Option changes how a database is kept.
type Option func(*engine)

// SyncLater has a commit return before it is synced: it survives the death of the
// process at once, and a power cut after the next Flush. Whatever a power cut
// takes, it is the latest commits, and the database is whole.
func SyncLater(e *engine) { e.synchronous = "NORMAL" }

// Observe has the writer tell how it does.
func Observe(o Observer) Option { return func(e *engine) { e.observer = o } }

// Observer hears how the writer does. Its methods return at once, and are called
// by many goroutines.
type Observer interface {
	// Waiting hears of n more changes that wait for the writer, or fewer.
	Waiting(n int)
	// Committed hears of a transaction that holds so many changes, and how long it
	// took, its sync included.
	Committed(changes int, took time.Duration)
}

// nobody is an Observer that does not listen.
type nobody struct{}

func (nobody) Waiting(int)                  {}
func (nobody) Committed(int, time.Duration) {}

// Open opens the store in a file, which is made if it is not there, and brings
// its schema up to date. The caller sees to it that no other process has the
// file open, and closes the store.
func Open(ctx context.Context, path string, options ...Option) (*store.DB, error) {
	e, err := open(ctx, path, options...)
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	return store.New(e), nil
}

// engine implements store.Engine.
type engine struct {
	*writer
	synchronous string // of the commits: FULL, or NORMAL for those that are synced later
	observer    Observer
	log         *os.File
	reader      *sql.DB
	close       func() error
}

func open(ctx context.Context, path string, options ...Option) (*engine, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := private(path); err != nil {
		return nil, err
	}
	e := &engine{synchronous: "FULL", observer: nobody{}}
	for _, option := range options {
		option(e)
	}
	writing, err := connect(source(path, "rwc", "immediate", e.synchronous))
	if err != nil {
		return nil, err
	}
	writing.SetMaxOpenConns(1)
	if err := fold(ctx, writing); err != nil {
		return nil, errors.Join(err, writing.Close())
	}
	if err := store.Migrate(ctx, goose.DialectSQLite3, writing); err != nil {
		return nil, errors.Join(err, writing.Close())
	}
	if err := e.openLog(path); err != nil {
		return nil, errors.Join(err, writing.Close())
	}
	reading, err := connect(source(path, "ro", "deferred", ""))
	if err != nil {
		return nil, errors.Join(err, e.log.Close(), writing.Close())
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	reading.SetMaxOpenConns(readers)
	reading.SetMaxIdleConns(readers)
	e.writer, e.reader = newWriter(writing, e.observer), reading
	e.close = sync.OnceValue(func() error {
		e.stop()
		// The writer goes last: it folds the log into the file.
		return errors.Join(e.log.Close(), reading.Close(), writing.Close())
	})
	return e, nil
}

// private makes the file, if it is not there, and has nobody but its owner read
// it: the library would let everybody. What it puts beside it gets the same mode.
func private(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return err
	}
	return errors.Join(file.Chmod(fileMode), file.Close())
}

const fileMode = 0o600

// connect returns a pool of connections.
func connect(source string) (*sql.DB, error) {
	c, err := sqlite.NewConnector(source)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(preparing{c}), nil
}

// source names the database to the driver.
func source(path, mode, lock, synchronous string) string {
	query := url.Values{
		"mode":          {mode},
		"_txlock":       {lock},
		"_dqs":          {"0"},
		"_busy_timeout": {"10000"}, // milliseconds
		"_foreign_keys": {"on"},
	}
	if mode == "ro" {
		query.Set("_query_only", "on")
	} else {
		query.Set("_journal_mode", "WAL")
		query.Set("_synchronous", synchronous)
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: query.Encode()}).String()
}

// Reader implements store.Engine.
func (e *engine) Reader() *sql.DB { return e.reader }

// clock is what the clock of the machine says, to a millisecond.
const clock = `CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)`

// Clock implements store.Engine.
func (*engine) Clock() string { return clock }

// Close implements store.Engine.
func (e *engine) Close() error {
	if err := e.close(); err != nil {
		return fmt.Errorf("closing the store: %w", err)
	}
	return nil
}
