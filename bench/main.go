// Command bench measures a Handout server against bare net/http servers that
// write and serve the same files, on this machine, in one run:
//
//	make bench
//
// It prints a report in Markdown and writes it to docs/benchmarks.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/dustin/go-humanize"
)

// size is a number of bytes as people write it: 1GiB.
type size int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *size) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil {
		return err
	}
	if n <= inOneRequest || n > 1<<40 {
		return fmt.Errorf("%s is out of range", text)
	}
	*s = size(n)
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (s size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s size) String() string { return humanize.IBytes(uint64(s)) }

// config is what the flags say.
type config struct {
	size, memorySize size
	files, rounds    int
	only             string
	handout          string // path of the binary
	dir              string // where the data goes; removed at the end
	report           string // file, or empty
}

var allWorkloads = []string{"large", "small", "memory"}

func parseFlags(args []string) (config, error) {
	c := config{size: 1 << 30, memorySize: 4 << 30}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.TextVar(&c.size, "size", c.size, "size of the large file")
	flags.TextVar(&c.memorySize, "memory-size", c.memorySize, "size of the file that memory is measured with")
	flags.IntVar(&c.files, "files", 2000, "number of small files")
	flags.IntVar(&c.rounds, "rounds", 3, "how often each server is measured")
	flags.StringVar(&c.only, "only", "", "workloads to run, of "+strings.Join(allWorkloads, ",")+"; writes no report")
	flags.StringVar(&c.handout, "handout", "bin/handout", "the Handout server to measure")
	flags.StringVar(&c.dir, "dir", os.TempDir(), "directory for the data, on the disk to measure")
	flags.StringVar(&c.report, "report", "docs/benchmarks.md", "file to write the report to; empty for none")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if c.files < 1 || c.rounds < 1 {
		return c, errors.New("-files and -rounds must be at least 1")
	}
	for name := range strings.SplitSeq(c.only, ",") {
		if c.only != "" && !slices.Contains(allWorkloads, name) {
			return c, fmt.Errorf("-only: no workload is called %q", name)
		}
	}
	if c.only != "" {
		c.report = ""
	}
	return c, nil
}

func (c *config) wants(workload string) bool {
	return c.only == "" || slices.Contains(strings.Split(c.only, ","), workload)
}

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, out, progress io.Writer) error {
	if len(args) > 0 && args[0] == "baseline" {
		return serveBaseline(args[1:])
	}
	c, err := parseFlags(args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	b, err := newBench(c, progress)
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	specs, err := b.specs()
	if err != nil {
		return err
	}
	r, err := b.measureAll(ctx, specs)
	if err != nil {
		return err
	}
	r.Command = strings.Join(append([]string{"go run ./bench"}, args...), " ")
	return r.publish(out, c.report)
}

func newBench(c config, progress io.Writer) (*bench, error) {
	dir, err := os.MkdirTemp(c.dir, "handout-bench-")
	if err != nil {
		return nil, err
	}
	return &bench{config: c, dir: dir, body: newPayload(max(int64(c.size), int64(c.memorySize))), progress: progress}, nil
}

// specs are the servers to measure: the baselines, which are this program
// itself, and Handout.
func (b *bench) specs() ([]spec, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	binary, err := filepath.Abs(b.handout)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("there is no server to measure; build it by make build: %w", err)
	}
	specs := baselineSpecs(self)
	return append(specs, spec{name: handoutName, command: handoutCommand(binary), dialect: handoutDialect{}}), nil
}

func baselineSpecs(self string) []spec {
	var specs []spec
	for _, mode := range []string{plainName, tunedName, tunedName + "+sha256", tunedName + "+sha256+fsync"} {
		specs = append(specs, spec{name: mode, command: []string{self, "baseline", "-mode", mode, "-dir"}, dialect: new(bareDialect)})
	}
	return specs
}
