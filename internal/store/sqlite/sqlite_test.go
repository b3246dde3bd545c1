package sqlite

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openIn(dir string, options ...Option) func(testing.TB) *store.DB {
	return func(t testing.TB) *store.DB {
		t.Helper()
		db, err := Open(t.Context(), filepath.Join(dir, "records.db"), options...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		return db
	}
}

// update is Update for a change that needs no context.
func update(ctx context.Context, e interface {
	Update(context.Context, store.Scope, func(context.Context, *sql.Tx) error) error
}, change func(*sql.Tx) error) error {
	return e.Update(ctx, store.Scope{}, func(_ context.Context, tx *sql.Tx) error { return change(tx) })
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t testing.TB) *store.DB { return openIn(t.TempDir())(t) })
}

// TestStoreThatSyncsLater: what it promises but for a power cut is the same.
func TestStoreThatSyncsLater(t *testing.T) {
	storetest.Run(t, func(t testing.TB) *store.DB { return openIn(t.TempDir(), SyncLater)(t) })
}

func TestReopen(t *testing.T) { storetest.Reopen(t, openIn(t.TempDir())) }

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(b testing.TB) *store.DB { return openIn(b.TempDir())(b) })
}
