package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// Backlog is what waits to be done, for metrics.
type Backlog struct {
	OldestEvent time.Time // of the events not announced yet; zero if there are none
	Tickets     int       // neither used nor cleared away
}

// Backlog looks at what waits.
func (db *DB) Backlog(ctx context.Context) (Backlog, error) {
	var b Backlog
	err := db.read(ctx, "looking at the backlog", func(tx *sql.Tx) error {
		oldest, err := list(ctx, tx, scanOutgoing, `SELECT room, id, participant, event, written_at FROM outbox ORDER BY written_at LIMIT 1`)
		if err != nil {
			return err
		}
		for _, o := range oldest {
			var event protocol.Event
			if err := json.Unmarshal(o.Event, &event); err != nil {
				return fmt.Errorf("reading an event: %w", err)
			}
			b.OldestEvent = event.Time
		}
		scan := func(r row) (Backlog, error) {
			return b, r.Scan(&b.Tickets)
		}
		_, err = one(ctx, tx, scan, `SELECT COUNT(*) FROM tickets`)
		return err
	})
	return b, err
}

// Shares counts the shares that are remembered, by their state.
func (db *DB) Shares(ctx context.Context) (map[protocol.ShareState]int, error) {
	type count struct {
		state protocol.ShareState
		n     int
	}
	counts, err := list(ctx, db.engine.Reader(), func(r row) (c count, err error) {
		err = r.Scan(&c.state, &c.n)
		return c, err
	}, `SELECT state, COUNT(*) FROM shares WHERE concat <> 'partial' GROUP BY state`)
	if err != nil {
		return nil, fmt.Errorf("counting shares: %w", err)
	}
	byState := make(map[protocol.ShareState]int)
	for _, c := range counts {
		byState[c.state] = c.n
	}
	return byState, nil
}
