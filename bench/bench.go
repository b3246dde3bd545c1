package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// bench is one run of the program.
type bench struct {
	config
	servers  []spec // that are compared side by side: the baselines and Handout
	dir      string // holds everything that is written
	body     payload
	progress io.Writer
	running  string // name of the workload
	started  int    // servers, so that each has a directory of its own
}

func newBench(c config, servers []spec, progress io.Writer) (*bench, error) {
	if c.profile != "" {
		if err := os.MkdirAll(c.profile, 0o755); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp(c.dir, "handout-bench-")
	if err != nil {
		return nil, err
	}
	return &bench{config: c, servers: servers, dir: dir, body: newPayload(max(int64(c.size), int64(c.memorySize))), progress: progress}, nil
}

// measure runs the workloads that were asked for and adds what they found to
// the results, and saves these after each if they have a file.
func (b *bench) measure(ctx context.Context, r *results) error {
	for _, w := range workloads() {
		if !b.wants(w.name) {
			continue
		}
		fmt.Fprintln(b.progress, w.name)
		b.running = w.name
		run := runFacts{Time: time.Now().UTC(), Rounds: b.rounds, TCP: loopbackTCP(), FileSystem: fileSystem(b.dir), LoadBefore: loadAverage()}
		found, err := w.run(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		run.Seconds = int(time.Since(run.Time).Seconds())
		found.Run = run
		r.Parts[w.name] = found
		if file := b.resultsFile(); file != "" {
			if err := r.save(file); err != nil {
				return err
			}
		}
	}
	return nil
}

// start runs a server with a fresh directory. The peer must be stopped.
func (b *bench) start(ctx context.Context, s spec) (*peer, error) {
	b.started++
	p, err := startPeer(ctx, s, filepath.Join(b.dir, fmt.Sprintf("%d-%s", b.started, s.name)))
	if err == nil && b.profile != "" {
		p.perf = &profiler{dir: b.profile, label: fmt.Sprintf("%s-%d-%s", b.running, b.started, s.name)}
	}
	return p, err
}

// handoutWith is a Handout server with flags of its own.
func (b *bench) handoutWith(flags ...string) spec {
	return handoutSpec(b.handout, handoutName, flags...)
}

// handoutAt is a Handout server for an address beyond loopback, where it does
// not run in development.
func (b *bench) handoutAt(address string) spec {
	return handoutCommand(b.handout, handoutName, "--listen", address, "--metrics-listen", "", "--app", devCredentials)
}

// specs are the servers to compare: the baselines, which are this program
// itself, and Handout.
func (c *config) specs() ([]spec, error) {
	var err error
	if c.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if c.handout, err = filepath.Abs(c.handout); err != nil {
		return nil, err
	}
	if _, err := os.Stat(c.handout); err != nil {
		return nil, fmt.Errorf("there is no server to measure; build it by make build: %w", err)
	}
	return append(baselineSpecs(c.self), handoutSpec(c.handout, handoutName)), nil
}

func baselineSpecs(self string) []spec {
	var specs []spec
	for _, mode := range []string{plainName, tunedName, tunedSumName, tunedSyncName} {
		specs = append(specs, baselineSpec(self, mode))
	}
	return specs
}

func baselineSpec(self, mode string, flags ...string) spec {
	command := append([]string{self, "baseline", "-mode", mode}, flags...)
	return spec{name: mode, command: append(command, "-dir"), dialect: new(bareDialect)}
}
