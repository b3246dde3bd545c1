package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/pressly/goose/v3"

	"github.com/handout-rtc/handout/internal/store"
)

// Inspect opens the store in a file for reading alone, also beside a server that
// writes to it: what it reads is what was committed by then. The schema must be
// the one that this program knows. What would change something is
// store.ErrReadOnly. The caller closes the store.
func Inspect(ctx context.Context, path string) (*store.DB, error) {
	db, err := inspect(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("opening the store to look at it: %w", err)
	}
	return store.New(newInspector(db)), nil
}

func inspect(ctx context.Context, path string) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	db, err := connect(source(path, "ro", "deferred", ""))
	if err != nil {
		return nil, err
	}
	if err := store.CheckSchema(ctx, goose.DialectSQLite3, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// inspector implements store.Engine for who only looks.
type inspector struct {
	db    *sql.DB
	close func() error
}

func newInspector(db *sql.DB) *inspector { return &inspector{db, sync.OnceValue(db.Close)} }

// Update implements store.Engine.
func (*inspector) Update(context.Context, store.Scope, func(context.Context, *sql.Tx) error) error {
	return store.ErrReadOnly
}

// Reader implements store.Engine.
func (i *inspector) Reader() *sql.DB { return i.db }

// Clock implements store.Engine.
func (*inspector) Clock() string { return clock }

// Flush implements store.Engine.
func (*inspector) Flush() error { return nil }

// Close implements store.Engine.
func (i *inspector) Close() error { return i.close() }

// Integrity implements store.Checker.
func (i *inspector) Integrity(ctx context.Context, quick bool) ([]string, error) {
	return integrity(ctx, i.db, quick)
}

// Integrity implements store.Checker.
func (e *engine) Integrity(ctx context.Context, quick bool) ([]string, error) {
	return integrity(ctx, e.reader, quick)
}

func integrity(ctx context.Context, db *sql.DB, quick bool) ([]string, error) {
	check := "PRAGMA integrity_check(20)"
	if quick {
		check = "PRAGMA quick_check(20)"
	}
	rows, err := db.QueryContext(ctx, check)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var faults []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		if line != "ok" {
			faults = append(faults, line)
		}
	}
	return faults, rows.Err()
}
