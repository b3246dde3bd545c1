package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

const (
	plainName     = "plain"
	tunedName     = "tuned"
	tunedSumName  = tunedName + "+sha256"
	tunedSyncName = tunedSumName + "+fsync"
	handoutName   = "handout"
	laterName     = handoutName + " --sync=interval"

	// Servers that do not differ in how they send a file.
	serveFileName = "http.ServeFile"
	bothName      = handoutName + " in both modes"
)

const (
	smallFile = 10 << 10
	atOnce    = 16
	// passes is how often one run downloads a large file: once is over before
	// it can be measured well.
	passes = 12
)

const (
	barSmallLater   = 0.4  // of the files/s of plain, which syncs nothing
	barSmallDurable = 400  // files/s, each of them durable before it is acknowledged
	barUploadRate   = 1.0  // of the throughput of plain, which does not hash
	barUploadCost   = 1.15 // of the CPU time of tuned+sha256
	barDownloadRate = 0.95 // of the throughput of http.ServeFile
	barDownloadCost = 1.1  // of the CPU time of http.ServeFile
)

// runLarge measures one large file, up and down.
func runLarge(ctx context.Context, b *bench) (*part, error) {
	size, servers := int64(b.size), b.withLater()
	up := &result{title: "One file of " + b.size.String() + ", upload", files: 1, bytes: size}
	down := &result{title: "The same file, download", files: passes, bytes: passes * size}
	err := b.compare(ctx, servers, (*peer).discard, func(round int, p *peer) error {
		return b.record(ctx, p, trip{files: 1, size: size, lanes: 1, passes: passes, verify: round == 0}, up, down)
	})
	if err != nil {
		return nil, err
	}
	found := &part{Sections: []section{up.section(servers), down.section(servers)}}
	for _, name := range []string{handoutName, laterName} {
		found.Bars = append(found.Bars, up.judge(name,
			limit{of: "throughput", against: plainName, least: barUploadRate},
			limit{of: "CPU", against: tunedSumName, most: barUploadCost})...)
	}
	down.pool(serveFileName, plainName, tunedName, tunedSumName, tunedSyncName)
	down.pool(bothName, handoutName, laterName)
	found.Bars = append(found.Bars, down.judge(bothName,
		limit{of: "throughput", against: serveFileName, least: barDownloadRate},
		limit{of: "CPU", against: serveFileName, most: barDownloadCost})...)
	return found, nil
}

// runSmall measures many small files, up and down. No file is deleted between the
// rounds: ext4 makes files at several times the cost where some were deleted.
func runSmall(ctx context.Context, b *bench) (*part, error) {
	found, servers := new(part), b.withLater()
	for _, lanes := range []int{1, atOnce} {
		how := "one after the other"
		if lanes > 1 {
			how = fmt.Sprintf("%d at a time", lanes)
		}
		total := int64(b.files) * smallFile
		up := &result{title: fmt.Sprintf("%d files of 10 KiB, %s, upload", b.files, how), files: b.files, bytes: total, small: true}
		down := &result{title: fmt.Sprintf("The same files, %s, download", how), files: b.files, bytes: total, small: true}
		err := b.compare(ctx, servers, (*peer).stop, func(round int, p *peer) error {
			return b.record(ctx, p, trip{files: b.files, size: smallFile, lanes: lanes, passes: 1, verify: round == 0}, up, down)
		})
		if err != nil {
			return nil, err
		}
		found.Sections = append(found.Sections, up.section(servers), down.section(servers))
		if lanes > 1 {
			found.Bars = append(found.Bars, up.judge(laterName, limit{of: "throughput", against: plainName, least: barSmallLater})...)
			found.Bars = append(found.Bars, up.judge(handoutName, limit{of: "throughput", least: barSmallDurable})...)
		}
	}
	if b.handout != "" {
		calls, err := b.callsSection(ctx)
		if err != nil {
			return nil, fmt.Errorf("counting system calls: %w", err)
		}
		found.Sections = append(found.Sections, calls)
	}
	return found, nil
}

// handouts syncs files before it acknowledges them, and after.
func (b *bench) handouts() []spec {
	later := b.handoutWith("--sync=interval")
	later.name = laterName
	return []spec{b.handoutWith(), later}
}

// withLater returns all servers, Handout also as one that syncs after it has
// acknowledged.
func (b *bench) withLater() []spec {
	if b.handout == "" {
		return b.servers
	}
	return append(slices.Clone(b.servers), b.handouts()[1])
}

// compare runs the servers side by side: do for each of them in each round, and
// end when all is done.
func (b *bench) compare(ctx context.Context, servers []spec, end func(*peer) error, do func(round int, p *peer) error) (err error) {
	var peers []*peer
	defer func() {
		for _, p := range peers {
			err = errors.Join(err, end(p))
		}
	}()
	for _, s := range servers {
		p, err := b.start(ctx, s)
		if err != nil {
			return err
		}
		peers = append(peers, p)
	}
	if err := b.warmUp(ctx, peers); err != nil {
		return err
	}
	return b.rotated(peers, do)
}
