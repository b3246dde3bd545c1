package faulttest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/crash"
	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

// crashLab is a lab whose server dies where it is told to.
type crashLab struct {
	*lab
	ana, bo *faulttest.Client
	file    string // that says where
	begun   chan protocol.ShareID
}

func newCrashLab(t *testing.T, flags ...string) *crashLab {
	t.Helper()
	if faulttest.InBucket() {
		flags = append(flags, "--download-redirect") // files are joined in the bucket then
	}
	file := filepath.Join(t.TempDir(), "crash")
	flags = append(flags, "--create-rate", "1000", "--create-burst", "100000")
	l := &crashLab{lab: &lab{journal: faulttest.NewJournal(t), random: faulttest.Seed(t)}, file: file, begun: make(chan protocol.ShareID, 1)}
	l.Server = faulttest.Start(t, faulttest.Config{
		Path: faulttest.Build(t, "crashpoints"), Args: append([]string{"--dev"}, flags...), Env: []string{crash.FileVariable + "=" + file}, Journal: l.journal,
	})
	l.room = faulttest.MakeRoom(t, l.URL(), l.journal)
	l.Usage(t, "baseline")
	people := l.enter(t, "ana", "bo", "eve")
	l.ana, l.bo = people[0], people[1]
	l.ana.Append = 100_000
	l.ana.Begun = func(_ faulttest.File, id protocol.ShareID) { l.begun <- id }
	return l
}

// die lets the server die at the point in the course of an act, starts it again,
// and returns when the act is done.
func (l *crashLab) die(t *testing.T, a act, p crash.Point, f faulttest.File) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- a.run(ctx, l, f, func() { l.arm(t, p) }) }()
	l.Died(t)
	if _, err := os.Stat(l.file); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the server died, and not at %s", p)
	}
	l.journal.Fault("at", string(p))
	l.Restart(t)
	if err := <-done; err != nil {
		t.Fatalf("after a crash at %s: %v", p, err)
	}
}

// arm tells the server where to die. The file is there at once, whole.
func (l *crashLab) arm(t *testing.T, p crash.Point) {
	if err := errors.Join(os.WriteFile(l.file+".new", []byte(p), 0o600), os.Rename(l.file+".new", l.file)); err != nil {
		t.Error(err)
	}
}

// TestF2_CrashAtEachStep lets the server die after each step of the commit order, of
// a cancel, of a deposit and of a join: each file is shared whole or goes on, each
// event is told, nothing half is served, and nothing is left.
func TestF2_CrashAtEachStep(t *testing.T) {
	for _, sync := range []string{"always", "interval"} {
		if sync == "interval" && (!faulttest.Long() || faulttest.InBucket()) {
			continue
		}
		t.Run("sync "+sync, func(t *testing.T) {
			l := newCrashLab(t, "--sync", sync)
			hit := make(map[crash.Point]int)
			for round := range faulttest.Amount(1, 20) {
				for _, a := range acts {
					for _, p := range a.points() {
						if sync == "interval" && neverSynced(p) {
							continue
						}
						l.die(t, a, p, faulttest.File{Name: fmt.Sprintf("%s %s %d", a.name, p, round), Size: a.size + l.random.Int64N(1000), Seed: l.random.Uint64()})
						hit[p]++
					}
				}
			}
			l.journal.Over()
			faulttest.Verdict(t, l.Server, faulttest.Rules{Strangers: []protocol.ParticipantID{"eve"}}, l.room)
			for _, p := range crash.Points() {
				if hit[p] == 0 && !slices.Contains(elsewhere(), p) && !(sync == "interval" && neverSynced(p)) {
					t.Errorf("nobody died at %s", p)
				}
			}
			t.Logf("%d crashes at %d points", total(hit), len(hit))
		})
	}
}

// neverSynced reports whether --sync=interval leaves the step for later.
func neverSynced(p crash.Point) bool { return p == crash.BlobSynced || p == crash.NamesSynced }

func total(counts map[crash.Point]int) (sum int) {
	for n := range maps.Values(counts) {
		sum += n
	}
	return sum
}

// TestTheProgramHasNoCrashPoints: what is shipped cannot be told to die, and what is
// tested can.
func TestTheProgramHasNoCrashPoints(t *testing.T) {
	for path, want := range map[string]bool{faulttest.Build(t): false, faulttest.Build(t, "crashpoints"): true} {
		program, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(program, []byte(crash.FileVariable)); got != want {
			t.Errorf("%s has crash points: %v", path, got)
		}
	}
}
