package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// soak lets many participants do all that participants do, orderly and not, for a
// long time against one server process, and looks whether anything of it grows.
type soak struct {
	handout string        // path of the server
	dir     string        // where the data goes; removed at the end
	length  time.Duration // of the load
	warm    time.Duration // of that, not judged: pools and caches fill
	actors  int           // who act at a time
	pause   time.Duration // between two acts of one, on average
	tokens  int           // that are shown to the server before the load
	report  string        // file, or empty; the picture goes beside it

	peer  *peer
	body  payload
	mu    sync.Mutex
	count map[string]int // guarded by mu: acts that were done, by name
}

func parseSoak(args []string) (*soak, error) {
	s := &soak{count: make(map[string]int)}
	flags := flag.NewFlagSet("bench soak", flag.ContinueOnError)
	flags.DurationVar(&s.length, "for", 10*time.Minute, "how long the load lasts")
	flags.DurationVar(&s.warm, "warm", 3*time.Minute, "how much of that is not judged, at its beginning")
	flags.IntVar(&s.actors, "actors", 12, "participants that act at a time, each in a room with others that listen")
	flags.DurationVar(&s.pause, "pause", 200*time.Millisecond, "pause between two acts of one, on average")
	flags.IntVar(&s.tokens, "tokens", 30_000, "tokens shown to the server before the load, so that what it keeps of verified ones is as large as it gets")
	flags.StringVar(&s.handout, "handout", "bin/handout", "the Handout server")
	flags.StringVar(&s.dir, "dir", os.TempDir(), "directory for the data")
	flags.StringVar(&s.report, "report", "docs/soak.md", "file to write the report to, the picture beside it; empty for none")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if s.warm >= s.length || s.actors < 1 || s.pause < 0 {
		return nil, errors.New("-warm must be below -for, -actors at least 1, -pause not negative")
	}
	return s, nil
}

// runSoak is the command. It fails if something grows or an act goes wrong.
func runSoak(args []string, out, progress io.Writer) error {
	s, err := parseSoak(args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	found, err := s.run(ctx, progress)
	if err != nil {
		return err
	}
	if err := found.publish(out, s.report); err != nil {
		return err
	}
	return found.verdict()
}

func (s *soak) run(ctx context.Context, progress io.Writer) (_ *soaked, err error) {
	dir, err := os.MkdirTemp(s.dir, "handout-soak-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	binary, err := filepath.Abs(s.handout)
	if err != nil {
		return nil, err
	}
	if s.peer, err = startPeer(ctx, handoutSpec(binary, handoutName), filepath.Join(dir, "data")); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.peer.stop()) }()
	s.body = newPayload(soakBlock)
	found := &soaked{Time: time.Now().UTC(), Length: s.length, Warm: s.warm, Actors: s.actors}
	if err := s.showTokens(ctx); err != nil {
		return nil, err
	}
	if found.Before, err = s.look(ctx); err != nil {
		return nil, err
	}
	if err := s.load(ctx, found, progress); err != nil {
		return nil, err
	}
	found.Acts = s.count
	found.After, err = s.settle(ctx, found.Before)
	return found, err
}

// showTokens fills the table of verified tokens (token.Cache), which is bounded: with
// the few new participants of the load it would go on to fill for longer than the
// load lasts, and be taken for a leak.
func (s *soak) showTokens(ctx context.Context) error {
	c, err := dial(ctx, s.peer.address)
	if err != nil {
		return err
	}
	defer c.close()
	visit, err := enterHandout(c)
	if err != nil {
		return err
	}
	app, key, _ := strings.Cut(devCredentials, ":")
	for i := range s.tokens {
		signed, err := token.Sign([]byte(key), token.Claims{
			App: app, Participant: protocol.ParticipantID(fmt.Sprint("shown-", i)), Room: visit.room, Name: "Shown",
			Role: token.Member, Grants: token.Member.Grants(), ExpiresAt: time.Now().Add(time.Hour),
		})
		if err != nil {
			return err
		}
		_, err = c.do(request{method: http.MethodGet, path: "/v1/shares/sh_none", head: "Authorization: Bearer " + signed + "\r\n", want: http.StatusNotFound}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// load runs the actors and samples the server meanwhile. The first act that goes
// wrong ends it.
func (s *soak) load(ctx context.Context, found *soaked, progress io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	began := time.Now()
	var group sync.WaitGroup
	for i := range s.actors {
		group.Go(func() {
			a := &actor{soak: s, random: rand.New(rand.NewPCG(uint64(i), uint64(began.UnixNano())))}
			if err := a.run(ctx, began.Add(s.length)); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("an actor failed: %w", err))
			}
		})
	}
	err := s.sample(ctx, began, found, progress)
	if err != nil {
		cancel(err)
	}
	group.Wait()
	return errors.Join(err, context.Cause(ctx))
}

// sample looks at the server until the load is over.
func (s *soak) sample(ctx context.Context, began time.Time, found *soaked, progress io.Writer) error {
	tick := time.NewTicker(max(s.length/600, 20*time.Millisecond))
	defer tick.Stop()
	told := began
	for {
		select {
		case <-ctx.Done():
			return nil // whoever ended it says why
		case <-tick.C:
		}
		at := time.Since(began)
		if at >= s.length {
			return nil
		}
		look, err := s.look(ctx)
		if err != nil {
			return err
		}
		look.At = at
		found.Looks = append(found.Looks, look)
		if time.Since(told) >= 30*time.Second {
			told = time.Now()
			fmt.Fprintf(progress, "%4.0f s: %s MiB, %.0f descriptors, %.0f goroutines, %d acts\n", at.Seconds(), mib(int64(look.RSS)), look.Files, look.Goroutines, s.total())
		}
	}
}

// settle waits until the server has let go of what the load took, and says what it
// holds then; at the latest after a while, for what it does not let go of is what
// is looked for.
func (s *soak) settle(ctx context.Context, before look) (look, error) {
	deadline := time.Now().Add(time.Minute)
	for {
		now, err := s.look(ctx)
		if err != nil || now.Goroutines <= before.Goroutines && now.Files <= before.Files || time.Now().After(deadline) {
			return now, err
		}
		select {
		case <-ctx.Done():
			return now, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (s *soak) did(act string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count[act]++
}

func (s *soak) total() (sum int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.count {
		sum += n
	}
	return sum
}
