package postgres

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/storetest"
)

// tally counts what an Observer hears.
type tally struct{ committed, repeated atomic.Int64 }

func (t *tally) Waiting(int)                            {}
func (t *tally) Committed(changes int, _ time.Duration) { t.committed.Add(int64(changes)) }
func (t *tally) Repeated()                              { t.repeated.Add(1) }

// BenchmarkNodes measures changes that writers make at once, in one room or each in
// its own, in one process or spread over three, and how many were made again.
func BenchmarkNodes(b *testing.B) {
	for _, nodes := range []int{1, 3} {
		for _, one := range []bool{true, false} {
			for _, writers := range []int{1, 16, 64} {
				if writers < nodes {
					continue
				}
				rooms, which := writers, "each"
				if one {
					rooms, which = 1, "one"
				}
				b.Run(fmt.Sprintf("nodes=%d/room=%s/writers=%d", nodes, which, writers), func(b *testing.B) {
					url := migrated(b)
					var count tally
					all := make([]*store.DB, nodes)
					for i := range all {
						all[i] = opened(b, url, Config{Observer: &count})
					}
					storetest.Contend(b, all, storetest.Crowd{Rooms: rooms, Writers: writers})
					b.ReportMetric(float64(count.repeated.Load())/float64(max(1, count.committed.Load())), "repeats/change")
				})
			}
		}
	}
}
