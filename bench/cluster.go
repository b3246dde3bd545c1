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
	hold            float64 // of one core, that each node has in the second part
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
	c := clusterRun{size: 512 << 20}
	flags := flag.NewFlagSet("cluster", flag.ContinueOnError)
	flags.StringVar(&c.handout, "handout", "bin/handout", "the Handout server to measure")
	flags.StringVar(&c.report, "report", "docs/scaling.md", "page to write the table into; empty for none")
	flags.IntVar(&c.rounds, "rounds", 5, "how often each is measured")
	flags.TextVar(&c.size, "size", c.size, "size of a file")
	flags.IntVar(&c.lanes, "lanes", 4, "files that are uploaded at a time")
	flags.Float64Var(&c.hold, "hold", 0.2, "part of one core that each node has in the second part; 0 leaves that out")
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
	found, err := c.measure(ctx, r, progress)
	if err != nil {
		return err
	}
	text := clusterReport(found, c.hold)
	if _, err := out.Write(text); err != nil || c.report == "" {
		return err
	}
	return putBetween(c.report, clusterBegins, clusterEnds, text)
}

// clusterLoad is one row of the report.
type clusterLoad struct {
	name string
	gib  float64
	do   func() error
}

// measure takes all samples: with the machine to the nodes' liking, and then with each
// node held to its part of it, so that neither engines nor client are what limits.
func (c *clusterRun) measure(ctx context.Context, r *rig, progress io.Writer) (map[string][]clusterSample, error) {
	body := newPayload(int64(c.size))
	one := float64(c.size) / (1 << 30)
	found := make(map[string][]clusterSample)
	err := c.takeTurns(ctx, r, found, progress, []clusterLoad{
		c.uploads(ctx, clusterOne, r, body, r.nodes[:1]),
		c.uploads(ctx, clusterTwo, r, body, r.nodes),
		{clusterLocal, one, func() error { return r.follow(ctx, body, r.nodes[0], r.nodes[0]) }},
		{clusterRemote, one, func() error { return r.follow(ctx, body, r.nodes[0], r.nodes[1]) }},
	})
	if err != nil || c.hold == 0 {
		return found, err
	}
	if err := r.hold(c.hold); err != nil {
		return nil, err
	}
	body = newPayload(int64(c.size) / 4) // it takes longer
	return found, c.takeTurns(ctx, r, found, progress, []clusterLoad{
		c.uploads(ctx, clusterOneHeld, r, body, r.nodes[:1]), c.uploads(ctx, clusterTwoHeld, r, body, r.nodes),
	})
}

// uploads is the load of as many files at a time as there are lanes.
func (c *clusterRun) uploads(ctx context.Context, name string, r *rig, body payload, nodes []*peer) clusterLoad {
	return clusterLoad{name, float64(c.lanes) * float64(body.size) / (1 << 30), func() error { return r.upload(ctx, body, c.lanes, nodes) }}
}

// takeTurns takes a sample of each load in each round.
func (c *clusterRun) takeTurns(ctx context.Context, r *rig, found map[string][]clusterSample, progress io.Writer, loads []clusterLoad) error {
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
	return nil
}

// The loads, as the report calls them.
const (
	clusterOne    = "uploads to one node"
	clusterTwo    = "the same uploads to two nodes"
	clusterLocal  = "an upload and its follower, at one node"
	clusterRemote = "an upload and its follower, at two nodes"
	// While each node has a part of a core.
	clusterOneHeld = "uploads to one node that is held"
	clusterTwoHeld = "the same uploads to two that are held"
)

// upload sends files, as many at a time, to the nodes in turn. Their rooms end with it,
// so that the disk does not fill up.
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
			if _, err := visit.put(conn, body); err != nil {
				return err
			}
			return visit.end(conn)
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
	return errors.Join(came.check(body), sender.end(sending))
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

// clusterReport is the table, with the ratios; of nodes that are held to a part of a
// core too, if there are samples of them.
func clusterReport(found map[string][]clusterSample, hold float64) []byte {
	var out bytes.Buffer
	fmt.Fprintln(&out, "| load | MiB/s | CPU-s per GiB: node 1 | node 2 | both | S3 server | PostgreSQL | cores busy in all |")
	fmt.Fprintln(&out, "|---|---|---|---|---|---|---|---|")
	for _, name := range []string{clusterOne, clusterTwo, clusterLocal, clusterRemote, clusterOneHeld, clusterTwoHeld} {
		all := found[name]
		if len(all) == 0 {
			continue
		}
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
	if len(found[clusterTwoHeld]) > 0 {
		fmt.Fprintf(&out, "Where each node is held to %.2g of a core: two nodes against one, %.2f times the throughput, %.2f times the CPU of nodes for the same bytes.\n\n", hold,
			ratio(clusterTwoHeld, clusterOneHeld, clusterSample.rate), ratio(clusterTwoHeld, clusterOneHeld, func(s clusterSample) float64 { return s.allNodes() }))
	}
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
