package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/handout-rtc/handout/internal/store"
)

// everything is held by every change: shared by those that are about something, whole
// by those that must run alone. Nothing else sorts before it.
const everything = ""

// Update implements store.Engine.
func (e *engine) Update(ctx context.Context, of store.Scope, change func(context.Context, *sql.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := e.begun(); err != nil {
		return err
	}
	defer e.changes.Done()
	e.observer.Waiting(1)
	waiting := true
	begin := func() {
		if waiting {
			e.observer.Waiting(-1)
		}
		waiting = false
	}
	defer begin()
	patient, cancel := context.WithTimeoutCause(ctx, waitPatience, errBusy)
	defer cancel()
	keys, err := e.keys(patient, of)
	if err != nil {
		return waited(patient, err)
	}
	done, err := e.turns.take(patient, keys)
	if err != nil {
		return waited(patient, err)
	}
	defer done()
	return e.repeat(patient, beginning(keys), func(ctx context.Context, tx *sql.Tx) error {
		begin()
		return change(ctx, tx)
	})
}

var errBusy = fmt.Errorf("%w: other changes took too long", store.ErrAway)

// waited is why a change did not get its turn: who asked for it has hung up, or it
// took too long.
func waited(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// keys returns what a change holds while it runs.
func (e *engine) keys(ctx context.Context, of store.Scope) ([]store.Key, error) {
	if of.Everything() {
		return []store.Key{{Name: everything}}, nil
	}
	keys, err := of.Keys(ctx, e)
	return append([]store.Key{{Name: everything, Shared: true}}, keys...), err
}

const (
	firstPause = 5 * time.Millisecond
	mostPause  = 500 * time.Millisecond
	// mostLost is how often a change is begun again because its connection was lost:
	// those that were in the pool are all lost when the database was restarted.
	mostLost = 3
)

// repeat makes the change, again where the database wants it again or its connection
// was lost before it was committed, until it is made, refused or out of time.
func (e *engine) repeat(ctx context.Context, begin *transaction, change func(context.Context, *sql.Tx) error) error {
	lost := 0
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		err := e.attempt(ctx, *begin, change)
		again := err != nil && isRepeatable(err) && !errors.Is(err, store.ErrUnknown)
		if err != nil && errors.Is(err, errLost) {
			lost++
			again = lost <= mostLost
		}
		if !again {
			return err
		}
		e.observer.Repeated()
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-e.closing:
			return errors.Join(errClosed, err)
		}
	}
}

// attempt makes the change once.
func (e *engine) attempt(ctx context.Context, at transaction, change func(context.Context, *sql.Tx) error) error {
	connection, err := e.writing.Conn(ctx)
	if err != nil {
		return waited(ctx, translated(err))
	}
	defer connection.Close()
	began := time.Now()
	running, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*at.patience)
	defer cancel()
	tx, err := connection.BeginTx(context.WithValue(running, transactionKey{}, &at), nil)
	if err != nil {
		return at.fate(err)
	}
	defer tx.Rollback() // once committed it does nothing
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := call(running, tx, change); err != nil {
		return at.fate(err)
	}
	if err := tx.Commit(); err != nil {
		if err = e.settle(ctx, &at, err); err != nil {
			return err
		}
	}
	e.observer.Committed(1, time.Since(began))
	return nil
}

// call runs the change and turns a panic into an error, as the other engine does.
func call(ctx context.Context, tx *sql.Tx, change func(context.Context, *sql.Tx) error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("a change panicked: %v\n%s", fault, debug.Stack())
		}
	}()
	return change(ctx, tx)
}
