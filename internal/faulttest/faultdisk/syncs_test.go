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
// It reads the two counters of the running server: the number of the last change,
// and the number up to which changes are synced with their bytes. A sync that covers
// a change made after an entry was written has begun after it, and so covers
// whatever had been acknowledged there.
func (p *power) watchSyncs(t *testing.T) (promised func() int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(p.Data, "handout.db")+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	counters := func() (last, synced int64) {
		if err := db.QueryRow(`SELECT value, COALESCE((SELECT value FROM counters WHERE name = 'synced'), 0) FROM counters WHERE name = 'outbox'`).Scan(&last, &synced); err != nil {
			t.Error(err)
		}
		return last, synced
	}
	var sure atomic.Int64
	over := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		defer db.Close()
		entries := len(p.journal.Entries())
		before, _ := counters()
		covering := int64(0) // a change that was made after the entries; 0 while there is none
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
			}
			last, synced := counters()
			if covering == 0 && last > before {
				covering = last
			}
			if covering > 0 && synced >= covering {
				sure.Store(int64(entries))
				entries = len(p.journal.Entries())
				before, _ = counters() // read after the entries
				covering = 0
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
