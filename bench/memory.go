package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

const (
	barMemory       = 20 << 20  // over idle, for all that a busy server keeps
	barStreamMemory = 512 << 10 // and for each running stream
)

// streamCounts are how many run at once.
var streamCounts = []int{1, 16, 64}

// memoryUse is the most that was in RAM over idle while so many streams ran.
type memoryUse struct {
	idle, up, down, followed int64
}

// runMemory measures what a server takes for streams, with a fresh server for
// each number of them and for followers. The bytes are the same in all: one very large file, or
// many large ones.
func runMemory(ctx context.Context, b *bench) (*part, error) {
	found := new(part)
	s := section{
		Title: "Memory",
		Text: fmt.Sprintf("%s in as many files as there are streams, and for the followers one such file with as many recipients, through fresh Handout servers. "+
			"Most that was resident (VmHWM) over what was when it had just started, MiB; what uploads left behind is part of what downloads take.", b.memorySize),
		Columns: []string{"streams at once", "idle", "uploads", "downloads", "one upload and its followers", "bar, over idle"},
	}
	for _, n := range streamCounts {
		use, err := b.memory(ctx, n)
		if err != nil {
			return nil, fmt.Errorf("%d streams: %w", n, err)
		}
		most, bars := max(use.up, use.down), barMemory+int64(n)*barStreamMemory
		s.Rows = append(s.Rows, []string{strconv.Itoa(n), mib(use.idle), mib(use.up), mib(use.down), mib(use.followed), mib(bars)})
		found.Bars = append(found.Bars,
			memoryBar(fmt.Sprintf("Uploads, then downloads, %d at once", n), n, most),
			memoryBar(fmt.Sprintf("One upload and followers, %d at once", n), n+1, use.followed))
		fmt.Fprintf(b.progress, "%d streams\n", n)
	}
	found.Sections = append(found.Sections, s)
	return found, nil
}

func memoryBar(what string, streams int, most int64) bar {
	limit := int64(barMemory + streams*barStreamMemory)
	return bar{
		What: what + ": memory over idle", Limit: "at most " + mib(limit) + " MiB",
		Measured: mib(most) + " MiB", Met: most <= limit,
	}
}

// memory measures n streams of each kind.
func (b *bench) memory(ctx context.Context, n int) (use memoryUse, err error) {
	size := max(int64(b.memorySize)/int64(n), inOneRequest+1)
	err = b.withFresh(ctx, func(p *peer) error {
		up, down, err := b.trip(ctx, p, trip{files: n, size: size, lanes: n, passes: 1})
		use.idle, use.up, use.down = p.idle, up.peak, down.peak
		return err
	})
	if err != nil {
		return use, err
	}
	return use, b.withFresh(ctx, func(p *peer) error {
		f, err := b.follow(ctx, p, b.body.of(size), n, false)
		if err == nil {
			use.followed = f.peak
		}
		return err
	})
}

// withFresh starts a Handout server for do alone.
func (b *bench) withFresh(ctx context.Context, do func(*peer) error) (err error) {
	p, err := b.start(ctx, b.handoutWith())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.discard()) }()
	return do(p)
}
