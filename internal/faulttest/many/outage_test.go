package many_test

import (
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/faulttest"
)

// engine is a server that a cluster stands on, and that can be taken from it.
type engine interface {
	Pause()
	Resume()
	Kill() error
	Start() error
}

// nodeMemory is the most memory that a node may take while an engine is away, in
// bytes. Files that come to more than that wait for their bucket in
// TestF13_TheBucketIsAway, on one server.
const nodeMemory = 400 << 20

// TestF13_EnginesStop stops each engine for a while, kills it and starts it again, and
// has Redis forget all it knows, under load. Nothing is said to be done that is not,
// the nodes keep no more in memory, and afterwards all goes on.
func TestF13_EnginesStop(t *testing.T) {
	t.Parallel()
	own := faulttest.OwnEngines(t)
	l := newLab(t, own.Engines, false)
	l.crowd(t, 2)
	rules := strangers()
	rules.MayMiss, rules.RSS = true, nodeMemory
	work := load{lanes: faulttest.Amount(4, 16), size: 6 << 20, rate: 2 << 20, part: 2 << 20}
	lasts := []time.Duration{time.Second}
	if faulttest.Long() {
		lasts = []time.Duration{time.Second, 30 * time.Second}
	}
	l.under(t, work, func() {
		for _, last := range lasts {
			for name, e := range map[string]engine{"PostgreSQL": own.Postgres, "Redis": own.Redis, "S3": own.S3} {
				l.outage(t, name, e, last)
			}
		}
		l.journal.Fault("forgets", "Redis")
		if _, err := own.Redis.Do("FLUSHALL"); err != nil {
			t.Fatal(err)
		}
		pause(time.Second)
	})
	l.Verdict(t, rules, l.room)
}

// outage has an engine do nothing for a while; and then be dead for a while.
func (l *lab) outage(t *testing.T, name string, e engine, last time.Duration) {
	t.Helper()
	l.journal.Fault("stops", name)
	e.Pause()
	pause(last)
	l.Memory(name + " stops")
	e.Resume()
	l.journal.Fault("goes on", name)
	l.AwaitReady(t)
	pause(time.Second) // so that work is under way again
	l.journal.Fault("dies", name)
	if err := e.Kill(); err != nil {
		t.Fatal(err)
	}
	pause(last)
	l.Memory(name + " is dead")
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	l.journal.Fault("lives", name)
	l.AwaitReady(t)
	pause(time.Second)
}
