package faultdisk_test

import (
	"database/sql"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver
)

// watchSyncs returns what says up to which entry of the journal answers had been
// given when the last sync began that has ended by now.
//
// It reads the running server's counter of syncs, which one after the other has moved
// on when it has ended. Of two that end after an entry was written, the second has
// begun after it, and so covers whatever had been acknowledged there.
func (p *power) watchSyncs(t *testing.T) (promised func() int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(p.Data, "handout.db")+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	synced := func() (upTo int64) {
		if err := db.QueryRow(`SELECT COALESCE((SELECT value FROM counters WHERE name = 'synced'), 0)`).Scan(&upTo); err != nil {
			t.Error(err)
		}
		return upTo
	}
	var sure atomic.Int64
	over := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		defer db.Close()
		entries, before, ended := len(p.journal.Entries()), synced(), 0
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
			}
			if now := synced(); now != before {
				before = now
				ended++
			}
			if ended == 2 {
				sure.Store(int64(entries))
				entries, before, ended = len(p.journal.Entries()), synced(), 0 // the entries first
			}
		}
	})
	p.stopWatching = sync.OnceFunc(func() {
		close(over)
		watch.Wait()
	})
	t.Cleanup(p.stopWatching)
	return func() int { return int(sure.Load()) }
}
