package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestMain lets the test binary be the baselines' server, as the program is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "baseline" {
		if err := serveBaseline(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func needLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("processes are measured on Linux only")
	}
}

func tiny(t *testing.T) *bench {
	t.Helper()
	b, err := newBench(config{size: 1 << 20, memorySize: 2 << 20, files: 5, rounds: 2, dir: t.TempDir()}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func testBaselines(t *testing.T) []spec {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return baselineSpecs(self)
}

// checkReport demands that every server was measured in every workload.
func checkReport(t *testing.T, r *report, specs []spec) {
	t.Helper()
	if len(r.Tables) != 6 {
		t.Fatalf("%d tables, want up and down of three workloads", len(r.Tables))
	}
	for _, table := range r.Tables {
		if len(table.Rows) != len(specs) {
			t.Errorf("%s: %d servers, want %d", table.Title, len(table.Rows), len(specs))
		}
		for _, row := range table.Rows {
			if row.Rate <= 0 || row.Cost <= 0 || row.RatePlain <= 0 || row.RateTuned <= 0 {
				t.Errorf("%s: %s took nothing: %+v", table.Title, row.Name, row)
			}
		}
	}
	if r.Memory == nil || r.Memory.Idle <= 0 {
		t.Errorf("memory %+v, want figures", r.Memory)
	}
}

func TestBaselines(t *testing.T) {
	needLinux(t)
	b, specs := tiny(t), testBaselines(t)
	r, err := b.measureAll(t.Context(), specs)
	if err != nil {
		t.Fatal(err)
	}
	checkReport(t, r, specs)
	if len(r.Bars) != 1 {
		t.Errorf("bars %v, want that of memory alone: Handout was not there", r.Bars)
	}
}

func TestHandout(t *testing.T) {
	needLinux(t)
	if testing.Short() {
		t.Skip("builds the server")
	}
	binary := filepath.Join(t.TempDir(), "handout")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "../cmd/handout").CombinedOutput(); err != nil {
		t.Fatalf("building the server: %v\n%s", err, out)
	}
	b := tiny(t)
	specs := append(testBaselines(t), spec{name: handoutName, command: handoutCommand(binary), dialect: handoutDialect{}})
	r, err := b.measureAll(t.Context(), specs)
	if err != nil {
		t.Fatal(err)
	}
	checkReport(t, r, specs)
	if len(r.Bars) != 3 {
		t.Errorf("bars %v, want upload, download and memory", r.Bars)
	}
}

func TestAServerThatDoesNotStart(t *testing.T) {
	needLinux(t)
	s := testBaselines(t)[0]
	s.command = []string{s.command[0], "baseline", "-mode", "fancy", "-dir"}
	if _, err := startPeer(t.Context(), s, t.TempDir()); err == nil || !strings.Contains(err.Error(), "without saying") {
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
