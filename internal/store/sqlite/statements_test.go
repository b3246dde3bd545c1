package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"testing"

	"modernc.org/sqlite"
)

// counting opens connections that count their statements.
type counting struct {
	driver.Connector
	prepared, closed int
}

func (c *counting) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &countingConn{opened.(wholeConn), c}, nil
}

type countingConn struct {
	wholeConn
	counts *counting
}

func (c *countingConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	prepared, err := c.wholeConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	c.counts.prepared++
	return &countedStmt{prepared.(wholeStmt), c.counts}, nil
}

type wholeStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type countedStmt struct {
	wholeStmt
	counts *counting
}

func (s *countedStmt) Close() error {
	s.counts.closed++
	return s.wholeStmt.Close()
}

// openCounting returns a pool of one connection to an empty table of numbers,
// which took one statement to make.
func openCounting(t *testing.T) (*sql.DB, *counting) {
	t.Helper()
	plain, err := sqlite.NewConnector(source(filepath.Join(t.TempDir(), "records.db"), "rwc", "immediate", "FULL"))
	if err != nil {
		t.Fatal(err)
	}
	counts := &counting{Connector: plain}
	db := sql.OpenDB(preparing{counts})
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE numbers (n BIGINT PRIMARY KEY)`); err != nil {
		t.Fatal(err)
	}
	return db, counts
}

func TestAStatementIsPreparedOnce(t *testing.T) {
	db, counts := openCounting(t)
	for n := range 10 {
		if _, err := db.Exec(`INSERT INTO numbers (n) VALUES ($1)`, n); err != nil {
			t.Fatal(err)
		}
		var sum int
		if err := db.QueryRow(`SELECT SUM(n) FROM numbers WHERE n <= $1`, n).Scan(&sum); err != nil || sum != n*(n+1)/2 {
			t.Fatalf("the sum to %d is %d, %v", n, sum, err)
		}
	}
	if _, err := db.Exec(`INSERT INTO numbers (n) VALUES ($1)`, 0); err == nil {
		t.Error("a number stands there twice")
	}
	if _, err := db.Exec(`INSERT INTO numbers (n) VALUES ($1)`, 10); err != nil {
		t.Errorf("after a failure: %v", err)
	}
	if counts.prepared != 1+2 || counts.closed != 0 {
		t.Errorf("%d statements prepared, %d closed; want 3 and none", counts.prepared, counts.closed)
	}
}

// TestAStatementAtWorkIsNotShared runs a query inside itself.
func TestAStatementAtWorkIsNotShared(t *testing.T) {
	db, counts := openCounting(t)
	if _, err := db.Exec(`INSERT INTO numbers (n) VALUES (1), (2), (3)`); err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	const query = `SELECT n FROM numbers WHERE n > $1 ORDER BY n`
	outer, err := tx.Query(query, 0)
	if err != nil {
		t.Fatal(err)
	}
	var pairs []string
	for outer.Next() {
		var a, b int
		if err := outer.Scan(&a); err != nil {
			t.Fatal(err)
		}
		if err := tx.QueryRow(query, a).Scan(&b); err != nil && err != sql.ErrNoRows {
			t.Fatal(err)
		}
		pairs = append(pairs, fmt.Sprint(a, b))
	}
	if err := outer.Close(); err != nil || fmt.Sprint(pairs) != "[1 2 2 3 3 0]" {
		t.Errorf("the pairs are %v, %v", pairs, err)
	}
	if open := counts.prepared - counts.closed; open != 1+2 { // the query and the insert
		t.Errorf("%d statements stay open, want 3", open)
	}
}

func TestStatementsAreBounded(t *testing.T) {
	db, counts := openCounting(t)
	const often = `SELECT COUNT(*) FROM numbers`
	for n := range 3 * maxStatements {
		for _, query := range []string{often, fmt.Sprintf(`SELECT %d`, n)} {
			if _, err := db.Exec(query); err != nil {
				t.Fatal(err)
			}
		}
	}
	if open := counts.prepared - counts.closed; open != maxStatements {
		t.Errorf("%d statements stay open, want %d", open, maxStatements)
	}
	if want := 1 + 1 + 3*maxStatements; counts.prepared != want {
		t.Errorf("%d statements were prepared, want %d: the one that is used often went", counts.prepared, want)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if counts.closed != counts.prepared {
		t.Errorf("%d of %d statements are closed in the end", counts.closed, counts.prepared)
	}
}
