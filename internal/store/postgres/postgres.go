// Package postgres is the engine of the store that many server processes have in
// common.
//
// A commit is on the disk of the database when it returns. Changes run beside each
// other unless they are about the same thing: each takes advisory locks on what its
// scope names before it reads anything (docs/decisions/0027), so it finds all that
// others have made of that, and nobody makes anything of it meanwhile. What the
// database refuses for the sake of other changes is repeated. Where the connection is
// lost while a change is being committed, the engine finds out what became of it.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/handout-rtc/handout/internal/store"
)

// leastVersion has pg_current_xact_id.
const leastVersion = 130000

// How long things may take.
const (
	connectPatience   = 5 * time.Second  // a new connection
	statementPatience = 15 * time.Second // one statement, by the database
	lockPatience      = 5 * time.Second  // for what another change holds, by the database
	idlePatience      = 10 * time.Second // between two statements of a change, by the database
	answerPatience    = 20 * time.Second // any answer: then the database is given up; twice that, a change
	longPatience      = 10 * time.Minute // as statementPatience, of what may touch every record
	waitPatience      = 10 * time.Second // for a turn, with all repeats
	doubtPatience     = 45 * time.Second // for what became of a commit
)

// DefaultConnections is how many connections a store has at most unless Config says.
const DefaultConnections = 20

// Config is how a database is used. The zero value is good.
type Config struct {
	// Connections is how many there are at most, half of them for changes; zero means
	// DefaultConnections.
	Connections int
	Observer    Observer // nil for none
}

// Observer hears how changes do. Its methods return at once, and are called by many
// goroutines.
type Observer interface {
	// Waiting hears of n more changes that wait for their turn, or fewer.
	Waiting(n int)
	// Committed hears of a transaction that holds so many changes, which is one, and
	// how long it took.
	Committed(changes int, took time.Duration)
	// Repeated hears of a change that has to be made again.
	Repeated()
}

// nobody is an Observer that does not listen.
type nobody struct{}

func (nobody) Waiting(int)                  {}
func (nobody) Committed(int, time.Duration) {}
func (nobody) Repeated()                    {}

// Open opens the store in the database that the URL names, and brings its schema up
// to date: of several processes that start at once, one does. No error tells the
// URL's password. The caller closes the store.
func Open(ctx context.Context, url string, c Config) (*store.DB, error) {
	e, err := open(ctx, url, c)
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	return store.New(e), nil
}

// Inspect opens the store for reading alone. The schema must be the one that this
// program knows. What would change something is store.ErrReadOnly. The caller closes
// the store.
func Inspect(ctx context.Context, url string) (*store.DB, error) {
	settings, err := parse(url)
	if err != nil {
		return nil, fmt.Errorf("opening the store to look at it: %w", err)
	}
	settings.RuntimeParams["statement_timeout"] = milliseconds(longPatience) // it may read everything
	i := &inspector{reading: reading(settings, DefaultConnections/2, longPatience)}
	if err := store.CheckSchema(ctx, dialect, i.reading); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the store to look at it: %w", err), i.Close())
	}
	return store.New(i), nil
}

// inspector implements store.Engine for who only looks.
type inspector struct{ reading *sql.DB }

// Update implements store.Engine.
func (*inspector) Update(context.Context, store.Scope, func(context.Context, *sql.Tx) error) error {
	return store.ErrReadOnly
}

// Reader implements store.Engine.
func (i *inspector) Reader() *sql.DB { return i.reading }

// Clock implements store.Engine: the time at which it is asked, also within a
// transaction.
func (*inspector) Clock() string {
	return `CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)`
}

// Flush implements store.Engine: a commit is on the disk when it returns.
func (*inspector) Flush() error { return nil }

// Close implements store.Engine.
func (i *inspector) Close() error { return i.reading.Close() }

// engine implements store.Engine.
type engine struct {
	inspector
	writing  *sql.DB
	observer Observer
	turns    turns
	closing  chan struct{}
	changes  sync.WaitGroup // under way
	mu       sync.Mutex
	closed   bool // guarded by mu
}

func open(ctx context.Context, url string, c Config) (*engine, error) {
	settings, err := parse(url)
	if err != nil {
		return nil, err
	}
	if c.Connections == 0 {
		c.Connections = DefaultConnections
	}
	if c.Observer == nil {
		c.Observer = nobody{}
	}
	if err := prepare(ctx, settings); err != nil {
		return nil, err
	}
	readers := max(1, c.Connections/2)
	return &engine{
		inspector: inspector{reading: reading(settings, readers, answerPatience)},
		writing:   pool(settings, max(1, c.Connections-readers), answerPatience),
		observer:  c.Observer, closing: make(chan struct{}),
	}, nil
}

// parse reads the URL. What is wrong with it is not told in its own words, in which
// the password may stand.
func parse(url string) (*pgx.ConnConfig, error) {
	settings, err := pgx.ParseConfig(url)
	var file *fs.PathError // of a certificate, say
	switch {
	case errors.As(err, &file):
		return nil, fmt.Errorf("a file that the URL of the store names cannot be read: %w", file)
	case err != nil:
		return nil, errors.New("the URL of the store is not of the form postgres://user:password@host:port/database")
	}
	if err := findPrimary(settings, url); err != nil {
		return nil, err
	}
	if settings.ConnectTimeout == 0 {
		settings.ConnectTimeout = connectPatience
	}
	for name, value := range map[string]string{
		"application_name":                    "handout",
		"statement_timeout":                   milliseconds(statementPatience),
		"lock_timeout":                        milliseconds(lockPatience),
		"idle_in_transaction_session_timeout": milliseconds(idlePatience),
		// A process that is gone without a word lets go of what it held.
		"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "3", "tcp_keepalives_count": "3",
	} {
		if _, chosen := settings.RuntimeParams[name]; !chosen {
			settings.RuntimeParams[name] = value
		}
	}
	return settings, nil
}

func milliseconds(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

// begun counts a change in, which Close waits for.
func (e *engine) begun() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return errClosed
	}
	e.changes.Add(1)
	return nil
}

// errClosed: the store has been closed, nothing was changed.
var errClosed = errors.New("the store is closed")

// Close implements store.Engine.
func (e *engine) Close() error {
	e.mu.Lock()
	was := e.closed
	e.closed = true
	e.mu.Unlock()
	if was {
		return nil
	}
	close(e.closing)
	e.changes.Wait()
	if err := errors.Join(e.writing.Close(), e.reading.Close()); err != nil {
		return fmt.Errorf("closing the store: %w", err)
	}
	return nil
}
