package main

import (
	"context"
	"errors"
)

const barMemory = 64 << 20 // over idle, for one very large file

// runMemory sends one very large file through a fresh server, up and down.
func runMemory(ctx context.Context, b *bench) (found *part, err error) {
	p, err := b.start(ctx, b.handoutWith())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	up, down, err := b.trip(ctx, p, trip{files: 1, size: int64(b.memorySize), lanes: 1, passes: 1})
	if err != nil {
		return nil, err
	}
	most := max(up.peak, down.peak)
	return &part{
		Bars: []bar{{
			What:  "One file of " + b.memorySize.String() + ", up and down: memory over idle",
			Limit: "under " + mib(barMemory) + " MiB", Measured: mib(most) + " MiB", Met: most < barMemory,
		}},
		Sections: []section{{
			Title: "Memory for one file of " + b.memorySize.String(), Text: "A fresh Handout server, one file up and then down.",
			Columns: []string{"", "MiB"},
			Rows:    [][]string{{"idle", mib(p.idle)}, {"most during the upload, over idle", mib(up.peak)}, {"most during the download, over idle", mib(down.peak)}},
		}},
	}, nil
}
