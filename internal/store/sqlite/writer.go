package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/internal/store"
)

// maxBatch bounds how many changes one commit holds, and so how long the first
// of them waits for the last.
const maxBatch = 128

// errClosed: the store has been closed, nothing was changed.
var errClosed = errors.New("the store is closed")

// writer commits changes, those that wait together in one transaction.
type writer struct {
	db       *sql.DB
	observer Observer
	queue    chan *pending // unbuffered: what is sent is taken
	stopping chan struct{}
	stopped  chan struct{}
	stop     func() // makes run return and waits for it

	broken error                 // of run alone: why nothing can be believed any more
	lost   atomic.Pointer[error] // a sync of somebody else that failed: as broken
}

// pending is a change that waits for its commit.
type pending struct {
	change func(*sql.Tx) error
	err    error
	done   chan struct{} // closed when err is final
}

// newWriter returns a running writer on a pool of one connection. The caller
// calls stop and then closes the pool.
func newWriter(db *sql.DB, o Observer) *writer {
	w := &writer{db: db, observer: o, queue: make(chan *pending), stopping: make(chan struct{}), stopped: make(chan struct{})}
	w.stop = sync.OnceFunc(func() {
		close(w.stopping)
		<-w.stopped
	})
	go w.run()
	return w
}

// Update implements store.Engine.
func (w *writer) Update(ctx context.Context, _ store.Scope, change func(context.Context, *sql.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	running := context.WithoutCancel(ctx)
	p := &pending{change: func(tx *sql.Tx) error { return change(running, tx) }, done: make(chan struct{})}
	if err := w.wait(ctx, p); err != nil {
		return err
	}
	<-p.done
	return p.err
}

// wait returns when the writer has taken the change, or never will.
func (w *writer) wait(ctx context.Context, p *pending) error {
	w.observer.Waiting(1)
	defer w.observer.Waiting(-1)
	select {
	case w.queue <- p:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-w.stopped:
		return errClosed
	}
}

// run commits batch after batch until it is told to stop and nobody waits.
func (w *writer) run() {
	defer close(w.stopped)
	for {
		select {
		case p := <-w.queue:
			w.commit(w.collect(p))
		case <-w.stopping:
			select {
			case p := <-w.queue:
				w.commit(w.collect(p))
			default:
				return
			}
		}
	}
}

// collect returns p and whatever else waits by now.
func (w *writer) collect(p *pending) []*pending {
	batch := []*pending{p}
	for len(batch) < maxBatch {
		select {
		case p := <-w.queue:
			batch = append(batch, p)
		default:
			return batch
		}
	}
	return batch
}

// commit runs a batch and tells each caller its own outcome.
func (w *writer) commit(batch []*pending) {
	err := w.broken
	if lost := w.lost.Load(); err == nil && lost != nil {
		err = broken(*lost)
	}
	if err == nil {
		began := time.Now()
		err = w.transact(batch)
		w.observer.Committed(len(batch), time.Since(began))
	}
	for _, p := range batch {
		if err != nil && p.err == nil {
			p.err = err
		}
		if full(p.err) {
			p.err = fmt.Errorf("%w: %w", store.ErrFull, p.err)
		}
		close(p.done)
	}
}

// transact runs the batch in one transaction, each change behind a savepoint of
// its own, which a change that is alone does not need. An error means that the
// whole batch was undone. The transaction is bound to no context: it belongs to
// all of the batch.
func (w *writer) transact(batch []*pending) error {
	tx, err := w.db.BeginTx(context.Background(), nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	if len(batch) == 1 {
		if err := batch[0].call(tx); err != nil {
			batch[0].err = err
			tx.Rollback() // what matters is why
			return err
		}
	} else {
		for _, p := range batch {
			if err := p.attempt(tx); err != nil {
				tx.Rollback() // what matters is why
				return err
			}
		}
	}
	if err := tx.Commit(); err != nil {
		err = fmt.Errorf("committing: %w", err)
		if !harmless(err) {
			err = broken(err)
			w.broken = err
		}
		return err
	}
	return nil
}

func broken(cause error) error {
	return fmt.Errorf("%w: %w", store.ErrBroken, cause)
}

// attempt runs one change. What the change says goes to its caller; an error is
// one of the transaction that they all share.
func (p *pending) attempt(tx *sql.Tx) error {
	if _, err := tx.Exec("SAVEPOINT one"); err != nil {
		return fmt.Errorf("setting a savepoint: %w", err)
	}
	if p.err = p.call(tx); p.err != nil {
		if _, err := tx.Exec("ROLLBACK TO one"); err != nil {
			return fmt.Errorf("undoing a change that failed (%w): %w", p.err, err)
		}
	}
	if _, err := tx.Exec("RELEASE one"); err != nil {
		return fmt.Errorf("releasing a savepoint: %w", err)
	}
	return nil
}

// call runs the change and turns a panic into an error: a fault of one caller
// must not end the writer of all.
func (p *pending) call(tx *sql.Tx) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("a change panicked: %v\n%s", fault, debug.Stack())
		}
	}()
	return p.change(tx)
}
