// Package sqlitetest gives tests embedded stores that are new.
package sqlitetest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/sqlite"
)

// migrated is the file of a store without records. To bring a schema up to date takes
// longer than most tests, so one is made for all tests of a process.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "handout-records-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "records.db")
	records, err := sqlite.Open(context.Background(), file)
	if err != nil {
		return nil, err
	}
	if err := records.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// Open makes a store without records in a file, and closes it when the test is over.
// It syncs later: no power is cut in such a test, and each commit would wait for the disk.
func Open(t testing.TB, file string) *store.DB {
	t.Helper()
	Make(t, file)
	records, err := sqlite.Open(t.Context(), file, sqlite.SyncLater)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := records.Close(); err != nil {
			t.Error(err)
		}
	})
	return records
}

// Make makes the file of a store without records, for who opens it himself.
func Make(t testing.TB, file string) {
	t.Helper()
	empty, err := migrated()
	if err == nil {
		err = os.WriteFile(file, empty, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
