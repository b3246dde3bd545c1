package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestTheLeastThatALinkPermits(t *testing.T) {
	r := &route{link: fullLinks.link}
	if got := r.least(50 << 20).Round(time.Millisecond); got != 4365*time.Millisecond {
		t.Errorf("50 MiB take %v at least, want 4.365 s", got)
	}
}

// deliveries are five rounds of one size each way, cut-through taking the given
// time and store-and-forward twice as long.
func deliveries(took, asked time.Duration) []way {
	ways := []way{{name: cutThroughName, took: make(map[size][]delivery)}, {name: forwardName, took: make(map[size][]delivery)}}
	for i := range ways {
		for range 5 {
			d := delivery{whole: took * time.Duration(i+1), begun: 30 * time.Millisecond, asked: asked}
			ways[i].took[50<<20] = append(ways[i].took[50<<20], d)
		}
	}
	return ways
}

func TestLinkBars(t *testing.T) {
	b := &bench{config: config{links: linkLoad{link: fullLinks.link, sizes: []size{50 << 20}}}}
	r, facts := &route{link: fullLinks.link}, wireFacts{roundTrip: 20 * time.Millisecond, rate: 96.5e6, control: "cubic"}
	for _, c := range []struct {
		took, asked time.Duration
		met         [2]bool
	}{
		{4580 * time.Millisecond, 25 * time.Millisecond, [2]bool{true, true}},
		{4590 * time.Millisecond, 26 * time.Millisecond, [2]bool{false, false}},
	} {
		found, err := b.linksPart(r, facts, deliveries(c.took, c.asked))
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]bool{found.Bars[0].Met, found.Bars[1].Met}; got != c.met {
			t.Errorf("%v and %v: %+v", c.took, c.asked, found.Bars)
		}
	}
}

func TestThePictureIsOne(t *testing.T) {
	svg, err := plotDeliveries(&route{link: fullLinks.link}, []size{50 << 20}, deliveries(4500*time.Millisecond, 0))
	if err != nil {
		t.Fatal(err)
	}
	for decoder := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{cutThroughName, forwardName, "size of the file, MiB"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("the picture lacks %q", want)
		}
	}
}

func TestLinks(t *testing.T) {
	binary := buildHandout(t)
	b := tiny(t)
	b.handout, b.self, b.rounds = binary, self(t), 1
	b.links = linkLoad{link{rate: 1e9, delay: time.Millisecond, queue: 50 * time.Millisecond}, []size{300 << 10, 1 << 20}}
	found := measured(t, b, runLinks)
	if found.Skipped != "" {
		t.Log(found.Skipped) // as it will be for most users
		return
	}
	if len(found.Bars) != 2 || len(found.Sections) != 1 || len(found.Sections[0].Rows) != 2 || len(found.Sections[0].SVG) == 0 {
		t.Errorf("%+v", found)
	}
}

func TestAxesAreNumberedEvenly(t *testing.T) {
	for most, want := range map[float64]string{50: "0 5 10 15 20 25 30 35 40 45 50", 9.4: "0 1 2 3 4 5 6 7 8 9", 1.3: "0 0.2 0.4 0.6 0.8 1 1.2", 0.09: "0 0.01 0.02 0.03 0.04 0.05 0.06 0.07 0.08 0.09"} {
		var labels []string
		for _, tick := range evenTicks(most) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != want {
			t.Errorf("up to %v: %s, want %s", most, got, want)
		}
	}
}
