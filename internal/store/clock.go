package store

import (
	"context"
	"fmt"
	"time"
)

// Now returns what the clock of the store says, which all that use the store have in
// common: times of theirs that are held against each other are read from it. Within a
// query it is Engine.Clock.
func (db *DB) Now(ctx context.Context) (time.Time, error) {
	us, err := one(ctx, db.engine.Reader(), column[int64], `SELECT `+db.engine.Clock())
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the clock of the store: %w", err)
	}
	return timeOf(us), nil
}
