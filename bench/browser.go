package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

const (
	browserScript = "e2e/bench/browser.mjs" // relative to the repository, where this program runs
	browserSize   = 100 << 20
	browserLarge  = 500 << 20 // that the pages' memory is compared with

	barBrowser       = 1.3      // times a PUT and then a GET
	barBrowserMemory = 32 << 20 // that a file five times as large may take more
)

// browserFigures are what the script prints.
type browserFigures struct {
	Chromium string
	Rounds   []browserRound
	Memory   []browserMemory // of the file and then of the large one
}

// browserRound is milliseconds.
type browserRound struct {
	Put, Get float64
	SDK      float64 // from the call of send to the verified file at the other end
}

// browserMemory is the most that was resident in the pages' processes while one
// file went through, over what was before. Bytes.
type browserMemory struct{ Size, Sender, Recipient int64 }

// runBrowser measures a file's way from one page to another, in Chromium.
func runBrowser(ctx context.Context, b *bench) (*part, error) {
	if why := browserMissing(); why != "" {
		return &part{Skipped: why}, nil
	}
	figures, err := b.browse(ctx)
	if err != nil {
		return nil, err
	}
	return figures.part()
}

// browserMissing says what is not there that browsers are driven with.
func browserMissing() string {
	for _, file := range []string{browserScript, "node_modules/@playwright/test", chromium()} {
		if _, err := os.Stat(file); err != nil {
			return fmt.Sprintf("it needs Chromium, and what the browser tests install: %v", err)
		}
	}
	if _, err := exec.LookPath("node"); err != nil {
		return err.Error()
	}
	return ""
}

func chromium() string {
	if path := os.Getenv("HANDOUT_CHROMIUM"); path != "" {
		return path
	}
	return "/usr/bin/chromium"
}

// browse runs the script against fresh servers.
func (b *bench) browse(ctx context.Context) (figures browserFigures, err error) {
	var peers []*peer
	defer func() {
		for _, p := range peers {
			err = errors.Join(err, p.discard())
		}
	}()
	for _, s := range []spec{baselineSpec(b.self, plainName), b.handoutWith()} {
		p, err := b.start(ctx, s)
		if err != nil {
			return figures, err
		}
		peers = append(peers, p)
	}
	script := exec.CommandContext(ctx, "node", browserScript,
		"--plain", "http://"+peers[0].address, "--handout", "http://"+peers[1].address, "--chromium", chromium(),
		"--size", strconv.Itoa(browserSize), "--large", strconv.Itoa(browserLarge), "--rounds", strconv.Itoa(b.rounds))
	script.Env = append(os.Environ(), "TMPDIR="+b.dir)
	var said bytes.Buffer
	script.Stderr = &said
	out, err := script.Output()
	if err != nil {
		return figures, fmt.Errorf("driving the browsers: %w\n%s", err, said.Bytes())
	}
	if err := json.Unmarshal(out, &figures); err != nil {
		return figures, fmt.Errorf("reading what the browsers' script printed: %w", err)
	}
	return figures, nil
}

func (f browserFigures) part() (*part, error) {
	if len(f.Rounds) == 0 || len(f.Memory) != 2 {
		return nil, fmt.Errorf("%d rounds and %d files with memory are not what was asked for", len(f.Rounds), len(f.Memory))
	}
	of := func(figure func(browserRound) float64) float64 {
		figures := make([]float64, len(f.Rounds))
		for i, round := range f.Rounds {
			figures[i] = figure(round)
		}
		return median(figures)
	}
	both := func(r browserRound) float64 { return r.Put + r.Get }
	times := of(func(r browserRound) float64 { return r.SDK / both(r) })
	small, large := f.Memory[0], f.Memory[1]
	grown := max(large.Sender-small.Sender, large.Recipient-small.Recipient)
	ms := func(what string, figure func(browserRound) float64) []string {
		return []string{what, strconv.Itoa(int(of(figure)))}
	}
	return &part{
		Bars: []bar{{
			What: "From page to page through the SDK, against `fetch` PUT and then GET: time", Limit: fmt.Sprintf("at most %v", barBrowser),
			Measured: ratio(times), Met: times <= barBrowser,
		}, {
			What: "A file five times as large: more memory in a page", Limit: "at most " + mib(barBrowserMemory) + " MiB",
			Measured: mib(grown) + " MiB", Met: grown <= barBrowserMemory,
		}},
		Sections: []section{{
			Title: fmt.Sprintf("%d MiB from one page to another", browserSize>>20),
			Text: fmt.Sprintf("Two Chromium %s with profiles on the disk, on the same cores as the server. The recipient's page asks for the file as soon as it hears of it. "+
				"The PUT goes to `plain` and the GET, into a Blob, follows it. "+
				"Most that a page's process held over what it held before, MiB: sender %s and recipient %s; with %d MiB, sender %s and recipient %s.",
				f.Chromium, mib(small.Sender), mib(small.Recipient), large.Size>>20, mib(large.Sender), mib(large.Recipient)),
			Columns: []string{"", "ms"},
			Rows: [][]string{
				ms("`fetch` PUT of the file", func(r browserRound) float64 { return r.Put }),
				ms("`fetch` GET of it", func(r browserRound) float64 { return r.Get }),
				ms("PUT, then GET", both),
				ms("SDK: from `room.send` to the verified file", func(r browserRound) float64 { return r.SDK }),
			},
		}},
	}, nil
}
