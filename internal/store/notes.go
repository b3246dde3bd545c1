package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// What changes have to tell the audit log waits in noted, in an order that is that of
// the changes within each room and about that of time beyond it. One process numbers
// what waits, so that no two changes wait for each other to be numbered.

// order is what the entries that have it are in the order of.
func (e AuditEntry) order() string {
	if e.Room != "" {
		return string(e.Room)
	}
	return "@" + e.Webhook
}

// saveNotes writes what the change has to tell, as one row for each room.
func (c *change) saveNotes(ctx context.Context) error {
	slices.SortStableFunc(c.notes, func(a, b AuditEntry) int { return strings.Compare(a.order(), b.order()) })
	for rest := c.notes; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].order() == rest[0].order() {
			n++
		}
		if err := c.saveNotesOf(ctx, rest[:n]); err != nil {
			return fmt.Errorf("noting for the audit log: %w", err)
		}
		rest = rest[n:]
	}
	return nil
}

// saveNotesOf writes entries of one room, or of none.
func (c *change) saveNotesOf(ctx context.Context, entries []AuditEntry) error {
	var app string
	if room := entries[0].Room; room != "" { // else it is of an application alone, and says so
		var err error
		if app, err = one(ctx, c, column[string], `SELECT app FROM rooms WHERE id = $1`, room); err != nil {
			return err
		}
	}
	var text bytes.Buffer
	lines := json.NewEncoder(&text) // which ends each with a newline
	for _, e := range entries {
		if app != "" {
			e.App = app
		}
		if err := lines.Encode(e); err != nil {
			return err
		}
	}
	// The time is no earlier than that of what waits already, whatever clock it is by.
	_, err := c.exec(ctx, `INSERT INTO noted (room, n, at, lines, entries)
		SELECT $1, COALESCE(MAX(n), 0) + 1, CASE WHEN MAX(at) > $2 THEN MAX(at) ELSE $2 END, $3, $4 FROM noted WHERE room = $1`,
		entries[0].order(), micros(entries[0].Time), len(entries), text.String())
	return err
}

// noted is what one change has to tell of a room.
type noted struct {
	at, n   int64
	room    string
	lines   int64
	entries string
}

// before orders what is to be numbered.
func before(a, b noted) int {
	for _, by := range []int64{a.at - b.at, int64(strings.Compare(a.room, b.room)), a.n - b.n} {
		if by != 0 {
			return int(min(max(by, -1), 1))
		}
	}
	return 0
}

// numbered is how many rows are numbered at once.
const numbered = 512

// numberNotes numbers everything that waits for it.
func (db *DB) numberNotes(ctx context.Context) error {
	scan := func(r row) (n noted, err error) {
		err = r.Scan(&n.at, &n.room, &n.n, &n.lines, &n.entries)
		return n, err
	}
	for {
		waits, err := list(ctx, db.engine.Reader(), column[string], `SELECT room FROM noted LIMIT 1`)
		if err != nil || len(waits) == 0 {
			return err
		}
		err = db.updateIn(ctx, duty("audit"), "numbering for the audit log", func(ctx context.Context, c *change) error {
			all, err := list(ctx, c, scan, `DELETE FROM noted WHERE (room, n) IN (SELECT room, n FROM noted ORDER BY at, room, n LIMIT $1)
				RETURNING at, room, n, lines, entries`, numbered)
			if err != nil {
				return err
			}
			slices.SortFunc(all, before)
			return c.numberAll(ctx, all)
		})
		if err != nil {
			return err
		}
	}
}

// numberAll gives the entries the numbers that follow, in that order.
func (c *change) numberAll(ctx context.Context, all []noted) error {
	var lines int64
	for _, n := range all {
		lines += n.lines
	}
	var last int64
	err := c.QueryRowContext(ctx, `UPDATE counters SET value = value + $1 WHERE name = 'audit' RETURNING value`, lines).Scan(&last)
	if err != nil {
		return err
	}
	last -= lines
	for from, to := range portions(len(all)) {
		args := make([]any, 0, 2*(to-from))
		for _, n := range all[from:to] {
			last += n.lines
			args = append(args, last, n.entries)
		}
		if _, err := c.exec(ctx, `INSERT INTO audit (id, entries) VALUES `+rows(to-from, 2, ""), args...); err != nil {
			return err
		}
	}
	return nil
}

// AuditText is an entry as it is to be written: the JSON of an AuditEntry without
// its number.
type AuditText struct {
	N    int64
	JSON string
}

// Unaudited numbers what is to be numbered, and returns entries with a number greater
// than after that are not in the audit log yet, in their order: those of at most limit
// changes.
func (db *DB) Unaudited(ctx context.Context, after int64, limit int) ([]AuditText, error) {
	if err := db.numberNotes(ctx); err != nil {
		return nil, fmt.Errorf("reading what is to be audited: %w", err)
	}
	type told struct {
		last    int64
		entries string
	}
	scan := func(r row) (n told, err error) {
		err = r.Scan(&n.last, &n.entries)
		return n, err
	}
	rows, err := list(ctx, db.engine.Reader(), scan, `SELECT id, entries FROM audit WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("reading what is to be audited: %w", err)
	}
	var all []AuditText
	for _, n := range rows {
		next := n.last - int64(strings.Count(n.entries, "\n")) + 1
		for line := range strings.Lines(n.entries) {
			if next > after {
				all = append(all, AuditText{next, strings.TrimSuffix(line, "\n")})
			}
			next++
		}
	}
	return all, nil
}
