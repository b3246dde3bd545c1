package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// crowd is the participants that listen, and what they have heard.
type crowd struct {
	began     time.Time
	listeners []*listener
	ends      sync.WaitGroup
	ended     atomic.Int64 // connections that have ended
	tallies   []tally      // by the mark of the event
	told      int          // how many of them were sent
}

// newCrowd returns a crowd that can be told so many events in all, each of
// which so many are to hear.
func newCrowd(events, toHear int) *crowd {
	c := &crowd{began: time.Now(), tallies: make([]tally, events)}
	for i := range c.tallies {
		c.tallies[i].toHear, c.tallies[i].done = int64(toHear), make(chan struct{})
	}
	return c
}

// tally counts who has heard one event.
type tally struct {
	toHear int64
	heard  atomic.Int64
	whole  time.Duration // since the crowd began; good once done is closed
	done   chan struct{}
}

// markDigits is how many digits follow the word that every event of the
// benchmark holds once, in its body or as the name of a file.
const markDigits = 8

var markWord = []byte("mark-")

func mark(n int) string { return fmt.Sprintf("%s%0*d", markWord, markDigits, n) }

// hears counts an event. It is called by all listeners at once.
func (c *crowd) hears(event []byte) {
	at := bytes.Index(event, markWord)
	if at < 0 || len(event) < at+len(markWord)+markDigits {
		return // who came, for one
	}
	digits := event[at+len(markWord):][:markDigits]
	n, err := strconv.Atoi(string(digits))
	if err != nil || n >= len(c.tallies) {
		return
	}
	t := &c.tallies[n]
	if t.heard.Add(1) == t.toHear {
		t.whole = time.Since(c.began)
		close(t.done)
	}
}

// comeBackAfter is how long a client waits that the server could not take yet.
const comeBackAfter = time.Second

// arrival is how long it took to connect everybody.
type arrival struct {
	all, p99 time.Duration
}

// gather connects a participant per credential, all at once, as they come back
// after a restart.
func (c *crowd) gather(ctx context.Context, address string, credentials []string) (arrival, error) {
	group, ctx := errgroup.WithContext(ctx)
	c.listeners = make([]*listener, len(credentials))
	took := make([]time.Duration, len(credentials))
	started := time.Now()
	for i, credential := range credentials {
		group.Go(func() (err error) {
			for again := true; again; {
				var closed closedError
				c.listeners[i], err = joinPush(ctx, address, credential, c.hears)
				if again = errors.As(err, &closed) && closed.comeBack() && time.Since(started) < patience; again {
					time.Sleep(comeBackAfter)
				}
			}
			took[i] = time.Since(started)
			return err
		})
	}
	err := group.Wait()
	all := time.Since(started)
	for _, l := range c.listeners {
		if l == nil {
			continue // it could not connect
		}
		c.ends.Go(func() {
			_ = l.listen() // its end is counted, whatever ended it
			c.ended.Add(1)
		})
	}
	return arrival{all: all, p99: percentile(took, 99)}, err
}

// leave ends all connections.
func (c *crowd) leave() {
	for _, l := range c.listeners {
		if l != nil {
			l.conn.Close()
		}
	}
	c.ends.Wait()
}

// kept fails if the server has ended a connection.
func (c *crowd) kept() error {
	if n := c.ended.Load(); n > 0 {
		return fmt.Errorf("the server ended %d of %d connections", n, len(c.listeners))
	}
	return nil
}

// tell sends events, one by one and never before its time, and returns for each
// how long it took from when it was due until the last had heard it.
func (c *crowd) tell(events int, interval time.Duration, send func(mark string) error) ([]time.Duration, error) {
	first := c.told
	c.told += events
	due := make([]time.Duration, events) // since the crowd began
	start := time.Since(c.began)
	for i := range due {
		due[i] = start + time.Duration(i)*interval
		time.Sleep(due[i] - time.Since(c.began))
		if err := send(mark(first + i)); err != nil {
			return nil, err
		}
	}
	took := make([]time.Duration, events)
	giveUp := time.After(hearing)
	for i := range took {
		t := &c.tallies[first+i]
		select {
		case <-t.done:
			took[i] = t.whole - due[i]
		case <-giveUp:
			return nil, fmt.Errorf("event %d was heard by %d of %d", i, t.heard.Load(), t.toHear)
		}
	}
	return took, c.kept()
}

// hearing bounds how long an event may be on its way.
const hearing = 30 * time.Second

// percentile returns the figure that p of a hundred do not exceed.
func percentile(figures []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(figures))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, (len(sorted)*p+99)/100-1)]
}
