package faulttest

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Usage is what a server takes at a moment, as it says on /metrics.
type Usage struct {
	When       string `json:"when"`             // "baseline", "end", or a word of the test's own
	Node       string `json:"node,omitempty"`   // the server's name, of a cluster
	RSS        int64  `json:"rss"`              // bytes
	FDs        int    `json:"fds"`              // but for those of the database, which opens some for each reader at a time, and those of Config.Pooled
	Pooled     int    `json:"pooled,omitempty"` // connections of Config.Pooled, each of which has up to two goroutines
	Goroutines int    `json:"goroutines"`
	Downloads  int    `json:"downloads"` // that run
	Outbox     int    `json:"outbox"`    // events that are not announced yet
	Requests   int    `json:"requests"`  // that are being answered, but for this one
}

// Usage asks the server what it takes, and notes it in the journal.
func (s *Server) Usage(t testing.TB, when string) Usage {
	t.Helper()
	u, err := s.usage(when)
	if err != nil {
		t.Fatal(err)
	}
	s.Journal.Add(Entry{Usage: &u})
	return u
}

// Memory reads how much memory the server takes, and notes it in the journal: also of
// one that answers nothing. Where the system does not say, nothing is noted.
func (s *Server) Memory(when string) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.PID()))
	if err != nil {
		return
	}
	var size, resident int64 // in pages
	if _, err := fmt.Sscan(string(text), &size, &resident); err == nil {
		s.Journal.Add(Entry{Usage: &Usage{When: when, Node: s.Name, RSS: resident * int64(os.Getpagesize())}})
	}
}

func (s *Server) usage(when string) (Usage, error) {
	u := Usage{When: when, Node: s.Name}
	// A connection of its own would count.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(s.URL() + "/metrics")
	if err != nil {
		return u, err
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		return u, fmt.Errorf("reading /metrics: %w", err)
	}
	read := func(name string) int {
		family := families[name]
		if family == nil || len(family.GetMetric()) != 1 {
			err = fmt.Errorf("there is no %s on /metrics", name)
			return 0
		}
		return int(family.GetMetric()[0].GetGauge().GetValue())
	}
	u.RSS, u.FDs, u.Goroutines = int64(read("process_resident_memory_bytes")), read("process_open_fds"), read("go_goroutines")
	u.Pooled = s.pooledFDs(s.Pooled)
	u.FDs -= s.databaseFDs() + u.Pooled
	u.Downloads, u.Outbox, u.Requests = read("handout_downloads_running"), read("handout_outbox_events"), read("handout_http_requests_running")-1
	return u, err
}

// databaseFDs counts the descriptors of the database, where the system says.
func (s *Server) databaseFDs() (n int) {
	dir := fmt.Sprintf("/proc/%d/fd", s.PID())
	open, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	for _, fd := range open {
		if target, err := os.Readlink(filepath.Join(dir, fd.Name())); err == nil && strings.HasPrefix(filepath.Base(target), "handout.db") {
			n++
		}
	}
	return n
}
