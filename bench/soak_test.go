package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSoak lets every act happen, each with what it checks, and writes the report.
func TestSoak(t *testing.T) {
	s, err := parseSoak([]string{"-for", "2s", "-warm", "500ms", "-actors", "3", "-pause", "1ms", "-tokens", "50", "-handout", buildHandout(t), "-dir", t.TempDir(), "-report", filepath.Join(t.TempDir(), "soak.md")})
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.run(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	if err := found.publish(&said, s.report); err != nil {
		t.Fatal(err)
	}
	picture, err := os.ReadFile(filepath.Join(filepath.Dir(s.report), "soak.svg"))
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(picture, new(struct{})); err != nil {
		t.Errorf("the picture: %v", err)
	}
	for _, g := range gauges {
		if !strings.Contains(said.String(), g.name) || !bytes.Contains(picture, []byte(g.name)) {
			t.Errorf("nothing is said of %s", g.name)
		}
	}
}

// TestEachAct does each once against a server, so that none is left out by chance.
func TestEachAct(t *testing.T) {
	binary := buildHandout(t)
	p, err := startPeer(t.Context(), handoutSpec(binary, handoutName), filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop() })
	s := &soak{peer: p, body: newPayload(soakBlock), count: make(map[string]int)}
	for i, act := range acts {
		t.Run(act.name, func(t *testing.T) {
			a := &actor{soak: s, random: rand.New(rand.NewPCG(uint64(i), 1))}
			for _, step := range []func(context.Context) error{a.enter, func(ctx context.Context) error { return act.do(a, ctx) }, a.leave} {
				if err := step(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestWhatGrowsIsFound judges made-up servers: noisy and flat, growing slowly, and
// one that keeps what it should let go of.
func TestWhatGrowsIsFound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	made := func(perMinute float64) *soaked {
		s := &soaked{Length: 10 * time.Minute, Warm: 3 * time.Minute, Before: look{RSS: 20 << 20, Files: 10, Goroutines: 20}}
		s.After = s.Before
		for at := time.Second; at < s.Length; at += time.Second {
			noise := random.NormFloat64()
			if random.IntN(20) == 0 {
				noise = 15 // what happens now and then
			}
			s.Looks = append(s.Looks, look{at, 80<<20 + noise*(4<<20), 100 + 5*noise, 200 + 10*noise + perMinute*at.Minutes()})
		}
		return s
	}
	if err := made(0).verdict(); err != nil {
		t.Errorf("what is flat: %v", err)
	}
	if err := made(-10).verdict(); err != nil {
		t.Errorf("what shrinks: %v", err)
	}
	if err := made(6).verdict(); err == nil || !strings.Contains(err.Error(), "goroutines grow") || strings.Contains(err.Error(), "descriptors") {
		t.Errorf("what grows: %v", err)
	}
	kept := made(0)
	kept.After.Files += 100
	if err := kept.verdict(); err == nil || !strings.Contains(err.Error(), "descriptors are left") {
		t.Errorf("what is kept: %v", err)
	}
	short := made(0)
	short.Looks = short.Looks[:181]
	if err := short.verdict(); err == nil {
		t.Error("two looks are judged")
	}
}
