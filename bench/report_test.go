package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
func twoServers() (*result, []spec) {
	r := &result{title: "T", files: 1, bytes: 1 << 30}
	plain, handout := &peer{spec: spec{name: plainName}}, &peer{spec: spec{name: handoutName}}
	for _, scale := range []time.Duration{1, 5, 2} {
		r.add(plain, sample{wall: scale * time.Second, cpu: scale * time.Second, peak: 1 << 20})
		r.add(handout, sample{wall: 2 * scale * time.Second, cpu: 3 * scale * time.Second, peak: 2 << 20})
	}
	return r, []spec{plain.spec, handout.spec}
}

func TestRatiosAreWithinARound(t *testing.T) {
	r, servers := twoServers()
	want := []string{"`handout`", "268", "0.50", "0.00", "6.00", "3.00", "0.00", "2.0"}
	if got := r.section(servers).Rows[1]; !slices.Equal(got, want) {
		t.Errorf("row %v, want %v", got, want)
	}
}

func TestServersOfTheSameCodeArePooled(t *testing.T) {
	r, _ := twoServers()
	r.pool("both", plainName, handoutName)
	var walls []time.Duration
	for _, s := range r.samples["both"] {
		walls = append(walls, s.wall)
	}
	if want := []time.Duration{1500 * time.Millisecond, 7500 * time.Millisecond, 3 * time.Second}; !slices.Equal(walls, want) {
		t.Errorf("pooled to %v, want the mean of each round: %v", walls, want)
	}
	if r.pool("none", plainName, "elsewhere"); len(r.samples["none"]) != 0 {
		t.Error("a server that was not measured was pooled")
	}
}

func TestBars(t *testing.T) {
	r, _ := twoServers()
	for _, c := range []struct {
		limit limit
		met   bool
	}{
		{limit{of: "throughput", against: plainName, least: 0.5}, true},
		{limit{of: "throughput", against: plainName, least: 0.6}, false},
		{limit{of: "CPU", against: plainName, most: 3}, true},
		{limit{of: "CPU", against: plainName, most: 2.9}, false},
		{limit{of: "throughput", least: 268}, true},
		{limit{of: "throughput", least: 269}, false},
	} {
		if bars := r.judge(handoutName, c.limit); len(bars) != 1 || bars[0].Met != c.met {
			t.Errorf("%+v: %+v", c.limit, bars)
		}
	}
	if bars := r.judge("elsewhere", limit{least: 1}); len(bars) != 0 {
		t.Errorf("bars %v of a server that was not measured", bars)
	}
}

func TestPublishWritesWhatItPrints(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.md")
	compared, servers := twoServers()
	r := results{Machine: machine{CPU: "A processor", Cores: 2}, Parts: map[string]*part{
		"large": {
			Bars:     compared.judge(handoutName, limit{of: "throughput", against: plainName, least: 0.6}),
			Sections: []section{compared.section(servers), {Title: "U", Text: "Words.", Image: "images/u.svg", SVG: []byte("<svg/>")}},
			Run:      runFacts{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Seconds: 7, Rounds: 3},
		},
		"memory": {Skipped: "no reason"},
	}}
	var out bytes.Buffer
	if err := r.publish(&out, file); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(written, out.Bytes()) {
		t.Fatalf("the file differs from what was printed (%v)", err)
	}
	if picture, err := os.ReadFile(filepath.Join(filepath.Dir(file), "images", "u.svg")); err != nil || string(picture) != "<svg/>" {
		t.Errorf("the picture is %q, %v", picture, err)
	}
	for _, want := range []string{
		"A processor, 2 cores |",
		"| large | `handout`, T: throughput against `plain` | at least 0.6 | 0.500 | **missed** |",
		"| memory | not measured: no reason | | | |",
		"| large | 2026-01-02 03:04 UTC | 7 s | 3 |  |  |  |",
		"## T",
		"| server | MB/s | × plain | × tuned | CPU-s/GiB | × plain | × tuned | memory over idle, MiB |",
		"|---|---|---|---|---|---|---|---|",
		"| `handout` | 268 | 0.50 | 0.00 | 6.00 | 3.00 | 0.00 | 2.0 |",
		"Words.",
		"![U](images/u.svg)",
	} {
		if !strings.Contains(out.String(), want+"\n") {
			t.Errorf("the report lacks %q:\n%s", want, out.String())
		}
	}
}

func TestResultsAreKeptForTheirMachine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results.json")
	r, err := loadResults(file)
	if err != nil || len(r.Parts) != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	r.Parts["large"] = &part{Skipped: "no reason"}
	if err := r.save(file); err != nil {
		t.Fatal(err)
	}
	if again, err := loadResults(file); err != nil || !cmp.Equal(again, r) {
		t.Errorf("%v, %s", err, cmp.Diff(again, r))
	}
	r.Machine.Kernel += "x"
	if err := r.save(file); err != nil {
		t.Fatal(err)
	}
	if other, err := loadResults(file); err != nil || len(other.Parts) != 0 {
		t.Errorf("%+v, %v: figures of another machine are shown", other, err)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadResults(file); err == nil {
		t.Error("a broken file is taken")
	}
}

func TestSignificantDigits(t *testing.T) {
	for x, want := range map[float64]string{1234.5: "1234", 12.34: "12.3", 1.234: "1.23", 0.1234: "0.123"} {
		if got := significant(x); got != want {
			t.Errorf("significant(%v) = %s, want %s", x, got, want)
		}
	}
}
