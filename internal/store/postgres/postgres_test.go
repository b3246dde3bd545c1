package postgres

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(enginetest.Exit)) }

// migrated returns the URL of a new store without records.
func migrated(t testing.TB) string {
	t.Helper()
	return enginetest.SharedPostgres(t).DatabaseLike(t, "migrated", func(url string) error {
		db, err := Open(t.Context(), url, Config{})
		if err != nil {
			return err
		}
		return db.Close()
	})
}

// opened returns a store of a database, which is closed at the end of the test.
func opened(t testing.TB, url string, c Config) *store.DB {
	t.Helper()
	db, err := Open(t.Context(), url, c)
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

func TestStore(t *testing.T) {
	storetest.Run(t, func(t testing.TB) *store.DB { return opened(t, migrated(t), Config{}) })
}

// TestStoreOfManyNodes: as many processes would, each with its own connections.
func TestStoreOfManyNodes(t *testing.T) {
	storetest.RunNodes(t, func(t testing.TB) []*store.DB {
		url, all := migrated(t), make([]*store.DB, 3)
		for i := range all {
			all[i] = opened(t, url, Config{Connections: 6})
		}
		return all
	})
}

func TestReopen(t *testing.T) {
	url := migrated(t)
	storetest.Reopen(t, func(t testing.TB) *store.DB { return opened(t, url, Config{}) })
}

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(b testing.TB) *store.DB { return opened(b, migrated(b), Config{}) })
}
