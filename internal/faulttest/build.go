package faulttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/enginetest"
)

// longRuns is the environment variable by which every long test is asked for.
const longRuns = "HANDOUT_LONG"

// seedVariable sets what Seed returns.
const seedVariable = "HANDOUT_SEED"

// Long reports whether the long amounts are asked for.
func Long() bool { return os.Getenv(longRuns) == "1" }

// Amount is how often a fault is made: few for each change, many for a long run.
func Amount(few, many int) int {
	if Long() {
		return many
	}
	return few
}

// Seed returns a source of randomness whose seed is told when the test fails.
// HANDOUT_SEED makes it the same again.
func Seed(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv(seedVariable); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the seed was %s=%d", seedVariable, seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// Build makes the program, as it is shipped or with build tags, and returns its
// path. It is made once for all tests of a tree, below bin/.
func Build(t testing.TB, tags ...string) string {
	t.Helper()
	binary, err := BuildProgram(tags...)
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// BuildProgram is Build for who has no test.
func BuildProgram(tags ...string) (string, error) {
	root, err := enginetest.ModuleRoot()
	if err != nil {
		return "", err
	}
	name := strings.Join(append([]string{"handout"}, tags...), "-")
	binary := filepath.Join(root, "bin", "faulttest", name)
	// As make build does it, so that one cache serves both.
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", strings.Join(tags, ","), "-o", binary, "./cmd/handout")
	build.Dir = root
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, said)
	}
	return binary, nil
}
