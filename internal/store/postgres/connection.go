package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/handout-rtc/handout/internal/store"
)

// transactionKey is the key of the context's *transaction.
type transactionKey struct{}

// transaction is what is known of a transaction.
type transaction struct {
	begin    string        // the statements that begin it
	patience time.Duration // with which each answer is waited for
	id       string        // the database's own number of it, if begin asks for it
	life     life          // of the server that it is in, or an earlier one; of a change
	on       *pgx.Conn
}

// beginning returns the statements that begin a transaction and take its locks, in
// one message to the database; the answer of the last is the transaction's number.
// Each statement from then on reads what was committed before it, and so what was
// made by whoever had the locks before.
func beginning(keys []store.Key) *transaction {
	var b strings.Builder
	b.WriteString("begin isolation level read committed;")
	patience := answerPatience
	if len(keys) == 1 && keys[0] == (store.Key{Name: everything}) { // it may touch every record, and seldom happens
		patience = longPatience
		fmt.Fprintf(&b, "set local statement_timeout = %s;", milliseconds(patience))
	}
	for _, k := range keys {
		shared := ""
		if k.Shared {
			shared = "_shared"
		}
		fmt.Fprintf(&b, "select pg_advisory_xact_lock%s(%d);", shared, lockNumber(k.Name))
	}
	b.WriteString("select pg_current_xact_id()")
	return &transaction{begin: b.String(), patience: patience}
}

// lockNumber is the advisory lock that a name stands for. Two names that share one
// wait for each other without need, and nothing more.
func lockNumber(name string) int64 {
	h := fnv.New64a()
	io.WriteString(h, "handout "+name) // a hash never fails
	return int64(h.Sum64())
}

// pool returns a pool of connections with those settings, on which an answer is waited
// for with patience.
func pool(settings *pgx.ConnConfig, most int, patience time.Duration) *sql.DB {
	db := sql.OpenDB(connector{stdlib.GetConnector(*settings), patience})
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db
}

// reading returns the pool that reads, at the database that takes writes: nowhere else
// is all that was committed.
func reading(settings *pgx.ConnConfig, most int, patience time.Duration) *sql.DB {
	own := settings.Copy()
	own.RuntimeParams["default_transaction_read_only"] = "on"
	if own.ValidateConnect != nil { // it would take such a connection for one to a standby
		own.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
	}
	return pool(own, most, patience)
}

// connector opens connections whose errors are the store's.
type connector struct {
	driver.Connector
	patience time.Duration
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", store.ErrAway, err)
	}
	return &conn{Conn: opened.(*stdlib.Conn), patience: c.patience}, nil
}

// conn is a connection. Like every driver.Conn it is used by one goroutine at a time.
type conn struct {
	*stdlib.Conn
	patience time.Duration // with which an answer is waited for
	inside   *transaction  // nil outside of one
	life     life          // of the server, once a change was begun
	looked   int           // how often life was looked for
}

// ResetSession implements driver.SessionResetter: it asks a connection that has rested
// whether it is still there.
func (c *conn) ResetSession(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, min(c.patience, connectPatience))
	defer cancel()
	return c.Conn.ResetSession(waiting)
}

// BeginTx implements driver.ConnBeginTx.
func (c *conn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	at, ok := ctx.Value(transactionKey{}).(*transaction)
	if !ok {
		at = &transaction{begin: "begin isolation level repeatable read read only", patience: c.patience}
	}
	at.on = c.Conn.Conn()
	waiting, cancel := context.WithTimeout(ctx, at.patience)
	defer cancel()
	if ok {
		c.note(waiting, at.on)
		at.life = c.life
	}
	answers, err := at.on.PgConn().Exec(waiting, at.begin).ReadAll()
	if err != nil {
		c.undo()
		return nil, c.translated(ctx, err)
	}
	if last := answers[len(answers)-1]; len(last.Rows) == 1 {
		at.id = string(last.Rows[0][0])
	}
	c.inside = at
	return &tx{c}, nil
}

// tx is a transaction.
type tx struct{ of *conn }

// Commit implements driver.Tx.
func (t *tx) Commit() error {
	patience := t.of.inside.patience
	t.of.inside = nil
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	answers, err := t.of.Conn.Conn().PgConn().Exec(ctx, "commit").ReadAll()
	if err == nil && answers[0].CommandTag.String() != "COMMIT" {
		err = errRolledBack
	}
	return err
}

// Rollback implements driver.Tx.
func (t *tx) Rollback() error {
	t.of.inside = nil
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

// bounded returns a context in which an answer is waited for no longer than is patient.
func (c *conn) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.inside != nil {
		return context.WithTimeout(ctx, c.inside.patience)
	}
	return context.WithTimeout(ctx, c.patience)
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := store.CheckText(args); err != nil {
		return nil, err
	}
	waiting, cancel := c.bounded(ctx)
	defer cancel()
	result, err := c.Conn.ExecContext(waiting, query, args)
	return result, c.translated(ctx, err)
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := store.CheckText(args); err != nil {
		return nil, err
	}
	waiting, cancel := c.bounded(ctx)
	found, err := c.Conn.QueryContext(waiting, query, args)
	if err != nil {
		cancel()
		return nil, c.translated(ctx, err)
	}
	// Who asked may hang up while they are read.
	return &rows{found.(*stdlib.Rows), func(err error) error { return c.translated(ctx, err) }, cancel}, nil
}

// rows are rows whose errors are the store's.
type rows struct {
	*stdlib.Rows
	translated func(error) error
	done       context.CancelFunc
}

// Next implements driver.Rows.
func (r *rows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if err == io.EOF { // as it is: a connection that is lost is io.ErrUnexpectedEOF
		return err
	}
	return r.translated(err)
}

// Close implements driver.Rows.
func (r *rows) Close() error {
	defer r.done()
	return r.Rows.Close()
}

// translated says what an error means to the store. A query by itself that lost its
// connection may be asked on another one.
func (c *conn) translated(ctx context.Context, err error) error {
	switch {
	case err == nil || ctx.Err() != nil || errors.Is(err, driver.ErrBadConn):
		return err
	case c.Conn.Conn().IsClosed() && (c.inside != nil || pgconn.Timeout(err)): // who is silent is not asked again
		return fmt.Errorf("%w: %w", store.ErrAway, err)
	case c.Conn.Conn().IsClosed():
		return driver.ErrBadConn
	}
	return translated(err)
}
