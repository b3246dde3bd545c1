package main

import (
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"testing"
	"time"

	"net/http"

	"github.com/handout-rtc/handout/protocol"
)

// TestTiming measures whether a share that one may not know of is answered in
// another time than one that does not exist. It is for make test-long: it takes its
// time, and measures best on a machine with nothing else to do.
//
// What it holds is that the times of the two overlap nearly wholly: of a pair of
// them, the hidden one is the slower one with a probability that is near one half.
func TestTiming(t *testing.T) {
	if os.Getenv("HANDOUT_LONG") == "" {
		t.Skip("it takes minutes: HANDOUT_LONG=1, or make test-long")
	}
	const rounds = 6000
	s := newStage(t)
	hidden := s.share(t, forList, "tus", "available")
	stranger := s.bearers["participant"]
	for _, v := range verbs {
		if v.want(everybody[slices.IndexFunc(everybody, func(w who) bool { return w.name == "participant" })], forList, "available") != "404" || v.dialect() != "tus" {
			continue
		}
		var times [2][]float64 // of what does not exist, and of what is hidden
		for range rounds {
			first := rand.IntN(2)
			for _, which := range []int{first, 1 - first} {
				id := protocol.NewShareID()
				if which == 1 {
					id = hidden
				}
				r := v.request(s, id)
				header := http.Header{}
				for name, value := range r.header {
					header.Set(name, value)
				}
				began := time.Now()
				w := s.answer(r.method, r.path, stranger, header, []byte(r.body))
				times[which] = append(times[which], float64(time.Since(began)))
				if w.Code != http.StatusNotFound {
					t.Fatalf("%s: %d", v.name, w.Code)
				}
			}
		}
		slower := probabilityOfLess(times[0], times[1])
		t.Logf("%s: the hidden one is slower with p = %.3f; medians %v and %v", v.name, slower, median(times[0]), median(times[1]))
		if slower < 0.4 || slower > 0.6 {
			t.Errorf("%s: what is hidden is told by the time that it takes", v.name)
		}
	}
}

func median(times []float64) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return time.Duration(sorted[len(sorted)/2])
}

// probabilityOfLess is how likely a value of a is below one of b: the statistic of
// Mann and Whitney, over the number of pairs.
func probabilityOfLess(a, b []float64) float64 {
	sorted := slices.Sorted(slices.Values(b))
	below := 0
	for _, x := range a {
		below += len(sorted) - sort.SearchFloat64s(sorted, x)
	}
	return float64(below) / float64(len(a)*len(b))
}
