package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		figures []int
		want    int
	}{{nil, 0}, {[]int{7}, 7}, {[]int{9, 1, 5}, 5}, {[]int{4, 1, 3, 2}, 2}} {
		before := slices.Clone(c.figures)
		if got := median(c.figures); got != c.want || !slices.Equal(before, c.figures) {
			t.Errorf("median(%v) = %d, want %d and the order kept", before, got, c.want)
		}
	}
}

// twoServers is a result in which Handout is half as fast as plain and costs
// three times as much.
func twoServers(bar float64) (*result, []spec) {
	r := &result{title: "T", files: 1, bytes: 1 << 30, bar: bar}
	plain, handout := &peer{spec: spec{name: plainName}}, &peer{spec: spec{name: handoutName}}
	for _, scale := range []time.Duration{1, 5, 2} {
		r.add(plain, sample{wall: scale * time.Second, cpu: scale * time.Second, peak: 1 << 20})
		r.add(handout, sample{wall: 2 * scale * time.Second, cpu: 3 * scale * time.Second, peak: 2 << 20})
	}
	return r, []spec{plain.spec, handout.spec}
}

func TestRatiosAreWithinARound(t *testing.T) {
	result, specs := twoServers(0)
	var r report
	r.add(result, specs)
	got := r.Tables[0].Rows[1]
	if got.RatePlain != 0.5 || got.CPUPlain != 3 || got.Cost != 6 || got.Peak != 2<<20 {
		t.Errorf("row %+v", got)
	}
	if len(r.Bars) != 0 {
		t.Errorf("bars %v of a result that has none", r.Bars)
	}
}

func TestBars(t *testing.T) {
	for _, c := range []struct {
		least float64
		met   bool
	}{{0.5, true}, {0.6, false}} {
		var r report
		r.add(twoServers(c.least))
		if len(r.Bars) != 1 || r.Bars[0].Met != c.met {
			t.Errorf("at least %v: %+v", c.least, r.Bars)
		}
	}
	for most, met := range map[int64]bool{barMemory - 1: true, barMemory: false} {
		var r report
		r.addMemory(memoryUse{Up: 1, Down: most})
		if r.Bars[0].Met != met {
			t.Errorf("%d bytes over idle: %+v", most, r.Bars)
		}
	}
}

func TestPublishWritesWhatItPrints(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.md")
	r := report{Command: "go run ./bench", MemorySize: 4 << 30, Facts: facts{CPU: "A processor", Cores: 2}}
	r.add(twoServers(0.6))
	r.addMemory(memoryUse{Idle: 20 << 20, Up: 1 << 20, Down: 3 << 20})
	var out bytes.Buffer
	if err := r.publish(&out, file); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(written, out.Bytes()) {
		t.Fatalf("the file differs from what was printed (%v)", err)
	}
	for _, want := range []string{
		"A processor, 2 cores",
		"| T: throughput against `plain` | at least 0.6 | 0.50 | **missed** |",
		"| One file of 4.0 GiB, up and down: memory over idle | under 64 MiB | 3.0 MiB | met |",
		"| `handout` | 268 | 0.50 | 0.00 | 6.00 | 3.00 | 0.00 | 2.0 |",
	} {
		if !strings.Contains(out.String(), want+"\n") && !strings.Contains(out.String(), want+" |\n") {
			t.Errorf("the report lacks %q:\n%s", want, out.String())
		}
	}
}

func TestSignificantDigits(t *testing.T) {
	for x, want := range map[float64]string{1234.5: "1234", 12.34: "12.3", 1.234: "1.23", 0.1234: "0.123"} {
		if got := significant(x); got != want {
			t.Errorf("significant(%v) = %s, want %s", x, got, want)
		}
	}
}
