package main

import (
	"fmt"
	"strconv"
	"time"
)

const (
	barPush     = 1.15        // of the p99 of the baseline
	barPushMost = time.Second // p99 in the largest room
	barIdle     = 22 << 10    // bytes in RAM for one participant
	barReturn   = 5 * time.Second
)

var pushServers = []string{centrifugeName, handoutName}

// roomSection compares the servers room by room.
func roomSection(rooms []*roomResult) section {
	s := section{
		Title: "Push: one event to everybody in a room",
		Text: "**All have it** is from when an event was due until the last participant had it; half of the events took no longer than p50, and 99 of 100 no longer than p99. " +
			"`" + centrifugeName + "` is a minimal server of the library that Handout pushes by, in the library's own configuration: no tokens, no records, one channel. " +
			"Both are told by one HTTP request per event. **Room filled** is how long it took when all joined at once.",
		Columns: []string{"server", "in the room", "events/s", "all have it, p50 ms", "p99 ms", "p99 × " + centrifugeName, "CPU-µs per delivery", "× " + centrifugeName, "room filled, s"},
	}
	for _, r := range rooms {
		base := r.samples[centrifugeName]
		for _, name := range pushServers {
			samples := r.samples[name]
			s.Rows = append(s.Rows, []string{
				"`" + name + "`", strconv.Itoa(r.room.listeners), significant(1 / r.room.interval.Seconds()),
				figure(samples, inMillis(p50)), figure(samples, inMillis(p99)), ratio(median(ratios(samples, base, inMillis(p99)))),
				figure(samples, perDelivery), ratio(median(ratios(samples, base, perDelivery))), significant(r.arrived[name].all.Seconds()),
			})
		}
	}
	return s
}

func p50(s pushSample) time.Duration { return s.p50 }
func p99(s pushSample) time.Duration { return s.p99 }

func inMillis(which func(pushSample) time.Duration) func(pushSample) float64 {
	return func(s pushSample) float64 { return which(s).Seconds() * 1e3 }
}

// perDelivery is in microseconds of CPU.
func perDelivery(s pushSample) float64 { return s.cost.Seconds() * 1e6 }

func figure[S any](samples []S, of func(S) float64) string {
	return significant(median(each(samples, of)))
}

// roomBars holds the smallest room against the baseline, and the largest
// against the clock.
func roomBars(rooms []*roomResult) []bar {
	few, many := rooms[0], rooms[len(rooms)-1]
	against := median(ratios(few.samples[handoutName], few.samples[centrifugeName], inMillis(p99)))
	return []bar{
		{
			What:  fmt.Sprintf("one event to %d participants: p99 against `%s`", few.room.listeners, centrifugeName),
			Limit: fmt.Sprintf("at most %v", barPush), Measured: significant(against), Met: against <= barPush,
		},
		atMost(fmt.Sprintf("one event to %d participants: p99", many.room.listeners), median(each(many.samples[handoutName], p99)), barPushMost),
	}
}

// shareSection shows what a share takes that names many.
func (b *bench) shareSection(samples []pushSample) section {
	return section{
		Title: fmt.Sprintf("Push: a share for a list of %d recipients", b.push.recipients),
		Text: "From when the request is due until the last of the recipients has its event, which is on the recipient's own stream: each has a record, " +
			"a number in its stream and a line in the outbox, all written and synced before the first event is sent.",
		Columns: []string{"all have it, p50 ms", "p99 ms", "CPU-µs per recipient"},
		Rows:    [][]string{{figure(samples, inMillis(p50)), figure(samples, inMillis(p99)), figure(samples, perDelivery)}},
	}
}

// idleSection shows what those take who wait.
func (b *bench) idleSection(idle map[string][]idleSample) section {
	s := section{
		Title: fmt.Sprintf("Push: %d participants connected", b.push.idle),
		Text: fmt.Sprintf("In rooms of %d, all connecting at once to a fresh server, then %v without an event, in which every one is pinged. "+
			"Resident memory (VmRSS) of the server at the end, less what it was before, for each participant. None may be lost.", b.push.perRoom, b.push.rest),
		Columns: []string{"server", "KiB each", "all connected, s", "p99, s"},
	}
	for _, name := range pushServers {
		samples := idle[name]
		s.Rows = append(s.Rows, []string{
			"`" + name + "`", figure(samples, kibEach),
			figure(samples, func(s idleSample) float64 { return s.arrival.all.Seconds() }),
			figure(samples, func(s idleSample) float64 { return s.arrival.p99.Seconds() }),
		})
	}
	return s
}

func kibEach(s idleSample) float64 { return float64(s.each) / (1 << 10) }

func (b *bench) idleBars(idle map[string][]idleSample) []bar {
	most := median(each(idle[handoutName], kibEach))
	back := median(each(idle[handoutName], func(s idleSample) time.Duration { return s.arrival.p99 }))
	return []bar{
		{
			What:  fmt.Sprintf("%d participants connected and idle: memory of the server for each", b.push.idle),
			Limit: fmt.Sprintf("at most %d KiB", barIdle>>10), Measured: significant(most) + " KiB", Met: most <= barIdle>>10,
		},
		atMost(fmt.Sprintf("%d participants connecting at once: p99", b.push.idle), back, barReturn),
	}
}
