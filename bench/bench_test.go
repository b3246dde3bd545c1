package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain lets the test binary be the baselines' server, as the program is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "baseline" {
		if err := serveBaseline(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(testAll(m))
}

// buildDir holds what the tests build.
var buildDir string

func testAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "handout-bench-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	buildDir = dir
	return m.Run()
}

func needLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("processes are measured on Linux only")
	}
}

func tiny(t *testing.T, servers ...spec) *bench {
	t.Helper()
	b, err := newBench(config{size: 1 << 20, memorySize: 2 << 20, files: 5, rounds: 2, dir: t.TempDir(), live: liveLoad{1 << 20, 20 * time.Millisecond, 2}}, servers, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// self is the path of the test binary.
func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func testBaselines(t *testing.T) []spec {
	t.Helper()
	return baselineSpecs(self(t))
}

// checkTables demands a figure of every server in every table.
func checkTables(t *testing.T, found *part, tables int, servers []spec) {
	t.Helper()
	if len(found.Sections) != tables {
		t.Fatalf("%d tables, want %d", len(found.Sections), tables)
	}
	for _, table := range found.Sections {
		if len(table.Rows) != len(servers) {
			t.Errorf("%s: %d servers, want %d", table.Title, len(table.Rows), len(servers))
		}
		for _, row := range table.Rows {
			for i, cell := range row[1:7] {
				if x, err := strconv.ParseFloat(cell, 64); err != nil || x < 0 || (i%3 == 0 && x == 0) {
					t.Errorf("%s: %v: %q is no figure", table.Title, row, cell)
				}
			}
		}
	}
}

// measured runs one workload.
func measured(t *testing.T, b *bench, run func(context.Context, *bench) (*part, error)) *part {
	t.Helper()
	found, err := run(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestBaselines(t *testing.T) {
	needLinux(t)
	b := tiny(t, testBaselines(t)...)
	large := measured(t, b, runLarge)
	checkTables(t, large, 2, b.servers)
	checkTables(t, measured(t, b, runSmall), 4, b.servers)
	if len(large.Bars) != 0 {
		t.Errorf("bars %v, want none: Handout was not there", large.Bars)
	}
}

// theHandout builds the server once for all tests.
var theHandout = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(buildDir, "handout")
	out, err := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", binary, "../cmd/handout").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("building the server: %w\n%s", err, out)
	}
	return binary, err
})

// buildHandout returns the path of the server.
func buildHandout(t *testing.T) string {
	t.Helper()
	needLinux(t)
	if testing.Short() {
		t.Skip("builds the server")
	}
	binary, err := theHandout()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

func TestHandout(t *testing.T) {
	binary := buildHandout(t)
	b := tiny(t, append(testBaselines(t), handoutSpec(binary, handoutName))...)
	b.handout = binary
	large := measured(t, b, runLarge)
	checkTables(t, large, 2, b.withLater())
	if len(large.Bars) != 6 {
		t.Errorf("bars %v, want throughput and CPU of both uploads and the download", large.Bars)
	}
	small := measured(t, b, runSmall)
	if len(small.Sections) != 5 || small.Sections[4].Text == "" {
		t.Fatalf("%d sections, want those of four runs and of the system calls", len(small.Sections))
	}
	small.Sections = small.Sections[:4]
	checkTables(t, small, 4, b.withLater())
	if len(small.Bars) != 2 {
		t.Errorf("bars %v, want those of files synced before and after they are acknowledged", small.Bars)
	}
	if live := measured(t, b, runCutThrough); len(live.Bars) != 4 || len(live.Sections) != 2 {
		t.Errorf("cut-through %+v", live)
	}
	if memory := measured(t, b, runMemory); len(memory.Bars) != 6 || len(memory.Sections) != 1 {
		t.Errorf("memory %+v", memory)
	}
}

func TestAServerThatDoesNotStart(t *testing.T) {
	needLinux(t)
	s := testBaselines(t)[0]
	s.command = []string{s.command[0], "baseline", "-mode", "fancy", "-dir"}
	if _, err := startPeer(t.Context(), s, filepath.Join(t.TempDir(), "data")); err == nil || !strings.Contains(err.Error(), "without saying") {
		t.Fatalf("error %v, want that it ended", err)
	}
}

func TestVerifyFindsOtherBytes(t *testing.T) {
	body := newPayload(1000)
	if err := verify(fixedVisit{body}, nil, body, []string{"a"}); err != nil {
		t.Errorf("the same bytes: %v", err)
	}
	if err := verify(fixedVisit{newPayload(1000)}, nil, body, []string{"a"}); err == nil {
		t.Error("other bytes pass")
	}
}

// fixedVisit gives back the same bytes whatever was sent.
type fixedVisit struct{ payload }

func (fixedVisit) put(*connection, payload) (string, error) { return "a", nil }

func (v fixedVisit) get(_ *connection, _ string, into io.Writer) error {
	_, err := v.WriteTo(into)
	return err
}

func TestPayloadRepeatsItsBlock(t *testing.T) {
	body := payload{block: []byte("abc"), size: 8}
	var out bytes.Buffer
	if n, err := body.WriteTo(&out); err != nil || n != 8 || out.String() != "abcabcab" {
		t.Errorf("%d bytes %q, %v", n, out.String(), err)
	}
}

func TestRoundsRotateTheOrder(t *testing.T) {
	b := tiny(t)
	b.rounds = 3
	peers := []*peer{{spec: spec{name: "a"}}, {spec: spec{name: "b"}}}
	var order strings.Builder
	err := b.rotated(peers, func(_ int, p *peer) error {
		order.WriteString(p.name)
		return nil
	})
	if err != nil || order.String() != "abbaab" {
		t.Errorf("order %q, %v", order.String(), err)
	}
}
