package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFlags(t *testing.T) {
	c, err := parseFlags(nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.size != 1<<30 || c.memorySize != 4<<30 || c.files != 2000 || c.rounds != 5 || c.report != "docs/benchmarks.md" {
		t.Errorf("defaults %+v", c)
	}
	for _, w := range workloads() {
		if !c.wants(w.name) {
			t.Errorf("%s is not run", w.name)
		}
	}
	if c.resultsFile() != "docs/benchmarks.json" {
		t.Errorf("the results are kept in %q", c.resultsFile())
	}
	c, err = parseFlags([]string{"-only", "large,memory", "-size", "2GiB"})
	if err != nil {
		t.Fatal(err)
	}
	if !c.wants("large") || !c.wants("memory") || c.wants("small") || c.size != 2<<30 || c.report != "" || c.resultsFile() != "" {
		t.Errorf("%+v", c)
	}
	c, err = parseFlags([]string{"-only", "large", "-save"})
	if err != nil || c.report == "" {
		t.Errorf("%+v, %v: what is to be saved has no place", c, err)
	}
}

func TestBadFlags(t *testing.T) {
	for _, args := range [][]string{
		{"-only", "larger"}, {"-size", "many"}, {"-size", "1KiB"}, {"-size", "9999PiB"}, {"-rounds", "0"}, {"-files", "-1"},
	} {
		if _, err := parseFlags(args); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}

func TestBaselineModes(t *testing.T) {
	for _, mode := range []string{"plain", "tuned", "plain+fsync", "tuned+sha256+fsync"} {
		if _, err := newBaseline(mode, t.TempDir()); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
	for _, mode := range []string{"", "bare", "tuned+md5", "plain+sha256"} {
		if _, err := newBaseline(mode, t.TempDir()); err == nil {
			t.Errorf("%q is taken", mode)
		}
	}
}

func TestTheServerMustBeBuiltFirst(t *testing.T) {
	c := config{handout: filepath.Join(t.TempDir(), "handout")}
	if _, err := c.specs(); err == nil {
		t.Error("a server that is not there is measured")
	}
	if err := os.WriteFile(c.handout, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if specs, err := c.specs(); err != nil || len(specs) != 5 || specs[4].name != handoutName {
		t.Errorf("%d servers, %v", len(specs), err)
	}
}
