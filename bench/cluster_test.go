package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestClusterReport: the ratios are medians of those within the rounds, and the table
// has its place in the page.
func TestClusterReport(t *testing.T) {
	sample := func(seconds, one, two float64) clusterSample {
		return clusterSample{seconds, 0.5, reading{nodes: []float64{one, two}, s3: 0.5, database: 0.1}}
	}
	found := map[string][]clusterSample{
		clusterOne:    {sample(2, 1, 0), sample(4, 1, 0), sample(8, 1, 0)},
		clusterTwo:    {sample(1, 0.6, 0.6), sample(2, 0.6, 0.6), sample(8, 0.6, 0.6)},
		clusterLocal:  {sample(1, 2, 0), sample(1, 2, 0), sample(1, 2, 0)},
		clusterRemote: {sample(1, 1.5, 1), sample(1, 1.5, 1.1), sample(1, 1.5, 1)},
	}
	found[clusterOneHeld], found[clusterTwoHeld] = found[clusterOne], found[clusterTwo]
	text := clusterReport(found, 0.2)
	for _, want := range []string{"2.00 times the throughput, 1.20 times the CPU", "held to 0.2 of a core: two nodes against one, 2.00 times the throughput", "1.25 times the CPU of nodes (median", "| " + clusterOne + " | 128 | 2.00 | 0.00 | 2.00 | 1.00 | 0.20 |"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the report has no %q:\n%s", want, text)
		}
	}
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("before\n"+clusterBegins+"old"+clusterEnds+"\nafter"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := putBetween(page, clusterBegins, clusterEnds, text); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(page)
	if want := "before\n" + clusterBegins + "\n\n" + string(text) + clusterEnds + "\nafter"; err != nil || string(got) != want {
		t.Errorf("the page is %q, %v", got, err)
	}
	if err := putBetween(page, "none", clusterEnds, text); err == nil {
		t.Error("a page without a place was written")
	}
}

// TestFamilyTime: what a child has used counts, while it runs and when it has ended.
func TestFamilyTime(t *testing.T) {
	before, err := familyTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done").Run(); err != nil {
		t.Fatal(err)
	}
	after, err := familyTime(os.Getpid())
	if err != nil || after <= before {
		t.Errorf("a child that worked has used %v seconds, %v", after-before, err)
	}
}

// TestReadingsLessIdle: what a cluster uses by itself is no cost of what was asked.
func TestReadingsLessIdle(t *testing.T) {
	before := reading{nodes: []float64{1, 1}, database: 1, transactions: 100}
	after := reading{at: before.at.Add(10e9), nodes: []float64{2, 3}, database: 2, transactions: 300}
	d := after.less(before, reading{nodes: []float64{0.05, 0.1}, database: 0.01, transactions: 10})
	cost := costOf(d, 10)
	if cost.Transactions != 10 || cost.NodeSeconds < 0.149 || cost.NodeSeconds > 0.151 || cost.DatabaseSeconds < 0.089 || cost.DatabaseSeconds > 0.091 {
		t.Errorf("the cost is %+v", cost)
	}
}
