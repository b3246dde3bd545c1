package abuse_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/faulttest"
)

// The bars of the victim, in the full run.
const (
	mostP99   = 100 * time.Millisecond
	leastRate = 0.5
)

// abuse is one of the list: what is done, how often, and what must come of it.
type abuse struct {
	name      string
	attack    string
	few, many int     // in go test, and in full
	attackers int     // participants
	seconds   float64 // how long it goes on at most in full; 0 for 15
	flags     []string
	tls       bool
	needs     string // "upload" or "file" of the attackers' own; "victim's upload"
	// permitted are the outcomes that may come, by how they begin; wanted must.
	permitted []string
	wanted    []string
	// after looks at the server when the attack is over.
	after func(*testing.T, *siege)
}

// unhurried lets an attacker ask as fast as it can: what is looked at is behind the
// limits of requests.
var unhurried = []string{
	"--request-rate", "1e9", "--room-request-rate", "1e9", "--address-request-rate", "1e9", "--create-rate", "1e9", "--create-burst", "1000000000",
}

var abuses = []abuse{
	{
		name: "creations without data", attack: "create", few: 300, many: 10_000, attackers: 1,
		permitted: []string{"201", "429 too-many-uploads", "429 room-full", "503 too-many-requests"}, wanted: []string{"201"},
		after: func(t *testing.T, s *siege) { s.atMost(t, "handout_uploads_open", 100) },
	},
	{
		name: "creations without data, however fast", attack: "create", few: 300, many: 10_000, attackers: 20, flags: append([]string{"--max-room-bytes", "2GB", "--max-file-size", "1GB"}, unhurried...),
		permitted: []string{"201", "429 too-many-uploads", "429 room-full"}, wanted: []string{"201", "429"},
		after: func(t *testing.T, s *siege) { s.atMost(t, "handout_reserved_bytes", 2_000_000_000) },
	},
	{
		name: "lengths of 2^62 bytes", attack: "huge", few: 12, many: 10_000, attackers: 10,
		permitted: []string{"400", "413", "429 too-many-requests", "503 too-many-requests"}, wanted: []string{"400", "413 file-too-large"},
		after: func(t *testing.T, s *siege) { s.atMost(t, "handout_uploads_open", 0) },
	},
	{
		name: "uploads at a byte a second", attack: "trickle", few: 20, many: 1000, attackers: 20, seconds: 150,
		permitted: []string{"408 too-slow"}, wanted: []string{"408"},
		after: func(t *testing.T, s *siege) { s.settles(t, "handout_http_requests_running", 2) },
	},
	{
		name: "appends to one upload", attack: "patch", few: 200, many: 20_000, attackers: 1, needs: "upload",
		permitted: []string{"204", "409 offset-mismatch", "409 upload-preempted", "423 upload-busy", "503 too-many-requests"}, wanted: []string{"204"},
	},
	{
		name: "appends to one upload, however fast", attack: "patch", few: 200, many: 20_000, attackers: 1, needs: "upload", flags: unhurried,
		permitted: []string{"204", "409 offset-mismatch", "409 upload-preempted", "423 upload-busy"}, wanted: []string{"204"},
	},
	{
		name: "heads, appends and ends of a victim's upload", attack: "head", few: 300, many: 20_000, attackers: 10, needs: "victim's upload", flags: unhurried,
		permitted: []string{"404"}, wanted: []string{"404"},
		after: func(t *testing.T, s *siege) { s.completes(t) },
	},
	{
		name: "64 overlapping ranges", attack: "ranges", few: 20, many: 2000, attackers: 1, needs: "file",
		permitted: []string{fmt.Sprintf("200 of %d bytes, application/octet-stream", victimsFile), "429 of"}, wanted: []string{"200"},
	},
	{
		name: "headers of 1 MiB", attack: "header", few: 20, many: 2000, attackers: 1,
		permitted: []string{"431", "broken"},
	},
	{
		name: "HTTP/2 requests taken back", attack: "reset", few: 5000, many: 200_000, attackers: 1, tls: true,
		permitted: []string{"goes on", "ended", "refused"},
	},
	{
		name: "HTTP/2 headers that do not end", attack: "continuation", few: 200, many: 20_000, attackers: 1, tls: true,
		permitted: []string{"ended", "refused"}, wanted: []string{"ended"},
	},
	{
		name: "commands on a push connection", attack: "push", few: 1000, many: 100_000, attackers: 1,
		permitted: []string{"closed 3013", "refused", "broken", "goes on"}, wanted: []string{"closed 3013"},
	},
	{
		name: "words of 1 MiB on a push connection", attack: "word", few: 5, many: 200, attackers: 10,
		permitted: []string{"closed 1009", "closed 3013", "broken"}, wanted: []string{"closed 1009"},
	},
	{
		name: "joining and leaving 100 times a second", attack: "flap", few: 50, many: 2000, attackers: 1,
		permitted: []string{"joined", "closed 3013", "closed 4500", "closed 4504", "refused"}, wanted: []string{"joined", "closed 3013"},
	},
	{
		name: "ids that are guessed", attack: "scan", few: 200, many: 20_000, attackers: 10,
		permitted: []string{"404", "429 too-many-requests", "503 too-many-requests"}, wanted: []string{"404"},
	},
	{
		name: "ids that are guessed, however fast", attack: "scan", few: 2000, many: 1_000_000, attackers: 10, seconds: 240, flags: unhurried,
		permitted: []string{"404"}, wanted: []string{"404"},
	},
	{
		name: "tokens that are made up", attack: "unknown", few: 200, many: 50_000, attackers: 1,
		permitted: []string{"401", "429 too-many-requests"}, wanted: []string{"401"},
	},
	{
		name: "connections that say nothing", attack: "sockets", few: 100, many: 8000, attackers: 1,
		permitted: []string{"closed", "refused"}, wanted: []string{"closed"},
		after: func(t *testing.T, s *siege) { s.settles(t, "handout_http_requests_running", 2) },
	},
}

// TestAbuse_OfTheList does all that is on the list to servers that others use.
func TestAbuse_OfTheList(t *testing.T) {
	binary := faulttest.Build(t)
	long := os.Getenv("HANDOUT_LONG") != ""
	var report report
	for _, a := range abuses {
		if only := os.Getenv("HANDOUT_ABUSE"); only != "" && !strings.Contains(a.name, only) {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			if !long && a.attack != "trickle" && a.attack != "sockets" {
				t.Parallel()
			}
			s := lay(t, binary, a)
			if long {
				report.add(t, a, s.run(t, a))
				return
			}
			s.runFew(t, a)
		})
	}
	report.write(t)
}

// runFew does a little of the abuse and looks at what came of it.
func (s *siege) runFew(t *testing.T, a abuse) {
	counts := besiege(t, s.target(t, a, a.few, 60))
	s.judge(t, a, counts)
}

// result is how an abuse and its victim fared.
type result struct {
	counts        map[string]int
	before, while figures
	rss           int64 // the most that the server took, in bytes
	took          time.Duration
}

// run does all of the abuse while a victim works, and then looks.
func (s *siege) run(t *testing.T, a abuse) (r result) {
	v := s.newVictim(t)
	v.during(t, func() { time.Sleep(time.Second) }) // so that the server has loaded what it needs
	r.before = v.during(t, func() { time.Sleep(5 * time.Second) })
	seconds := a.seconds
	if seconds == 0 {
		seconds = 15
	}
	target := s.target(t, a, a.many, seconds)
	began := time.Now()
	stop := s.watch(&r.rss)
	r.while = v.during(t, func() { r.counts = besiege(t, target) })
	stop()
	r.took = time.Since(began)
	s.judge(t, a, r.counts)
	if p99 := r.while.p99(); p99 > mostP99 {
		t.Errorf("99 of 100 requests of the victim take up to %v, undisturbed %v; the bar is %v", p99, r.before.p99(), mostP99)
	}
	if rate := r.while.rate() / r.before.rate(); rate < leastRate {
		t.Errorf("the victim comes to %.0f%% of its undisturbed rate, the bar is %.0f%%", 100*rate, 100*leastRate)
	}
	for _, failed := range slices.Concat(r.before.failed, r.while.failed) {
		t.Errorf("the victim: %s", failed)
	}
	return r
}

// judge holds what came of the abuse against what may, and must.
func (s *siege) judge(t *testing.T, a abuse, counts map[string]int) {
	t.Helper()
	begins := func(outcome string) func(string) bool {
		return func(allowed string) bool { return strings.HasPrefix(outcome, allowed) }
	}
	for _, outcome := range slices.Sorted(maps.Keys(counts)) {
		if !slices.ContainsFunc(a.permitted, begins(outcome)) {
			t.Errorf("%d times it came to: %s", counts[outcome], outcome)
		}
	}
	for _, wanted := range a.wanted {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(counts)), func(outcome string) bool { return strings.HasPrefix(outcome, wanted) }) {
			t.Errorf("it never came to: %s, but to %v", wanted, counts)
		}
	}
	if a.after != nil {
		a.after(t, s)
	}
	// Whatever came, the server goes on: for everybody else, and for attackers that
	// have become decent.
	v := s.newVictim(t)
	var f figures
	if err := v.round(t.Context(), &f); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func inBase64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func itoa(n int) string { return strconv.Itoa(n) }
