package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// Check is one thing that must hold for the server to keep its promises.
type Check struct {
	// Name is stable: it stands in the answer of /readyz and in the metrics.
	Name string
	// Ask returns nil if it holds. The message of an error with a code is shown to
	// anybody who asks; of any other error, that the check fails and no more.
	Ask func(context.Context) error
}

// CheckState is what a Check has found.
type CheckState struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"` // why not, as anybody may read it
}

// Readiness says whether the server can keep its promises now. It is safe for
// concurrent use, and however many ask, each check runs once at a time.
type Readiness struct {
	checks   []*runningCheck
	stopping atomic.Bool
	log      *slog.Logger
}

// checkPatience is how long a check may take before it counts as failed.
const checkPatience = 2 * time.Second

// NewReadiness returns a Readiness of the checks, which run when somebody asks.
// When one begins to fail, and when it holds again, that is logged.
func NewReadiness(log *slog.Logger, checks ...Check) *Readiness {
	r := &Readiness{log: log}
	for _, c := range checks {
		r.checks = append(r.checks, &runningCheck{Check: c, log: log})
	}
	return r
}

// Stop makes the server not ready for good: it is about to end.
func (r *Readiness) Stop() { r.stopping.Store(true) }

// States runs the checks and returns what they found, in their order; first
// whether the server is to stay.
func (r *Readiness) States(ctx context.Context) []CheckState {
	staying := CheckState{Name: "running", OK: !r.stopping.Load()}
	if !staying.OK {
		staying.Reason = "the server is stopping"
	}
	found := make([]CheckState, 1+len(r.checks))
	found[0] = staying
	var group sync.WaitGroup
	for i, c := range r.checks {
		group.Go(func() { found[i+1] = c.state(ctx) })
	}
	group.Wait()
	return found
}

// runningCheck shares one run of a check among all who ask meanwhile: one that
// hangs, as a disk may, holds one goroutine and not one for each of them.
type runningCheck struct {
	Check
	log *slog.Logger

	mu      sync.Mutex
	now     *checkRun // guarded by mu; nil while nobody asks
	failing bool      // guarded by mu: what was logged last
}

type checkRun struct {
	done chan struct{} // closed when err is final
	err  error
}

var errNoAnswer = errors.New("no answer in time")

func (c *runningCheck) state(ctx context.Context) CheckState {
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	run := c.run()
	var err error
	select {
	case <-run.done:
		err = run.err
	case <-ctx.Done():
		err = errNoAnswer
	}
	c.note(err)
	state := CheckState{Name: c.Name, OK: err == nil}
	var coded *protocol.Error
	switch {
	case errors.As(err, &coded):
		state.Reason = coded.Message
	case errors.Is(err, errNoAnswer):
		state.Reason = err.Error()
	case err != nil:
		state.Reason = "it fails"
	}
	return state
}

// run joins the run that is under way, or begins one. It goes on when who asked
// has gone: others may wait for it.
func (c *runningCheck) run() *checkRun {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now != nil {
		return c.now
	}
	run := &checkRun{done: make(chan struct{})}
	c.now = run
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), checkPatience)
		defer cancel()
		run.err = c.Ask(ctx)
		c.mu.Lock()
		c.now = nil
		c.mu.Unlock()
		close(run.done)
	}()
	return run
}

// note logs a change, so that a log that is asked every second stays readable.
func (c *runningCheck) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch failing := err != nil; {
	case failing == c.failing:
		return
	case failing:
		c.log.Error("not ready", "check", c.Name, "err", err)
	default:
		c.log.Info("ready again", "check", c.Name)
	}
	c.failing = err != nil
}

// healthz says that the process answers.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// notReady is the problem that /readyz answers, with what was found.
type notReady struct {
	protocol.Problem
	Checks []CheckState `json:"checks"`
}

// readyz says whether the server can keep its promises now, and if not, why.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	states := s.Ready.States(r.Context())
	var failed []string
	for _, state := range states {
		if !state.OK {
			failed = append(failed, state.Name+": "+state.Reason)
		}
	}
	if failed != nil {
		err := protocol.NewError(protocol.CodeUnavailable, "not ready: "+strings.Join(failed, "; "))
		problem := problemOf(r, err)
		s.answerProblem(w, r, err, problem, notReady{problem, states})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"status": "ready", "checks": states})
}
