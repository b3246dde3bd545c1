package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/handout-rtc/handout/internal/store"
)

// transactionKey is the key of the context's *transaction.
type transactionKey struct{}

// transaction is what is known of a transaction for changes.
type transaction struct {
	begin string // the statements that begin it
	id    string // the database's own number of it
	on    *pgx.Conn
}

// beginning returns the statements that begin a transaction and take its locks, in
// one message to the database; the answer of the last is the transaction's number.
// Each statement from then on reads what was committed before it, and so what was
// made by whoever had the locks before.
func beginning(keys []store.Key) string {
	var b strings.Builder
	b.WriteString("begin isolation level read committed;")
	for _, k := range keys {
		shared := ""
		if k.Shared {
			shared = "_shared"
		}
		fmt.Fprintf(&b, "select pg_advisory_xact_lock%s(%d);", shared, lockNumber(k.Name))
	}
	b.WriteString("select pg_current_xact_id()")
	return b.String()
}

// lockNumber is the advisory lock that a name stands for. Two names that share one
// wait for each other without need, and nothing more.
func lockNumber(name string) int64 {
	h := fnv.New64a()
	io.WriteString(h, "handout "+name) // a hash never fails
	return int64(h.Sum64())
}

// pool returns a pool of connections with those settings, and others.
func pool(settings *pgx.ConnConfig, most int, others map[string]string) *sql.DB {
	own := settings.Copy()
	for name, value := range others {
		own.RuntimeParams[name] = value
	}
	own.DialFunc = dial(own.DialFunc)
	db := sql.OpenDB(connector{stdlib.GetConnector(*own)})
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db
}

// reading returns the pool that reads.
func reading(settings *pgx.ConnConfig, most int) *sql.DB {
	return pool(settings, most, map[string]string{"default_transaction_read_only": "on"})
}

// connector opens connections whose errors are the store's.
type connector struct{ driver.Connector }

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", store.ErrAway, err)
	}
	return &conn{Conn: opened.(*stdlib.Conn)}, nil
}

// conn is a connection. Like every driver.Conn it is used by one goroutine at a time.
type conn struct {
	*stdlib.Conn
	inside bool // a transaction
}

// BeginTx implements driver.ConnBeginTx.
func (c *conn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	at, ok := ctx.Value(transactionKey{}).(*transaction)
	if !ok {
		begun, err := c.Conn.BeginTx(ctx, options)
		if err != nil {
			return nil, c.translated(ctx, err)
		}
		c.inside = true
		return &readTx{begun, c}, nil
	}
	at.on = c.Conn.Conn()
	answers, err := at.on.PgConn().Exec(ctx, at.begin).ReadAll()
	if err != nil {
		c.undo()
		return nil, err
	}
	at.id = string(answers[len(answers)-1].Rows[0][0])
	c.inside = true
	return &writeTx{c}, nil
}

// readTx is a transaction that only reads.
type readTx struct {
	driver.Tx
	of *conn
}

// Commit implements driver.Tx.
func (t *readTx) Commit() error {
	t.of.inside = false
	return t.Tx.Commit()
}

// Rollback implements driver.Tx.
func (t *readTx) Rollback() error {
	t.of.inside = false
	return t.Tx.Rollback()
}

// writeTx is a transaction for changes.
type writeTx struct{ of *conn }

// Commit implements driver.Tx.
func (t *writeTx) Commit() error {
	t.of.inside = false
	ctx, cancel := context.WithTimeout(context.Background(), answerPatience)
	defer cancel()
	answers, err := t.of.Conn.Conn().PgConn().Exec(ctx, "commit").ReadAll()
	if err == nil && answers[0].CommandTag.String() != "COMMIT" {
		err = errRolledBack
	}
	return err
}

// Rollback implements driver.Tx.
func (t *writeTx) Rollback() error {
	t.of.inside = false
	return t.of.undo()
}

// undo ends a transaction, or the connection where that cannot be done soon.
func (c *conn) undo() error {
	ctx, cancel := context.WithTimeout(context.Background(), connectPatience)
	defer cancel()
	if c.Conn.Conn().IsClosed() {
		return nil // and with it the transaction
	}
	_, err := c.Conn.Conn().PgConn().Exec(ctx, "rollback").ReadAll()
	return err
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := store.CheckText(args); err != nil {
		return nil, err
	}
	result, err := c.Conn.ExecContext(ctx, query, args)
	return result, c.translated(ctx, err)
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := store.CheckText(args); err != nil {
		return nil, err
	}
	found, err := c.Conn.QueryContext(ctx, query, args)
	if err != nil {
		return nil, c.translated(ctx, err)
	}
	return &rows{found.(*stdlib.Rows), ctx, c}, nil
}

// rows are rows whose errors are the store's.
type rows struct {
	*stdlib.Rows
	ctx context.Context // of the query that they are read for
	of  *conn
}

// Next implements driver.Rows.
func (r *rows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if errors.Is(err, io.EOF) && !r.of.Conn.Conn().IsClosed() {
		return err
	}
	return r.of.translated(r.ctx, err)
}

// translated says what an error means to the store. A query by itself that lost its
// connection may be asked on another one.
func (c *conn) translated(ctx context.Context, err error) error {
	switch {
	case err == nil || ctx.Err() != nil || errors.Is(err, driver.ErrBadConn):
		return err
	case c.Conn.Conn().IsClosed() && (c.inside || errors.Is(err, os.ErrDeadlineExceeded)): // who is silent is not asked again
		return fmt.Errorf("%w: %w", store.ErrAway, err)
	case c.Conn.Conn().IsClosed():
		return driver.ErrBadConn
	}
	return translated(err)
}

// dial opens connections on which nobody waits for ever.
func dial(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		opened, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &impatient{Conn: opened}, nil
	}
}

// impatient is a connection on which an answer is waited for no longer than
// answerPatience, unless who waits has said how long.
type impatient struct {
	net.Conn
	mu     sync.Mutex
	chosen bool // guarded by mu: the deadline is not ours
}

// Read implements net.Conn.
func (c *impatient) Read(into []byte) (int, error) {
	c.mu.Lock()
	if !c.chosen {
		c.Conn.SetReadDeadline(time.Now().Add(answerPatience)) // what fails, fails at the reading too
	}
	c.mu.Unlock()
	return c.Conn.Read(into)
}

// SetDeadline implements net.Conn.
func (c *impatient) SetDeadline(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.chosen = !at.IsZero()
	return c.Conn.SetDeadline(at)
}

// SetReadDeadline implements net.Conn.
func (c *impatient) SetReadDeadline(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.chosen = !at.IsZero()
	return c.Conn.SetReadDeadline(at)
}
