package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// callKinds are the system calls that a stored file costs, by what they do.
// A file is made by an open, so there are at most as many new files as opens.
var callKinds = []struct {
	title string
	calls []string
}{
	{"opens, of which new files are a part", []string{"open", "openat", "creat"}},
	{"fsync, fdatasync", []string{"fsync", "fdatasync"}},
	{"renames, removals", []string{"rename", "renameat", "renameat2", "unlink", "unlinkat"}},
	{"writes, pwrites", []string{"write", "pwrite64"}},
}

// mostCounted files are enough for the share of each in what a server does by itself.
const mostCounted = 300

// callsSection counts what small files cost Handout in system calls, by strace:
// nothing else is measured meanwhile, for that makes all slow.
func (b *bench) callsSection(ctx context.Context) (section, error) {
	files := min(b.files, mostCounted)
	s := section{
		Title: "What a small file costs in system calls",
		Text: fmt.Sprintf("Calls of the Handout server for one uploaded file of 10 KiB, counted by strace over %d files, less what it calls when it starts and stops. "+
			"What it writes to its network connections is among the writes.", files),
		Columns: []string{"server, files at a time"},
	}
	if _, err := exec.LookPath("strace"); err != nil {
		s.Text = "Not counted: there is no strace."
		s.Columns = nil
		return s, nil
	}
	for _, kind := range callKinds {
		s.Columns = append(s.Columns, kind.title)
	}
	for _, server := range b.handouts() {
		idle, err := b.countCalls(ctx, server, 0, 1)
		if err != nil {
			return s, err
		}
		for _, lanes := range []int{1, atOnce} {
			busy, err := b.countCalls(ctx, server, files, lanes)
			if err != nil {
				return s, err
			}
			row := []string{fmt.Sprintf("`%s`, %d", server.name, lanes)}
			for _, kind := range callKinds {
				calls := 0
				for _, name := range kind.calls {
					calls += busy[name] - idle[name]
				}
				row = append(row, fmt.Sprintf("%.2f", float64(max(calls, 0))/float64(files)))
			}
			s.Rows = append(s.Rows, row)
		}
	}
	return s, nil
}

// countCalls uploads the files to a fresh server and counts its system calls.
func (b *bench) countCalls(ctx context.Context, server spec, files, lanes int) (map[string]int, error) {
	var names []string
	for _, kind := range callKinds {
		for _, name := range kind.calls {
			names = append(names, "?"+name) // not every machine has all of them
		}
	}
	counts := filepath.Join(b.dir, fmt.Sprintf("calls-%d", b.started))
	server.command = append([]string{"strace", "-D", "-f", "-c", "-e", "trace=" + strings.Join(names, ","), "-o", counts}, server.command...)
	p, err := b.start(ctx, server)
	if err != nil {
		return nil, err
	}
	p.perf = nil
	_, _, err = b.trip(ctx, p, trip{files: files, size: smallFile, lanes: lanes})
	if err := errors.Join(err, p.stop()); err != nil { // strace has written when the output ends
		return nil, err
	}
	text, err := os.ReadFile(counts)
	if err != nil {
		return nil, err
	}
	return parseCalls(string(text)), nil
}

// parseCalls reads the table of strace -c: calls are in the fourth column, the
// name is in the last one.
func parseCalls(table string) map[string]int {
	calls := make(map[string]int)
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		if n, err := strconv.Atoi(fields[3]); err == nil {
			calls[fields[len(fields)-1]] = n
		}
	}
	return calls
}
