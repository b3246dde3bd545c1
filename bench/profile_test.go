package main

import (
	"os"
	"strings"
	"testing"
)

func TestProfilesNeedPerf(t *testing.T) {
	needLinux(t)
	t.Setenv("PATH", t.TempDir())
	p := &profiler{dir: t.TempDir(), label: "x"}
	if _, err := p.start(os.Getpid()); err == nil || !strings.Contains(err.Error(), "needs perf") {
		t.Errorf("error %v, want that perf is needed", err)
	}
}

func TestNoRunWithoutTheProfileThatWasAskedFor(t *testing.T) {
	needLinux(t)
	t.Setenv("PATH", t.TempDir())
	p, err := startPeer(t.Context(), testBaselines(t)[0], t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	}()
	ran := false
	load := func() error { ran = true; return nil }
	p.perf = &profiler{dir: t.TempDir(), label: "x"}
	if _, err := p.measure(load); err == nil || ran {
		t.Errorf("a profile was asked for and cannot be had: %v, and the load ran: %v", err, ran)
	}
	p.perf = nil
	if _, err := p.measure(load); err != nil || !ran {
		t.Errorf("without a profile: %v, and the load ran: %v", err, ran)
	}
}
