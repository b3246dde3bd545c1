// Command scalesim simulates a region: up to 1,000 nodes and 10 million participants,
// over what operations were measured to cost:
//
//	make scale
//
// It shows which engine is full first when there is one of each, and what dividing the
// rooms among several does. The figures of one seed are always the same. It writes its
// tables and a picture into docs/scaling.md.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "scalesim:", err)
		os.Exit(1)
	}
}

func run(args []string, out, progress io.Writer) error {
	s := sweep{}
	s.profile, s.hardware = standard()
	flags := flag.NewFlagSet("scalesim", flag.ContinueOnError)
	from := flags.String("costs", "bench/scalesim/costs.json", "what operations cost, as `bench costs` has measured it")
	page := flags.String("report", "docs/scaling.md", "page to write the tables into; empty for none")
	flags.Uint64Var(&s.seed, "seed", 1, "of the random numbers")
	flags.Float64Var(&s.seconds, "seconds", 30, "of simulated time, of a million participants")
	flags.IntVar(&s.most, "most", 10_000_000, "participants, from 10,000 by tens")
	flags.IntVar(&s.hardware.DatabaseCores, "database-cores", s.hardware.DatabaseCores, "cores of a PostgreSQL server")
	flags.IntVar(&s.hardware.NodeCores, "node-cores", s.hardware.NodeCores, "cores of a node")
	flags.IntVar(&s.hardware.PerNode, "per-node", s.hardware.PerNode, "participants of a node")
	flags.IntVar(&s.profile.RoomSize, "room", s.profile.RoomSize, "participants of a room")
	flags.Float64Var(&s.profile.FilesPerHour, "files", s.profile.FilesPerHour, "files that a participant shares in an hour")
	flags.Float64Var(&s.profile.FileMiB, "file-mib", s.profile.FileMiB, "their size, in MiB")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var err error
	if s.costs, err = loadCosts(*from); err != nil {
		return err
	}
	one, many := s.run(func(format string, args ...any) { fmt.Fprintf(progress, format, args...) })
	var text bytes.Buffer
	s.report(&text, one, many)
	if _, err := out.Write(text.Bytes()); err != nil {
		return err
	}
	if *page == "" {
		return nil
	}
	picture, err := s.draw(one, many)
	if err != nil {
		return err
	}
	file := strings.TrimSuffix(*page, filepath.Ext(*page)) + ".svg"
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(&text, "![Files that everybody is told of](%s)\n\n", filepath.Base(file))
	return publish(*page, text.Bytes())
}
