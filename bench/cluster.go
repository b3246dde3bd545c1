package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// clusterRun is how a cluster of two nodes is measured.
type clusterRun struct {
	handout, report string
	rounds          int
	size            size // of a file
	lanes           int
}

// In the page, what is between these is written by this command.
const (
	clusterBegins = "<!-- written by bin/bench cluster -->"
	clusterEnds   = "<!-- until here, bench cluster -->"
)

// clusterSample is what one load took.
type clusterSample struct {
	seconds, gib float64
	reading
}

func (s clusterSample) rate() float64 { return s.gib * 1024 / s.seconds }

// runCluster measures two nodes against one, and followers of another node against
// followers of the same.
func runCluster(args []string, out, progress io.Writer) (err error) {
	c := clusterRun{size: 128 << 20}
	flags := flag.NewFlagSet("cluster", flag.ContinueOnError)
	flags.StringVar(&c.handout, "handout", "bin/handout", "the Handout server to measure")
	flags.StringVar(&c.report, "report", "docs/scaling.md", "page to write the table into; empty for none")
	flags.IntVar(&c.rounds, "rounds", 5, "how often each is measured")
	flags.TextVar(&c.size, "size", c.size, "size of a file")
	flags.IntVar(&c.lanes, "lanes", 4, "files that are uploaded at a time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if c.handout, err = filepath.Abs(c.handout); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "handout-cluster-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := newRig(ctx, c.handout, dir, 2)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.stop()) }()
	found := make(map[string][]clusterSample)
	body := newPayload(int64(c.size))
	loads := []struct {
		name string
		do   func() error
		gib  float64
	}{
		{clusterOne, func() error { return r.upload(ctx, body, c.lanes, r.nodes[:1]) }, float64(c.lanes) * float64(c.size) / (1 << 30)},
		{clusterTwo, func() error { return r.upload(ctx, body, c.lanes, r.nodes) }, float64(c.lanes) * float64(c.size) / (1 << 30)},
		{clusterLocal, func() error { return r.follow(ctx, body, r.nodes[0], r.nodes[0]) }, float64(c.size) / (1 << 30)},
		{clusterRemote, func() error { return r.follow(ctx, body, r.nodes[0], r.nodes[1]) }, float64(c.size) / (1 << 30)},
	}
	for round := range c.rounds + 1 { // the first warms up
		for _, load := range loads {
			before, err := r.read(ctx)
			if err != nil {
				return err
			}
			began := time.Now()
			if err := load.do(); err != nil {
				return fmt.Errorf("%s: %w", load.name, err)
			}
			seconds := time.Since(began).Seconds()
			after, err := r.read(ctx)
			if err != nil {
				return err
			}
			if round > 0 {
				found[load.name] = append(found[load.name], clusterSample{seconds, load.gib, after.less(before, reading{})})
			}
		}
		fmt.Fprintf(progress, "round %d of %d\n", round, c.rounds)
	}
	text := clusterReport(found)
	if _, err := out.Write(text); err != nil || c.report == "" {
		return err
	}
	return putBetween(c.report, clusterBegins, clusterEnds, text)
}

// The loads, as the report calls them.
const (
	clusterOne    = "uploads to one node"
	clusterTwo    = "the same uploads to two nodes"
	clusterLocal  = "an upload and its follower, at one node"
	clusterRemote = "an upload and its follower, at two nodes"
)

// upload sends files, as many at a time, to the nodes in turn.
func (r *rig) upload(ctx context.Context, body payload, lanes int, nodes []*peer) error {
	group, ctx := errgroup.WithContext(ctx)
	for i := range lanes {
		group.Go(func() error {
			conn, err := dial(ctx, nodes[i%len(nodes)].address)
			if err != nil {
				return err
			}
			defer conn.close()
			visit, err := enterHandout(conn)
			if err != nil {
				return err
			}
			_, err = visit.put(conn, body)
			return err
		})
	}
	return group.Wait()
}

// follow sends a file to one node while it is received from one.
func (r *rig) follow(ctx context.Context, body payload, to, from *peer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sending, err := dial(ctx, to.address)
	if err != nil {
		return err
	}
	defer sending.close()
	receiving, err := dial(ctx, from.address)
	if err != nil {
		return err
	}
	defer receiving.close()
	sender, err := enterHandout(sending)
	if err != nil {
		return err
	}
	recipient, err := sender.another(receiving)
	if err != nil {
		return err
	}
	share, err := sender.offer(sending, body.size)
	if err != nil {
		return err
	}
	came := new(reception)
	var group errgroup.Group
	group.Go(func() error { return recipient.get(receiving, string(share.ID), came) })
	if err = sender.send(sending, share, body); err != nil {
		cancel() // nobody need wait for it
	}
	if err := errors.Join(err, group.Wait()); err != nil {
		return err
	}
	return came.check(body)
}

// middle is the median of what each sample says.
func middle(all []clusterSample, of func(clusterSample) float64) float64 {
	var values []float64
	for _, s := range all {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// clusterReport is the table, with the two ratios.
func clusterReport(found map[string][]clusterSample) []byte {
	var out bytes.Buffer
	fmt.Fprintln(&out, "| load | MiB/s | CPU-s per GiB: node 1 | node 2 | both | S3 server | PostgreSQL | cores busy in all |")
	fmt.Fprintln(&out, "|---|---|---|---|---|---|---|---|")
	for _, name := range []string{clusterOne, clusterTwo, clusterLocal, clusterRemote} {
		all := found[name]
		per := func(of func(clusterSample) float64) float64 {
			return middle(all, func(s clusterSample) float64 { return of(s) / s.gib })
		}
		fmt.Fprintf(&out, "| %s | %.0f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f |\n", name, middle(all, clusterSample.rate),
			per(func(s clusterSample) float64 { return s.nodes[0] }), per(func(s clusterSample) float64 { return s.nodes[1] }),
			per(func(s clusterSample) float64 { return s.allNodes() }), per(func(s clusterSample) float64 { return s.s3 }),
			per(func(s clusterSample) float64 { return s.database }),
			middle(all, func(s clusterSample) float64 { return (s.allNodes() + s.s3 + s.database + s.redis) / s.seconds }))
	}
	ratio := func(a, b string, of func(clusterSample) float64) float64 {
		var values []float64
		for i := range found[a] {
			values = append(values, of(found[a][i])/of(found[b][i]))
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	fmt.Fprintf(&out, "\nTwo nodes against one: %.2f times the throughput, %.2f times the CPU of nodes for the same bytes. A follower at another node against one at the same: %.2f times the CPU of nodes (median of the ratios within each of %d rounds).\n\n",
		ratio(clusterTwo, clusterOne, clusterSample.rate), ratio(clusterTwo, clusterOne, func(s clusterSample) float64 { return s.allNodes() }),
		ratio(clusterRemote, clusterLocal, func(s clusterSample) float64 { return s.allNodes() }), len(found[clusterOne]))
	return out.Bytes()
}

// putBetween replaces what a page has between two lines.
func putBetween(page, begins, ends string, text []byte) error {
	old, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, found := bytes.Cut(old, []byte(begins))
	_, after, ended := bytes.Cut(rest, []byte(ends))
	if !found || !ended {
		return fmt.Errorf("%s has no place for the table", page)
	}
	return os.WriteFile(page, slices.Concat(before, []byte(begins+"\n\n"), text, []byte(ends), after), 0o644)
}
