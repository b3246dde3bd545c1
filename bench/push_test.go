package main

import (
	"testing"
	"time"
)

// TestPush runs the workload in small against both servers.
func TestPush(t *testing.T) {
	binary := buildHandout(t)
	b := tiny(t)
	b.self, b.handout = self(t), binary
	b.push = pushLoad{
		rooms:      []pushRoom{{5, 4, time.Millisecond}, {8, 2, time.Millisecond}},
		recipients: 3, shares: 2, idle: 8, perRoom: 4, rest: time.Millisecond,
	}
	found := measured(t, b, runPush)
	if len(found.Bars) != 4 {
		t.Errorf("bars %+v", found.Bars)
	}
	if len(found.Sections) != 3 {
		t.Fatalf("%d tables", len(found.Sections))
	}
	for i, rows := range []int{4, 1, 2} {
		table := found.Sections[i]
		if len(table.Rows) != rows {
			t.Errorf("%s: %d rows, want %d", table.Title, len(table.Rows), rows)
		}
		for _, row := range table.Rows {
			if len(row) != len(table.Columns) {
				t.Errorf("%s: %v", table.Title, row)
			}
		}
	}
}

// TestACrowdKnowsWhenTheLastHasHeard: an event counts once all have it, and what
// is not marked counts for nothing.
func TestACrowdKnowsWhenTheLastHasHeard(t *testing.T) {
	c := newCrowd(2, 3)
	hear := func(event string) { c.hears([]byte(event)) }
	took, err := c.tell(2, 0, func(mark string) error {
		hear(`{"type":"participant.joined"}`)
		for range 3 {
			hear(`{"text":"` + mark + ` and more"}`)
		}
		return nil
	})
	if err != nil || len(took) != 2 || took[0] <= 0 || took[1] <= 0 {
		t.Errorf("%v, %v", took, err)
	}
	hear(mark(7)) // of nobody
}

func TestPercentile(t *testing.T) {
	var figures []time.Duration
	for i := range 200 {
		figures = append(figures, time.Duration(200-i))
	}
	for p, want := range map[int]time.Duration{50: 100, 99: 198, 100: 200} {
		if got := percentile(figures, p); got != want {
			t.Errorf("p%d is %d, want %d", p, got, want)
		}
	}
	if got := percentile(figures[:1], 99); got != 200 {
		t.Errorf("of one: %d", got)
	}
}
