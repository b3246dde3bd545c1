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
	if c.size != 1<<30 || c.memorySize != 4<<30 || c.files != 2000 || c.rounds != 3 || c.report != "docs/benchmarks.md" {
		t.Errorf("defaults %+v", c)
	}
	for _, workload := range allWorkloads {
		if !c.wants(workload) {
			t.Errorf("%s is not run", workload)
		}
	}
	c, err = parseFlags([]string{"-only", "large,memory", "-size", "2GiB"})
	if err != nil {
		t.Fatal(err)
	}
	if !c.wants("large") || !c.wants("memory") || c.wants("small") || c.size != 2<<30 || c.report != "" {
		t.Errorf("%+v", c)
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
	b := &bench{config: config{handout: filepath.Join(t.TempDir(), "handout")}}
	if _, err := b.specs(); err == nil {
		t.Error("a server that is not there is measured")
	}
	if err := os.WriteFile(b.handout, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if specs, err := b.specs(); err != nil || len(specs) != 5 || specs[4].name != handoutName {
		t.Errorf("%d servers, %v", len(specs), err)
	}
}
