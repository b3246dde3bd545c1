package abuse_test

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// report is the table of docs/abuse.md, and of what has gone wrong: what is
// measured is told, whatever it is.
type report struct{ rows []string }

func (r *report) add(t *testing.T, a abuse, of result) {
	var counts []string
	for _, outcome := range slices.Sorted(maps.Keys(of.counts)) {
		counts = append(counts, fmt.Sprintf("%s: %d", outcome, of.counts[outcome]))
	}
	row := fmt.Sprintf("| %s | %d in %.0f s | %s | %s | %s | %.0f %% | %d MiB |",
		a.name, a.many, of.took.Seconds(), strings.Join(counts, ", "),
		milliseconds(of.before.p99()), milliseconds(of.while.p99()), 100*of.while.rate()/of.before.rate(), of.rss>>20)
	t.Log(row)
	r.rows = append(r.rows, row)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
}

// resultsFollow is the line of the page that the table stands behind.
const resultsFollow = "<!-- what follows is written by make abuse -->"

// write writes the table into the page that is wanted.
func (r *report) write(t *testing.T) {
	name := os.Getenv("HANDOUT_ABUSE_REPORT")
	if name == "" || len(r.rows) == 0 {
		return
	}
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	words, _, found := strings.Cut(string(page), resultsFollow)
	if !found {
		t.Fatalf("%s has no place for the results", name)
	}
	text := words + resultsFollow + "\n\n" +
		fmt.Sprintf("%s, %d cores, attackers, victim and server on one machine.\n\n", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU()) +
		"| abuse | how much | what came of it | victim's p99 before | and while | its rate while | server's memory |\n|---|---|---|---|---|---|---|\n" +
		strings.Join(r.rows, "\n") + "\n"
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Error(err)
	}
}
