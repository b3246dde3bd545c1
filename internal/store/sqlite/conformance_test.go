package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/sqlite"
	"github.com/handout-rtc/handout/internal/store/sqlite/sqlitetest"
	"github.com/handout-rtc/handout/internal/store/storetest"
)

// open opens a file, and closes it when the test is over.
func open(t testing.TB, file string, options ...sqlite.Option) *store.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), file, options...)
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

// empty returns what opens a store without records.
func empty(options ...sqlite.Option) func(testing.TB) *store.DB {
	return func(t testing.TB) *store.DB {
		t.Helper()
		file := filepath.Join(t.TempDir(), "records.db")
		sqlitetest.Make(t, file)
		return open(t, file, options...)
	}
}

func TestStore(t *testing.T) { storetest.Run(t, empty()) }

// TestStoreThatSyncsLater: what it promises but for a power cut is the same.
func TestStoreThatSyncsLater(t *testing.T) { storetest.Run(t, empty(sqlite.SyncLater)) }

// TestReopen begins without a file.
func TestReopen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "records.db")
	storetest.Reopen(t, func(t testing.TB) *store.DB { return open(t, file) })
}

func BenchmarkStore(b *testing.B) { storetest.Benchmark(b, empty()) }
