package sqlite

import (
	"context"
	"database/sql"
	"testing"

	"go.uber.org/goleak"

	"github.com/handout-rtc/handout/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// update is Update for a change that needs no context.
func update(ctx context.Context, e interface {
	Update(context.Context, store.Scope, func(context.Context, *sql.Tx) error) error
}, change func(*sql.Tx) error) error {
	return e.Update(ctx, store.Scope{}, func(_ context.Context, tx *sql.Tx) error { return change(tx) })
}
