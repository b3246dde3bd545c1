package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync/atomic"
)

var errDisk = errors.New("input/output error")

// faultyDisk is a database that takes every statement and fails to commit when
// it is told to.
type faultyDisk struct{ failing atomic.Bool }

func (d *faultyDisk) failCommits(yes bool) { d.failing.Store(yes) }

func (d *faultyDisk) Connect(context.Context) (driver.Conn, error) { return d, nil }
func (d *faultyDisk) Driver() driver.Driver                        { return nil }

func (d *faultyDisk) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (d *faultyDisk) Begin() (driver.Tx, error)           { return d, nil }
func (d *faultyDisk) Close() error                        { return nil }

func (d *faultyDisk) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return driver.ResultNoRows, nil
}

func (d *faultyDisk) Commit() error {
	if d.failing.Load() {
		return errDisk
	}
	return nil
}

func (d *faultyDisk) Rollback() error { return nil }
