package model_test

import (
	"context"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/handout-rtc/handout/internal/faulttest"
)

// The amounts of a change, and of a long run.
const (
	checks    = 12
	length    = 45 // of a check, about
	longCheck = 50
)

// longFor is how long HANDOUT_LONG=1 goes on; HANDOUT_MODEL_FOR sets it.
const longFor = 10 * time.Minute

// TestF21_Model lets machines run against one server: with seeds that are always the same,
// and with one that is new and is told. What the server has on its disk at the end, and
// what its rooms count, must add up.
func TestF21_Model(t *testing.T) {
	l := newLab(t)
	settings(t, map[string]string{"rapid.checks": strconv.Itoa(checks), "rapid.steps": strconv.Itoa(length), "rapid.nofailfile": "true", "rapid.shrinktime": "20s"})
	began, rounds := time.Now(), 0
	machines := func(seed uint64, n int) {
		settings(t, map[string]string{"rapid.seed": strconv.FormatUint(seed, 10), "rapid.checks": strconv.Itoa(n)})
		rapid.Check(t, l.run)
		rounds += n
	}
	if seed := os.Getenv("HANDOUT_SEED"); seed != "" {
		n, err := strconv.ParseUint(seed, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		machines(n, longCheck)
	}
	for seed := range uint64(3) {
		machines(seed+1, checks)
	}
	random := faulttest.Seed(t)
	for again := true; again; again = faulttest.Long() && time.Since(began) < long(t) {
		seed := random.Uint64()>>1 | 1
		t.Logf("a random seed: %d", seed)
		machines(seed, checks)
	}
	l.verify(t)
	t.Logf("%d rooms, %d requests, %d events, %d kills, %v", rounds, l.requests, l.heard, l.kills, time.Since(began).Round(time.Second))
	for _, code := range slices.Sorted(maps.Keys(l.answers)) {
		t.Logf("%6d answers %s", l.answers[code], code)
	}
}

// long is how long a long run goes on.
func long(t *testing.T) time.Duration {
	given := os.Getenv("HANDOUT_MODEL_FOR")
	if given == "" {
		return longFor
	}
	d, err := time.ParseDuration(given)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// settings sets flags of rapid, which has no other way, until the test ends.
func settings(t *testing.T, values map[string]string) {
	t.Helper()
	for name, value := range values {
		old := flag.Lookup(name).Value.String()
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { flag.Set(name, old) })
	}
}

// verify stops the server and holds its data directory against its records.
func (l *lab) verify(t *testing.T) {
	t.Helper()
	l.http.CloseIdleConnections()
	l.server.Stop(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	said, err := exec.CommandContext(ctx, l.server.Path, "verify", "--json", "--data", l.server.Data).CombinedOutput()
	if err != nil || !json.Valid(said) {
		t.Fatalf("handout verify: %v\n%s", err, said)
	}
}
