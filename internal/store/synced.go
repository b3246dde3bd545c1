package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"sync"

	"github.com/handout-rtc/handout/protocol"
)

// What a store knows of what may not be on the disk stands in three counters:
// "synced" is the mark up to which all is known to survive a power cut, with the
// bytes that it speaks of; "boot" names the kernel under which that may not be all;
// "distrust" is how often the disk has failed.

// marks count the syncs: what is written between two of them has the same mark. Only
// one process writes where syncs are left for later, so it counts them by itself.
type marks struct {
	mu     sync.Mutex
	last   int64 // that is not given any more
	news   bool  // the one after it has been given
	synced int64
}

// take returns the mark of what is written now.
func (m *marks) take() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.news = true
	return m.last + 1
}

// Unsynced returns the mark of the last change, and whether it is not known to
// survive a power cut. What is changed from now on has another mark.
func (db *DB) Unsynced() (last int64, news bool) {
	m := &db.marks
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.news {
		m.news = false
		m.last++
	}
	return m.last, m.last > m.synced
}

// Synced notes that the changes up to and including that mark, and the bytes
// that they speak of, survive a power cut.
func (db *DB) Synced(ctx context.Context, upTo int64) error {
	err := db.updateIn(ctx, itself(), "noting what is synced", func(ctx context.Context, c *change) error {
		return c.setCounter(ctx, "synced", upTo)
	})
	if err == nil {
		db.marks.mu.Lock()
		db.marks.synced = upTo
		db.marks.mu.Unlock()
	}
	return err
}

// readMarks goes on from the marks that there are.
func (c *change) readMarks(ctx context.Context) error {
	type pair struct{ synced, last int64 }
	scan := func(r row) (p pair, err error) {
		err = r.Scan(&p.synced, &p.last)
		return p, err
	}
	p, err := one(ctx, c, scan, `SELECT COALESCE((SELECT value FROM counters WHERE name = 'synced'), 0),
		(SELECT COALESCE(MAX(mark), 0) FROM shares WHERE state = 'available' AND run <> '')`)
	if err != nil {
		return err
	}
	m := &c.db.marks
	m.mu.Lock()
	defer m.mu.Unlock()
	m.synced, m.last = p.synced, max(p.synced, p.last, m.last)
	return nil
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
			AND run <> $1 AND mark > COALESCE((SELECT value FROM counters WHERE name = 'synced'), 0)
			ORDER BY room, changed, id`, bootOf(run)+SyncedLater)
		if err != nil {
			return err
		}
		if err := c.readMarks(ctx); err != nil {
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
