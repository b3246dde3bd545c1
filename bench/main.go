// Command bench measures a Handout server against bare net/http servers that
// write and serve the same files, on this machine, in one run:
//
//	make bench
//
// It prints a report in Markdown and writes it to docs/benchmarks.md, and the
// figures to docs/benchmarks.json, from which the report can be made again when
// only a part of it is measured anew.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
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
	live             liveLoad
	links            linkLoad
	push             pushLoad
	files, rounds    int
	only             string
	save             bool
	self             string // path of this program
	handout          string // path of the server
	dir              string // where the data goes; removed at the end
	report           string // file, or empty
	profile          string // directory, or empty
}

func parseFlags(args []string) (config, error) {
	c := config{size: 1 << 30, memorySize: 4 << 30, live: fullLive, links: fullLinks, push: fullPush}
	var names []string
	for _, w := range workloads() {
		names = append(names, w.name)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.TextVar(&c.size, "size", c.size, "size of the large file")
	flags.TextVar(&c.memorySize, "memory-size", c.memorySize, "bytes that memory is measured with, in one file and in many at once")
	flags.IntVar(&c.files, "files", 2000, "number of small files")
	flags.IntVar(&c.rounds, "rounds", 5, "how often each server is measured")
	flags.StringVar(&c.only, "only", "", "workloads to run, of "+strings.Join(names, ",")+"; writes no report")
	flags.BoolVar(&c.save, "save", false, "with -only: put what was measured into the report, beside what is there")
	flags.StringVar(&c.handout, "handout", "bin/handout", "the Handout server to measure")
	flags.StringVar(&c.dir, "dir", os.TempDir(), "directory for the data, on the disk to measure")
	flags.StringVar(&c.report, "report", "docs/benchmarks.md", "file to write the report to; empty for none")
	flags.StringVar(&c.profile, "profile", "", "directory for a profile of each server in each run, by perf; the figures are worth less then")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if c.files < 1 || c.rounds < 1 {
		return c, errors.New("-files and -rounds must be at least 1")
	}
	for name := range strings.SplitSeq(c.only, ",") {
		if c.only != "" && !slices.Contains(names, name) {
			return c, fmt.Errorf("-only: no workload is called %q", name)
		}
	}
	if c.only != "" && !c.save {
		c.report = ""
	}
	return c, nil
}

func (c *config) wants(workload string) bool {
	return c.only == "" || slices.Contains(strings.Split(c.only, ","), workload)
}

// resultsFile is beside the report.
func (c *config) resultsFile() string {
	if c.report == "" {
		return ""
	}
	return strings.TrimSuffix(c.report, filepath.Ext(c.report)) + ".json"
}

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		var again *exec.ExitError
		if !errors.Is(err, flag.ErrHelp) && !errors.As(err, &again) { // who ran again has said why
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, out, progress io.Writer) error {
	if len(args) > 0 && args[0] == "baseline" {
		return serveBaseline(args[1:])
	}
	if len(args) > 0 && args[0] == "soak" {
		return runSoak(args[1:], out, progress)
	}
	if len(args) > 0 && args[0] == "costs" {
		return runCosts(args[1:], progress)
	}
	if len(args) > 0 && args[0] == "cluster" {
		return runCluster(args[1:], out, progress)
	}
	c, err := parseFlags(args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if done, err := runApart(ctx, args, out, progress); done || err != nil {
		return err
	}
	servers, err := c.specs()
	if err != nil {
		return err
	}
	r, err := loadResults(c.resultsFile())
	if err != nil {
		return err
	}
	b, err := newBench(c, servers, progress)
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if err := b.measure(ctx, r); err != nil {
		return err
	}
	return r.publish(out, c.report)
}
