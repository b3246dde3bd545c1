package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// fold moves what the process before has left in the log into the database, and
// syncs it there: a sync of the log may have failed, and the kernel may say that it
// is on the disk, so nothing may be written behind it. On a full disk it stays
// where it is.
func fold(ctx context.Context, db *sql.DB) error {
	var busy, frames, moved int
	err := db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved)
	if err != nil && !full(err) {
		return fmt.Errorf("folding the log: %w", err)
	}
	return nil
}

// openLog opens the write-ahead log, which is there as long as a connection is,
// and makes its name survive: SQLite itself does that with the first sync alone.
// The log may be opened beside SQLite: it locks the database, not this file.
func (e *engine) openLog(path string) (err error) {
	if e.log, err = os.OpenFile(path+"-wal", os.O_RDWR, 0); err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err == nil {
		err = errors.Join(dir.Sync(), dir.Close())
	}
	if err != nil {
		return errors.Join(fmt.Errorf("syncing the log's name: %w", err), e.log.Close())
	}
	return nil
}

// Flush implements store.Engine. What is not in the log any more is in the
// database, and SQLite has synced both before it moved it there.
func (e *engine) Flush() error {
	if e.synchronous == "FULL" {
		return nil
	}
	if err := e.log.Sync(); err != nil {
		err = fmt.Errorf("syncing the log: %w", err)
		e.lost.CompareAndSwap(nil, &err)
		return err
	}
	return nil
}
