package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// soaked is what a soak has found.
type soaked struct {
	Time         time.Time
	Length, Warm time.Duration
	Actors       int
	Before       look // idle, before the load
	Looks        []look
	After        look // idle, after it
	Acts         map[string]int
}

// gauge is one thing that the server holds, and how much more of it may be there
// at the end of what is judged than at its beginning: a part of the median, or a
// number where that is more.
type gauge struct {
	name  string
	unit  float64
	of    func(look) float64
	part  float64
	least float64
	// after is how much more than before the load may be left; 0 is not judged.
	after float64
}

var gauges = []gauge{
	// The allocator keeps what it has for a while, so what is left tells nothing.
	{name: "memory (RSS), MiB", unit: 1 << 20, of: func(l look) float64 { return l.RSS }, part: 0.05, least: 4 << 20},
	// Connections to the records are opened when they are needed, and packs.
	{name: "open descriptors", unit: 1, of: func(l look) float64 { return l.Files }, part: 0.1, least: 8, after: 16},
	{name: "goroutines", unit: 1, of: func(l look) float64 { return l.Goroutines }, part: 0.1, least: 12, after: 12},
}

// trend is a straight line through what was seen, that a few odd points do not
// bend: its slope is the median of those of all pairs (Theil, Sen).
type trend struct {
	median float64
	growth float64 // from the beginning of what is judged to its end
	start  float64 // where the line begins
}

// judged are the looks after the warm-up.
func (s *soaked) judged() []look {
	at := slices.IndexFunc(s.Looks, func(l look) bool { return l.At >= s.Warm })
	if at < 0 {
		return nil
	}
	return s.Looks[at:]
}

func (g gauge) trend(looks []look) trend {
	var values, slopes []float64
	for i, l := range looks {
		values = append(values, g.of(l))
		for _, earlier := range looks[:i] {
			slopes = append(slopes, (g.of(l)-g.of(earlier))/(l.At-earlier.At).Seconds())
		}
	}
	first, last := looks[0].At.Seconds(), looks[len(looks)-1].At.Seconds()
	slope := median(slopes)
	var starts []float64
	for i, l := range looks {
		starts = append(starts, values[i]-slope*(l.At.Seconds()-first))
	}
	return trend{median: median(values), growth: slope * (last - first), start: median(starts)}
}

// bar is how much it may grow.
func (g gauge) bar(t trend) float64 { return max(g.part*t.median, g.least) }

// verdict returns what is not flat.
func (s *soaked) verdict() error {
	looks := s.judged()
	if len(looks) < 10 {
		return fmt.Errorf("the server was looked at %d times after the warm-up: too few to judge", len(looks))
	}
	var errs []error
	for _, g := range gauges {
		if t := g.trend(looks); t.growth > g.bar(t) {
			errs = append(errs, fmt.Errorf("%s grow: by %.1f, and %.1f is permitted", g.name, t.growth/g.unit, g.bar(t)/g.unit))
		}
		if left := g.of(s.After) - g.of(s.Before); g.after > 0 && left > g.after {
			errs = append(errs, fmt.Errorf("%s are left after the load: %.0f more than before it", g.name, left))
		}
	}
	return errors.Join(errs...)
}

// publish prints the report and, unless file is empty, writes it there, with the
// picture beside it.
func (s *soaked) publish(out io.Writer, file string) error {
	picture := strings.TrimSuffix(file, filepath.Ext(file)) + ".svg"
	if file == "" {
		picture = "soak.svg" // which nobody has asked for
	}
	text := s.markdown(filepath.Base(picture))
	if _, err := io.WriteString(out, text); err != nil || file == "" {
		return err
	}
	svg, err := s.plot()
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(picture, svg, 0o644), os.WriteFile(file, []byte(text), 0o644))
}

func (s *soaked) markdown(picture string) string {
	var text bytes.Buffer
	said := "flat"
	if err := s.verdict(); err != nil {
		said = "not flat: " + strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	fmt.Fprintf(&text, `# Soak

Written by `+"`make soak`"+`: one server process under mixed load for %v, on %s; judged after %v, in which pools fill; the table of verified tokens was filled before. %d participants act at a time,
each in a room with %d others that listen on push connections; every %d acts the room is ended with all that is in it, and another one made.
Growth is of a line through all that was seen from then on (Theil-Sen: the median of the slopes of all pairs), over the time that is judged.

**%s**

![memory, descriptors and goroutines over time](%s)

| | idle before | median | growth | permitted | idle after |
|---|---|---|---|---|---|
`, s.Length, s.Time.Format("2006-01-02"), s.Warm, s.Actors, listenersPerRoom, actsPerRoom, said, picture)
	for _, g := range gauges {
		t := g.trend(s.judged())
		fmt.Fprintf(&text, "| %s | %.1f | %.1f | %+.1f | %.1f | %.1f |\n", g.name, g.of(s.Before)/g.unit, t.median/g.unit, t.growth/g.unit, g.bar(t)/g.unit, g.of(s.After)/g.unit)
	}
	text.WriteString("\nEach act checks what comes of it: the bytes by their SHA-256, the status of each answer, the state of the file. One that goes wrong fails the run.\n\n| act | times |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(s.Acts)) {
		fmt.Fprintf(&text, "| %s | %d |\n", name, s.Acts[name])
	}
	return text.String()
}
