package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCallsAreReadFromTheTable(t *testing.T) {
	got := parseCalls(`% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 54.96    0.731113         231      3163           fsync
  0.52    0.006907          21       324        40 openat
------ ----------- ----------- --------- --------- ----------------
100.00    1.330339          29      3487        40 total
`)
	if want := map[string]int{"fsync": 3163, "openat": 324, "total": 3487}; !cmp.Equal(got, want) {
		t.Error(cmp.Diff(got, want))
	}
}
