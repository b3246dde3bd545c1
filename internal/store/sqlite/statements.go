package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/handout-rtc/handout/internal/store"
)

// maxStatements is how many prepared statements a connection keeps: more than
// the store has queries of a fixed text, so that only those go again whose text
// depends on their arguments.
const maxStatements = 128

// preparing opens connections that keep their statements prepared: to parse and
// plan a query costs several times what it costs to run it.
type preparing struct{ driver.Connector }

// Connect implements driver.Connector.
func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := opened.(wholeConn)
	if !ok {
		return nil, fmt.Errorf("the driver's connection is a %T, which cannot do all that is needed", opened)
	}
	return &conn{wholeConn: whole, idle: make(map[string]*statement)}, nil
}

// wholeConn is all that a connection of the driver can do.
type wholeConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn is a connection with its prepared statements. Like every driver.Conn it
// is used by one goroutine at a time.
type conn struct {
	wholeConn
	idle map[string]*statement // prepared and not at work, by their text
	uses int64
}

// statement is a prepared statement.
type statement struct {
	driver.Stmt
	query string
	used  int64 // when it was used last, counted in uses
}

// Unwrap lets the driver find its own connection.
func (c *conn) Unwrap() driver.Conn { return c.wholeConn }

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := store.CheckText(args); err != nil {
		return nil, err
	}
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	defer c.give(s)
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := store.CheckText(args); err != nil {
		return nil, err
	}
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	found, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		c.give(s)
		return nil, err
	}
	return &rows{Rows: found, conn: c, of: s}, nil
}

// rows gives its statement back at the end.
type rows struct {
	driver.Rows
	conn *conn
	of   *statement
}

// Close implements driver.Rows.
func (r *rows) Close() error {
	err := r.Rows.Close()
	r.conn.give(r.of)
	return err
}

// take returns a statement that nobody uses. It must be given back.
func (c *conn) take(ctx context.Context, query string) (*statement, error) {
	if s, ok := c.idle[query]; ok {
		delete(c.idle, query)
		return s, nil
	}
	prepared, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &statement{Stmt: prepared, query: query}, nil
}

// give keeps the statement for the next one who takes it, at the cost of the one
// that was used longest ago, or of one of the same text.
func (c *conn) give(s *statement) {
	c.uses++
	s.used = c.uses
	out := c.idle[s.query]
	if out == nil && len(c.idle) == maxStatements {
		for _, other := range c.idle {
			if out == nil || other.used < out.used {
				out = other
			}
		}
		delete(c.idle, out.query)
	}
	if out != nil {
		_ = out.Close() // it has no work that could have failed
	}
	c.idle[s.query] = s
}

// Close implements driver.Conn.
func (c *conn) Close() error {
	for _, s := range c.idle {
		_ = s.Close() // as in give
	}
	clear(c.idle)
	return c.wholeConn.Close()
}
