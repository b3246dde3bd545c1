package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/handout-rtc/handout/protocol"
)

// What a store knows of what may not be on the disk stands in three counters:
// "synced" is the number of the last change, of all streams, that is known to
// survive a power cut with the bytes that it speaks of; "boot" names the kernel
// under which that may not be all; "distrust" is how often the disk has failed.

// Unsynced returns the number of the last change, and whether it is not known to
// survive a power cut.
func (db *DB) Unsynced(ctx context.Context) (last int64, news bool, err error) {
	type pair struct{ last, synced int64 }
	scan := func(r row) (p pair, err error) {
		err = r.Scan(&p.last, &p.synced)
		return p, err
	}
	p, err := one(ctx, db.engine.Reader(), scan, `SELECT value, COALESCE((SELECT value FROM counters WHERE name = 'synced'), 0)
		FROM counters WHERE name = 'outbox'`)
	if err != nil {
		return 0, false, fmt.Errorf("reading what is synced: %w", err)
	}
	return p.last, p.last > p.synced, nil
}

// Synced notes that the changes up to and including that number, and the bytes
// that they speak of, survive a power cut.
func (db *DB) Synced(ctx context.Context, upTo int64) error {
	return db.updateIn(ctx, itself(), "noting what is synced", func(ctx context.Context, c *change) error {
		return c.setCounter(ctx, "synced", upTo)
	})
}

func (c *change) setCounter(ctx context.Context, name string, value int64) error {
	_, err := c.exec(ctx, `INSERT INTO counters (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2`, name, value)
	return err
}

// skipped is more events than one stream gets between two syncs.
const skipped = 1 << 32

// Began notes under which kernel the process runs (see Checkpoint.Run), and returns the shares
// whose bytes a power cut may have taken since the last sync. If there was one,
// it has also taken the latest events, which participants may know: every stream
// goes on beyond them, so that who comes back reads it from the beginning.
func (db *DB) Began(ctx context.Context, run string) ([]protocol.ShareID, error) {
	var doubtful []protocol.ShareID
	boot := bootNumber(run)
	err := db.update(ctx, "noting the start", func(ctx context.Context, c *change) error {
		before, err := one(ctx, c, column[int64], `SELECT value FROM counters WHERE name = 'boot'`)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err == nil && before != boot {
			if _, err := c.exec(ctx, `UPDATE streams SET seq = seq + $1, horizon = seq + $1`, int64(skipped)); err != nil {
				return err
			}
		}
		doubtful, err = list(ctx, c, column[protocol.ShareID], `SELECT id FROM shares WHERE state = 'available' AND run <> ''
			AND run <> $1 AND changed > COALESCE((SELECT value FROM counters WHERE name = 'synced'), 0)`, bootOf(run)+SyncedLater)
		if err != nil {
			return err
		}
		if strings.HasSuffix(run, SyncedLater) {
			return c.setCounter(ctx, "boot", boot)
		}
		_, err = c.exec(ctx, `DELETE FROM counters WHERE name = 'boot'`)
		return err
	})
	if err == nil {
		err = db.Flush() // before anything is acknowledged that it speaks of
	}
	return doubtful, err
}

func bootOf(run string) string { return strings.TrimSuffix(run, SyncedLater) }

func bootNumber(run string) int64 {
	h := fnv.New64a()
	h.Write([]byte(bootOf(run))) // a hash never fails
	return int64(h.Sum64())
}

// Distrust notes that the disk has failed: what it has not synced is not to be
// believed by the next process, as if the kernel were another.
func (db *DB) Distrust(ctx context.Context) error {
	return db.updateIn(ctx, itself(), "noting that the disk has failed", func(ctx context.Context, c *change) error {
		_, err := c.exec(ctx, `INSERT INTO counters (name, value) VALUES ('distrust', 1) ON CONFLICT (name) DO UPDATE SET value = counters.value + 1`)
		return err
	})
}

// Distrusted returns how often the disk has failed.
func (db *DB) Distrusted(ctx context.Context) (int64, error) {
	n, err := one(ctx, db.engine.Reader(), column[int64], `SELECT value FROM counters WHERE name = 'distrust'`)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading how often the disk has failed: %w", err)
	}
	return n, nil
}

// NoteCopied notes in a copy of a database that what is beside it was copied later,
// and that participants may know of more: the next process believes no bytes that
// were not recorded, and every stream goes on beyond what anybody has read, as after
// a power cut.
func NoteCopied(ctx context.Context, db *sql.DB) error {
	for _, query := range []string{
		`INSERT INTO counters (name, value) VALUES ('boot', 0) ON CONFLICT (name) DO UPDATE SET value = 0`,
		`INSERT INTO counters (name, value) VALUES ('distrust', 1) ON CONFLICT (name) DO UPDATE SET value = counters.value + 1`,
	} {
		if _, err := db.ExecContext(ctx, query); err != nil {
			return fmt.Errorf("noting that it is a copy: %w", err)
		}
	}
	return nil
}
