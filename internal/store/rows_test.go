package store

import (
	"fmt"
	"testing"
)

func TestRows(t *testing.T) {
	for want, got := range map[string]string{
		"($1)":                               rows(1, 1, ""),
		"($1, $2, 1, 0)":                     rows(1, 2, ", 1, 0"),
		"($1, $2, 0), ($3, $4, 0)":           rows(2, 2, ", 0"),
		"($1), ($2), ($3)":                   rows(3, 1, ""),
		"($1, $2, $3, $4), ($5, $6, $7, $8)": rows(2, 4, ""),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestPortions: every row is in one of them, and there are few sizes.
func TestPortions(t *testing.T) {
	sizes := make(map[int]bool)
	for n := range 300 {
		next := 0
		for from, to := range portions(n) {
			if from != next || to <= from || to-from > maxRows {
				t.Fatalf("%d rows: from %d to %d after %d", n, from, to, next)
			}
			next = to
			sizes[to-from] = true
		}
		if next != n {
			t.Errorf("%d rows: %d are written", n, next)
		}
	}
	if len(sizes) != 6 {
		t.Errorf("sizes %s", fmt.Sprint(sizes))
	}
}
