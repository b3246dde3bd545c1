// Package store keeps the records: rooms, participants, shares, receipts,
// tickets and the outbox. It is the truth; what is pushed is a hint.
//
// There is one schema (migrations) and one set of queries, for SQLite and
// PostgreSQL alike. Both take $1 as a placeholder, RETURNING and ON CONFLICT;
// nothing else that is special to either is used. What differs stands behind
// Engine. storetest holds the conformance suite that every engine passes.
//
// Every change that others must hear of writes its event to the outbox in the
// same transaction, numbered without gaps in each stream that may see it
// (docs/decisions/0001).
//
// The store never reads the clock. Times are kept in microseconds.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/handout-rtc/handout/protocol"
)

var (
	// ErrBroken: a commit failed, and the engine takes no more changes until it is
	// opened again. The change that it failed may be found to be made then.
	ErrBroken = errors.New("the store takes no more changes until it is opened again")
	// ErrUnknown: the database went away while a change was being committed, and did
	// not come back in time to say what became of it, or cannot say it any more. It may
	// be found to be made.
	ErrUnknown = errors.New("it is not known whether the change was made")
	// ErrAway: the database cannot be reached, or is too busy, and nothing was changed.
	// Trying later helps.
	ErrAway = errors.New("the store cannot be reached")
	// ErrFull: the disk has no room for the change, and nothing was changed. Trying
	// later may help.
	ErrFull = errors.New("the store has no room left")
)

// Engine is one database underneath a DB.
type Engine interface {
	// Update runs change in a transaction of its own, as if it ran alone as far as
	// its scope goes, and returns when the result is kept or nothing has been
	// changed: it survives the death of the process, and a power cut at once or
	// after Flush. An error of change undoes what it did and is returned as it is.
	// When ctx ends before change was begun, Update gives up; afterwards it waits
	// for the outcome, so that an error means "not changed", but for ErrBroken and
	// ErrUnknown. change gets a context that does not end with ctx, and may be called
	// more than once.
	Update(ctx context.Context, of Scope, change func(context.Context, *sql.Tx) error) error
	// Reader returns the pool that reads what is committed.
	Reader() *sql.DB
	// Clock is an expression of SQL for the time by the store's own clock, in
	// microseconds since 1970: the same for all that use the store.
	Clock() string
	// Flush makes every change whose Update has returned survive a power cut, if
	// Update alone does not.
	Flush() error
	// Close finishes what Update has begun and closes the database. It may be
	// called twice.
	Close() error
}

// DB is the store. It is safe for concurrent use.
type DB struct {
	engine      Engine
	touched     *touched
	hooked      chan struct{}
	deposits    deposits
	deliveryIDs deliveryIDs
	shareRooms  shareRooms
	marks       marks
	names       bool   // see KeepNames
	node        string // see AsNode

	mostUnaudited  int64 // see BoundAudit
	mostDeliveries int   // see BoundDeliveries
}

// New returns the store on an engine whose database is migrated; see Migrate.
// Close closes the engine.
func New(e Engine) *DB {
	return &DB{engine: e, touched: newTouched(), hooked: make(chan struct{}, 1)}
}

// Close finishes the changes under way and closes the database. It may be
// called twice.
func (db *DB) Close() error { return db.engine.Close() }

// Flush makes what was changed before it was called survive a power cut. It has
// something to do only where changes are synced later. After it has failed the
// store takes no more changes.
func (db *DB) Flush() error {
	if err := db.engine.Flush(); err != nil {
		return fmt.Errorf("flushing the store: %w", err)
	}
	return nil
}

// Ping reports whether the store can be read and written.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	if err := db.engine.Reader().QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("reading the store: %w", err)
	}
	return db.updateIn(ctx, itself(), "writing the store", func(context.Context, *change) error { return nil })
}

// change is a write transaction under way.
type change struct {
	*sql.Tx
	db          *DB
	touched     []protocol.RoomID // rooms that an event was written for
	names       bool              // are kept in the audit log
	by          string            // who makes the change
	node        string            // of a cluster; "" where one process serves alone
	notes       []AuditEntry      // what it has to tell the audit log
	hooks       []hook            // what it has to tell webhooks
	hooked      bool              // a delivery was written
	deliveryIDs *deliveryIDs

	mostUnaudited  int64
	mostDeliveries int
}

// update is updateIn for a change that must run alone.
func (db *DB) update(ctx context.Context, what string, fn func(context.Context, *change) error) error {
	return db.updateIn(ctx, Scope{}, what, fn)
}

// updateIn runs fn in a write transaction and signals Committed if it wrote
// events, and Hooked if it wrote deliveries. What fn notes for the audit log, and
// what webhooks are to tell of it, is written with it. fn decides by nothing outside
// of the scope. It may run more than once, so it assigns its results and never adds
// to them. The context that fn gets does not end with ctx: interrupting a statement
// could undo the changes of others that share the transaction.
func (db *DB) updateIn(ctx context.Context, of Scope, what string, fn func(context.Context, *change) error) error {
	var touched []protocol.RoomID
	var hooked bool
	err := db.engine.Update(ctx, of, func(running context.Context, tx *sql.Tx) error {
		c := &change{Tx: tx, db: db, names: db.names, by: actor(ctx), node: db.node, deliveryIDs: &db.deliveryIDs, mostUnaudited: db.mostUnaudited, mostDeliveries: db.mostDeliveries}
		err := fn(running, c)
		if err == nil {
			err = c.saveNotes(running)
		}
		if err == nil {
			err = c.saveHooks(running)
		}
		touched, hooked = c.touched, c.hooked
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, coded(err))
	}
	if len(touched) > 0 {
		db.touched.add(touched)
	}
	if hooked {
		wake(db.hooked)
	}
	return nil
}

// touch notes that the change has written events for the room.
func (c *change) touch(room protocol.RoomID) {
	c.db.marks.take() // there is something to sync
	if !slices.Contains(c.touched, room) {
		c.touched = append(c.touched, room)
	}
}

func wake(waiting chan<- struct{}) {
	select {
	case waiting <- struct{}{}:
	default: // a wake-up is waiting already
	}
}

// coded says what a fault of the disk, or of the database, means to who asked.
func coded(err error) error {
	switch {
	case err == nil || protocol.CodeOf(err) == protocol.CodeUnavailable:
		return err
	case errors.Is(err, ErrBroken):
		return protocol.WrapError(protocol.CodeUnavailable, "the records cannot be written until the disk is looked after and the server restarted", err)
	case errors.Is(err, ErrUnknown), errors.Is(err, ErrAway), errors.Is(err, driver.ErrBadConn):
		return protocol.WrapError(protocol.CodeUnavailable, "the records cannot be reached", err)
	case errors.Is(err, ErrFull):
		return protocol.WrapError(protocol.CodeStorageFull, "the server has no room left", err)
	}
	return err
}

// read runs fn in a read transaction: one consistent view of the records.
func (db *DB) read(ctx context.Context, what string, fn func(*sql.Tx) error) error {
	tx, err := db.engine.Reader().BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return fmt.Errorf("%s: %w", what, coded(err))
	}
	defer tx.Rollback() // nothing to keep
	if err := fn(tx); err != nil {
		return fmt.Errorf("%s: %w", what, coded(err))
	}
	return nil
}

// exec runs a statement and returns how many rows it touched.
func (c *change) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := c.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
