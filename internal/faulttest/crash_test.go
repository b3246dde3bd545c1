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

// act is a piece of work in whose course the server comes to some points. It calls
// arm when the server may die from then on.
type act struct {
	name   string
	points []crash.Point
	run    func(ctx context.Context, l *crashLab, f faulttest.File, arm func()) error
	size   int64
}

// commit are the points of a file of its own that becomes complete.
var commit = []crash.Point{crash.BlobSynced, crash.BlobNamed, crash.NamesSynced, crash.CompletionWritten, crash.CompletionRecorded}

// tell are the points of an event.
var tell = []crash.Point{crash.EventTaken, crash.EventPublished, crash.EventsCleared}

// over are the points of a share that ends.
var over = []crash.Point{crash.EndWritten, crash.EndRecorded, crash.ReadersCut, crash.WriterStopped, crash.BytesRemoved, crash.PurgeRecorded}

var acts = []act{
	{"an offer", []crash.Point{crash.SharesMade}, sent(faulttest.ByTus, true), 300_000},
	{"an upload", slices.Concat([]crash.Point{crash.BytesWritten, crash.OffsetRecorded}, commit, tell), sent(faulttest.ByTus, false), 300_000},
	{"an upload with checksums", []crash.Point{crash.BytesWritten, crash.OffsetRecorded}, sent(checked, false), 300_000},
	{"an upload that is marked", slices.Concat([]crash.Point{crash.BytesWritten, crash.OffsetRecorded}, commit), sent(faulttest.ByMark, false), 300_000},
	{"a deposit in a pack", slices.Concat([]crash.Point{crash.PackWritten, crash.DepositKept, crash.DepositWritten, crash.DepositRecorded}, tell), sent(faulttest.ByDeposit, true), 20_000},
	{"a deposit of its own", []crash.Point{crash.BlobSynced, crash.BlobNamed, crash.NamesSynced, crash.DepositKept}, sent(faulttest.ByDeposit, true), 200_000},
	{"an upload in parts", []crash.Point{crash.UploadSplit, crash.PartJoined, crash.PartEnded, crash.PartRemoved, crash.CompletionRecorded}, sent(faulttest.BySplit(3), false), 300_000},
	{"a join of parts", []crash.Point{crash.PartsTaken, crash.PartJoined, crash.PartEnded, crash.PartRemoved, crash.BlobNamed}, sent(faulttest.ByJoin(3), true), 300_000},
	{"a cancel", over, cancelled, 4 << 20},
	{"a withdrawal", over, withdrawn(faulttest.ByTus), 300_000},
	{"a withdrawal from a pack", []crash.Point{crash.WriterStopped, crash.PackPunched, crash.BytesRemoved}, withdrawn(faulttest.ByDeposit), 20_000},
}

// checked is ByTus with a checksum for each append.
func checked(ctx context.Context, c *faulttest.Client, f faulttest.File, to protocol.Audience) (protocol.ShareID, error) {
	c.Checksums = true
	defer func() { c.Checksums = false }()
	return faulttest.ByTus(ctx, c, f, to)
}

// crashLab is a lab whose server dies where it is told to.
type crashLab struct {
	*lab
	ana, bo *faulttest.Client
	file    string // that says where
	begun   chan protocol.ShareID
}

func newCrashLab(t *testing.T, flags ...string) *crashLab {
	t.Helper()
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

func toBo() protocol.Audience { return protocol.Audience{List: []protocol.ParticipantID{"bo"}} }

// sent sends the file some way to bo, who follows it from its first byte, and
// withdraws it. The server may die at once, or after the offer has been told of.
func sent(way faulttest.Way, atOnce bool) func(context.Context, *crashLab, faulttest.File, func()) error {
	return func(ctx context.Context, l *crashLab, f faulttest.File, arm func()) error {
		if atOnce {
			arm()
		}
		received := make(chan error, 1)
		go func() {
			select {
			case id := <-l.begun:
				if !atOnce {
					arm()
				}
				_, err := l.bo.Receive(ctx, id)
				received <- err
			case <-ctx.Done():
				received <- ctx.Err()
			}
		}()
		id, err := l.ana.SendBy(ctx, way, f, toBo())
		if err := errors.Join(err, <-received); err != nil {
			return err
		}
		if err := errors.Join(l.bo.AwaitState(ctx, id, protocol.Available), l.ana.AwaitState(ctx, id, protocol.Available)); err != nil {
			return err
		}
		return l.withdraw(ctx, id, protocol.Revoked)
	}
}

// withdraw ends a share, and returns when everybody knows.
func (l *crashLab) withdraw(ctx context.Context, id protocol.ShareID, as protocol.ShareState) error {
	if err := l.ana.Cancel(ctx, id); err != nil {
		return err
	}
	return errors.Join(l.bo.AwaitState(ctx, id, as), l.ana.AwaitState(ctx, id, as))
}

// cancelled cancels an upload of which some has come, which bo follows.
func cancelled(ctx context.Context, l *crashLab, f faulttest.File, arm func()) error {
	sending, stop := context.WithCancel(ctx)
	defer stop()
	l.ana.Pace = faulttest.NewPace(1 << 20)
	ended := make(chan error, 2)
	go func() {
		_, err := l.ana.Send(sending, f, toBo())
		ended <- err
	}()
	id := <-l.begun
	go func() {
		_, err := l.bo.Receive(ctx, id)
		ended <- err
	}()
	arm()
	err := l.withdraw(ctx, id, protocol.Cancelled)
	for range 2 {
		if code := faulttest.CodeOf(<-ended); code != protocol.CodeShareEnded {
			err = errors.Join(err, fmt.Errorf("a transfer of a cancelled share ended as %q", code))
		}
	}
	l.ana.Pace = nil
	return err
}

// withdrawn withdraws a file that bo has.
func withdrawn(way faulttest.Way) func(context.Context, *crashLab, faulttest.File, func()) error {
	return func(ctx context.Context, l *crashLab, f faulttest.File, arm func()) error {
		id, err := l.ana.SendBy(ctx, way, f, toBo())
		if err != nil {
			return err
		}
		<-l.begun
		if _, err := l.bo.Receive(ctx, id); err != nil {
			return err
		}
		arm()
		return l.withdraw(ctx, id, protocol.Revoked)
	}
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
		if sync == "interval" && !faulttest.Long() {
			continue
		}
		t.Run("sync "+sync, func(t *testing.T) {
			l := newCrashLab(t, "--sync", sync)
			hit := make(map[crash.Point]int)
			for round := range faulttest.Amount(1, 20) {
				for _, a := range acts {
					for _, p := range a.points {
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
				if hit[p] == 0 && !(sync == "interval" && neverSynced(p)) {
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
