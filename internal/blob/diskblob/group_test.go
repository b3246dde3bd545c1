package diskblob

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

// TestAGroupSyncsTogether: who comes while a sync is under way shares the next.
func TestAGroupSyncsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		broken := errors.New("the disk fails")
		letGo := make(chan struct{})
		var syncs int
		sync1 := func() error { syncs++; <-letGo; return nil }
		sync2 := func() error { syncs++; return broken }
		var all sync.WaitGroup
		all.Go(func() {
			if err := g.do(sync1); err != nil {
				t.Errorf("the first: %v", err)
			}
		})
		synctest.Wait()
		for range 10 {
			all.Go(func() {
				if err := g.do(sync2); !errors.Is(err, broken) {
					t.Errorf("one that came meanwhile: %v", err)
				}
			})
		}
		synctest.Wait()
		close(letGo)
		all.Wait()
		if syncs != 2 {
			t.Errorf("%d syncs", syncs)
		}
	})
}
