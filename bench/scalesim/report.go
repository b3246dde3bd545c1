package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
)

// In the page, what is between these is written by this program.
const (
	begins = "<!-- written by make scale -->"
	ends   = "<!-- until here -->"
)

// report writes the tables.
func (s sweep) report(w io.Writer, one, many []*outcome) {
	s.operations(w)
	fmt.Fprintf(w, "**The load:** rooms of %d, who stay for %.0f minutes, each sharing %g files an hour of %g MiB, which %.0f %% of the others download.\n",
		s.profile.RoomSize, s.profile.Session/60, s.profile.FilesPerHour, s.profile.FileMiB, 100*s.profile.Received)
	fmt.Fprintf(w, "**The machines:** nodes of %d cores for %s participants each, PostgreSQL with %d cores, Redis with one. Cores are as fast as the one that was measured (%s).\n\n",
		s.hardware.NodeCores, count(float64(s.hardware.PerNode)), s.hardware.DatabaseCores, s.costs.Machine)
	s.demands(w)
	s.limits(w)
	s.outcomes(w, "With one PostgreSQL and one Redis:", one)
	s.outcomes(w, fmt.Sprintf("With the rooms divided among as many as keep each below %.0f %%:", 100*headroom), many)
	s.sizes(w)
}

// demands is what so many participants ask for in a second.
func (s sweep) demands(w io.Writer) {
	fmt.Fprintln(w, "What they ask for in each second, by the costs of one operation times how often it happens:")
	fmt.Fprintln(w)
	fmt.Fprintln(w, "| participants | nodes | files | downloads | joins | transactions | WAL | messages to Redis | from Redis to nodes | streams followed and left | S3 requests | bytes through nodes |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, participants := range s.crowds() {
		world := s.world(participants)
		d, r := world.demand(), world.rates()
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s/s | %s | %s | %s | %s | %s/s |\n", count(float64(participants)), count(float64(world.nodes())),
			count(r[opSmall]), count(r[opReceive]), count(r[opJoin]), count(d.Transactions), humanize.IBytes(uint64(d.WAL)),
			count(d.Published), count(d.Delivered), count(d.Follows), count(d.S3Requests), humanize.IBytes(uint64(d.Bytes)))
	}
	fmt.Fprintln(w)
}

// limits is in which order engines fill up of which there is one.
func (s sweep) limits(w io.Writer) {
	all := []struct {
		name string
		most int
	}{
		{fmt.Sprintf("one PostgreSQL, %d cores", s.hardware.DatabaseCores), s.limit(func(u utilisation) float64 { return u.Database })},
		{"one Redis", s.limit(func(u utilisation) float64 { return u.Redis })},
	}
	slices.SortFunc(all, func(a, b struct {
		name string
		most int
	}) int {
		return cmp.Compare(a.most, b.most)
	})
	fmt.Fprintf(w, "What is there once, and how many participants keep it below %.0f %%, the first that is full first:\n\n| | participants |\n|---|---|\n", 100*headroom)
	for _, each := range all {
		fmt.Fprintf(w, "| %s | %s |\n", each.name, count(float64(each.most)))
	}
	fmt.Fprintln(w)
}

// outcomes is what the simulation has shown.
func (s sweep) outcomes(w io.Writer, title string, all []*outcome) {
	fmt.Fprintf(w, "%s\n\n", title)
	fmt.Fprintln(w, "| participants | PostgreSQL | Redis | asked of PostgreSQL | its busiest | of Redis | its busiest | nodes busy | files offered | told to everybody | p50 | p99 | transactions that wait at the end |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, o := range all {
		fmt.Fprintf(w, "| %s | %d | %d | %.0f %% | %.0f %% | %.0f %% | %.0f %% | %.0f %% | %s/s | %s/s | %s | %s | %s |\n",
			count(float64(o.world.Participants)), o.world.Databases, o.world.Redises, 100*o.offers.Database, 100*o.DatabaseMost, 100*o.offers.Redis, 100*o.RedisMost, 100*o.Node,
			count(o.Offered), count(o.Shared), duration(o.Share.quantile(0.5)), duration(o.Share.quantile(0.99)), count(float64(o.DatabaseQueue)))
	}
	fmt.Fprintln(w)
}

func duration(seconds float64) string {
	if seconds == 0 {
		return "none"
	}
	switch {
	case seconds >= 1:
		return fmt.Sprintf("%.3g s", seconds)
	case seconds < 1e-3:
		return fmt.Sprintf("%.3g µs", 1e6*seconds)
	}
	return fmt.Sprintf("%.3g ms", 1000*seconds)
}

// count is a number to three digits.
func count(n float64) string {
	if n == 0 {
		return "0"
	}
	digits := 2 - int(math.Floor(math.Log10(n)))
	scale := math.Pow(10, float64(digits))
	text := humanize.CommafWithDigits(math.Round(n*scale)/scale, max(0, digits))
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// publish puts the text into the page.
func publish(page string, text []byte) error {
	old, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, found := bytes.Cut(old, []byte(begins))
	_, after, ended := bytes.Cut(rest, []byte(ends))
	if !found || !ended {
		return errors.New(page + " has no place for the tables")
	}
	return os.WriteFile(page, slices.Concat(before, []byte(begins+"\n\n"), text, []byte(ends), after), 0o644)
}
