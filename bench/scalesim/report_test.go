package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPageIsWritten: the tables and the picture, in their place, and the same each
// time.
func TestPageIsWritten(t *testing.T) {
	dir := t.TempDir()
	page, from := filepath.Join(dir, "scaling.md"), filepath.Join(dir, "costs.json")
	c := example()
	c.Machine, c.RoomSize = "an example", 10
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string][]byte{page: []byte("# Before\n" + begins + ends + "\nAfter\n"), from: text} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var last []byte
	for range 2 {
		var out, progress bytes.Buffer
		if err := run([]string{"-costs", from, "-report", page, "-seconds", "2", "-most", "100000"}, &out, &progress); err != nil {
			t.Fatal(err)
		}
		written, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"# Before\n", "\nAfter\n", "| one Redis |", "| a school", "| download of it", "| 100,000 | 10 |", "](scaling.svg)"} {
			if !strings.Contains(string(written), want) {
				t.Errorf("the page has no %q", want)
			}
		}
		if last != nil && !bytes.Equal(last, written) {
			t.Error("a second run wrote another page")
		}
		last = written
	}
	if picture, err := os.ReadFile(filepath.Join(dir, "scaling.svg")); err != nil || !bytes.Contains(picture, []byte("</svg>")) {
		t.Errorf("the picture: %v", err)
	}
}

// TestCostsMustBeWhole: a file without an operation is not taken for one that costs
// nothing.
func TestCostsMustBeWhole(t *testing.T) {
	c := example()
	delete(c.Operations, opReceive)
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "costs.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadCosts(file); err == nil || !strings.Contains(err.Error(), opReceive) {
		t.Errorf("costs without a download: %v", err)
	}
}

// TestSizes: a node more than what the busiest hour takes, and half of everything.
func TestSizes(t *testing.T) {
	s := exampleSweep()
	for _, c := range customers() {
		z := s.size(c)
		d := z.demand
		if float64(z.nodes-1)*float64(s.hardware.NodeCores)*half < d.Node || (z.nodes-1)*s.hardware.PerNode < c.participants ||
			float64(z.databaseCores)*half < d.Database || float64(z.redises)*half < d.Redis {
			t.Errorf("%s gets %+v", c.Name, z)
		}
	}
}

// TestNumbers are read by people.
func TestNumbers(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 1: "1", 55.55: "55.6", 5.556: "5.56", 555.5: "556", 12345: "12,300", 10e6: "10,000,000"} {
		if got := count(n); got != want {
			t.Errorf("%v is written %q and not %q", n, got, want)
		}
	}
}
