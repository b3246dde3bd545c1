package sqlite

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestAPowerCutTakesTheLatestAlone cuts the log of a store that syncs later off
// wherever it likes: the database opens whole, with the first so many changes.
func TestAPowerCutTakesTheLatestAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	e, err := open(t.Context(), path, SyncLater)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	const changes = 60
	for n := range changes {
		err := update(t.Context(), e, func(tx *sql.Tx) error {
			if n == 0 {
				if _, err := tx.Exec(`CREATE TABLE numbers (n BIGINT PRIMARY KEY)`); err != nil {
					return err
				}
			}
			return insert(n)(tx)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Flush(); err != nil {
		t.Fatal(err)
	}
	// SQLite's own locks end when a process closes the database file that it has
	// open otherwise; nothing is written here any more.
	database, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	last := -1
	for part := range 21 {
		kept := len(log) * part / 20
		found := reopenCut(t, database, log[:kept])
		if found < last || found > changes {
			t.Errorf("of %d bytes of the log there are %d changes, of fewer bytes %d", kept, found, last)
		}
		last = found
	}
	if last != changes {
		t.Errorf("of the whole log there are %d changes", last)
	}
}

// reopenCut opens what a power cut left, and returns how many numbers it holds:
// the first ones, without a gap.
func reopenCut(t *testing.T, database, log []byte) int {
	t.Helper()
	path := filepath.Join(t.TempDir(), "records.db")
	for name, data := range map[string][]byte{path: database, path + "-wal": log} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e, err := open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var state string
	if err := e.Reader().QueryRow(`PRAGMA integrity_check`).Scan(&state); err != nil || state != "ok" {
		t.Errorf("the database is %q, %v", state, err)
	}
	var count, least, most int
	err = e.Reader().QueryRow(`SELECT COUNT(*), COALESCE(MIN(n), 0), COALESCE(MAX(n), -1) FROM numbers`).Scan(&count, &least, &most)
	if err != nil {
		return 0 // cut off before the table
	}
	if least != 0 || most != count-1 {
		t.Errorf("there are %d numbers from %d to %d", count, least, most)
	}
	return count
}

// TestAFailedFlushIsNeverBelieved: no change is taken after it.
func TestAFailedFlushIsNeverBelieved(t *testing.T) {
	e, err := open(t.Context(), filepath.Join(t.TempDir(), "records.db"), SyncLater)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	log := e.log
	defer log.Close()
	if e.log, err = os.Open(os.DevNull); err != nil { // which cannot be synced
		t.Fatal(err)
	}
	if err := e.Flush(); err == nil {
		t.Fatal("the flush did not fail")
	}
	if err := update(t.Context(), e, func(*sql.Tx) error { return fmt.Errorf("it was called") }); err == nil || err.Error() == "it was called" {
		t.Errorf("a change after it: %v", err)
	}
}
