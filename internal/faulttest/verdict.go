package faulttest

import (
	"cmp"
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// Verdict ends a test of faults. It waits until everybody who listens in the rooms
// knows what the server knows and until the server has nothing to do any more,
// stops it, reads what is left, and fails the test with every violation.
func Verdict(t testing.TB, s *Server, rules Rules, rooms ...*Room) *Facts {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	settleAll(ctx, rooms)
	s.quiet(ctx, t)
	s.Stop(t)
	s.settleFiles(ctx, t)
	return s.left().verdict(context.Background(), t, s.Journal, rules)
}

// settleAll waits until everybody knows what there is to know, and has them leave.
func settleAll(ctx context.Context, rooms []*Room) {
	for _, room := range rooms {
		for _, c := range room.everybody() {
			c.settle(ctx)
		}
	}
	for _, room := range rooms {
		for _, c := range room.everybody() {
			c.Leave()
			c.HTTP.CloseIdleConnections()
		}
	}
}

// hold fails the test with every violation.
func hold(t testing.TB, journal *Journal, facts *Facts, rules Rules) {
	t.Helper()
	if violations := Check(journal.Entries(), facts, rules); len(violations) > 0 {
		t.Error(Report(journal.Entries(), violations))
	}
}

// settle waits until the client, if it listens, has heard of all that it would be
// told if it asked, and notes what it knows then, or at the end of ctx.
func (c *Client) settle(ctx context.Context) {
	if !c.view.listens() {
		return
	}
	for {
		page, err := c.List(ctx, protocol.Cursor{})
		if err == nil && slices.EqualFunc(lived(page.Shares), lived(c.view.known()), sameShare) || ctx.Err() != nil {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	c.journal.Add(Entry{Who: c.ID, View: &View{Shares: c.view.known()}})
}

// lived returns the shares that have not ended, by their ids: the server forgets
// the others when it likes.
func lived(shares []protocol.Share) []protocol.Share {
	live := slices.DeleteFunc(slices.Clone(shares), func(s protocol.Share) bool { return s.State.Ended() })
	slices.SortFunc(live, func(a, b protocol.Share) int { return cmp.Compare(a.ID, b.ID) })
	return live
}

func sameShare(a, b protocol.Share) bool { return a.ID == b.ID && a.State == b.State && a.Rev == b.Rev }

// quiet waits until the server takes no more than it took at the baseline, if one
// was noted, and has announced everything; and notes what it takes then, or at the
// end of ctx.
func (s *Server) quiet(ctx context.Context, t testing.TB) {
	t.Helper()
	var baseline *Usage
	for _, e := range s.Journal.Entries() {
		if e.Usage != nil && e.Usage.When == "baseline" && e.Usage.Node == s.Name {
			baseline = e.Usage
		}
	}
	for {
		u, err := s.usage("end")
		if err != nil {
			t.Fatal(err)
		}
		idle := u.Outbox == 0 && u.Downloads == 0 && u.Requests == 0
		if idle && (baseline == nil || back(u, *baseline)) || ctx.Err() != nil {
			s.Journal.Add(Entry{Usage: &u})
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// slack is how much more of descriptors and goroutines a server may have than an
// idle one.
const slack = 5

// back reports whether the server is where it was.
func back(now, before Usage) bool {
	return now.FDs <= before.FDs+slack && now.Goroutines <= before.Goroutines+slack+2*now.Pooled
}

// left is what the server leaves.
func (s *Server) left() left {
	return left{
		open: func() (*sql.DB, error) {
			return sql.Open("sqlite", "file:"+filepath.Join(s.Data, "handout.db")+"?mode=rw")
		},
		files: s.files,
	}
}

// settleFiles lets a server that was stopped come to its end: what its start left to be
// cleared away or announced may still be there if it lived for a moment only. It gets
// longer lives until all is done, or until ctx ends.
func (s *Server) settleFiles(ctx context.Context, t testing.TB) {
	t.Helper()
	for life := 50 * time.Millisecond; ; life *= 2 {
		facts, err := s.left().facts(context.Background(), false)
		if err != nil {
			t.Fatal(err)
		}
		if len(facts.leaks()) == 0 && facts.Outbox == 0 || ctx.Err() != nil {
			return
		}
		s.Restart(t)
		select {
		case <-ctx.Done():
		case <-time.After(life):
		}
		s.Stop(t)
	}
}

// Report describes violations with the lines of the journal that show them.
func Report(entries []Entry, violations []Violation) string {
	var text strings.Builder
	for i, v := range violations {
		if i == mostReported {
			text.WriteString("and more\n")
			break
		}
		text.WriteString(v.Invariant + ": " + v.What + "\n")
		for _, at := range v.Entries {
			if at >= 0 && at < len(entries) {
				text.WriteString("    " + describe(at, entries[at]) + "\n")
			}
		}
	}
	return text.String()
}

const mostReported = 20
