package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/handout-rtc/handout/internal/store"
)

// Backup writes the store in a file, as it is at one moment, to another one that
// does not exist, also beside a server that writes to it. The copy is synced; its
// name is for the caller to sync. Who opens it finds the store as after a power cut
// of another machine: participants read everything again.
func Backup(ctx context.Context, path, to string) (err error) {
	db, err := inspect(ctx, path)
	if err != nil {
		return fmt.Errorf("copying the store: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // for the setting of the connection
	// The file itself is open for reading alone; this is for the one that is made. It
	// is of one moment, and without what was deleted.
	for _, query := range []string{`PRAGMA query_only = off`, `VACUUM INTO '` + strings.ReplaceAll(to, "'", "''") + `'`} {
		if _, err := db.ExecContext(ctx, query); err != nil {
			return fmt.Errorf("copying the store: %w", err)
		}
	}
	copied, err := connect(source(to, "rw", "immediate", "FULL"))
	if err != nil {
		return fmt.Errorf("copying the store: %w", err)
	}
	err = store.NoteCopied(ctx, copied)
	if err = errors.Join(err, copied.Close()); err != nil {
		return fmt.Errorf("copying the store: %w", err)
	}
	file, err := os.OpenFile(to, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("syncing the copy of the store: %w", err)
	}
	return errors.Join(file.Sync(), file.Close())
}
