package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// liveLoad is a sender as slow as people's links are, and those that follow it.
type liveLoad struct {
	size      size
	over      time.Duration
	followers int
}

var fullLive = liveLoad{size: 64 << 20, over: 5 * time.Second, followers: 8}

const (
	barLiveFirst  = 200 * time.Millisecond // after the sender's first byte
	barLiveLast   = 100 * time.Millisecond // after the sender's last byte
	barFollowCost = 1.6                    // of the CPU time of upload and downloads, one after the other
)

// runCutThrough measures how much later recipients have a file than its sender
// sends it, and what following costs the server when nothing slows it down.
func runCutThrough(ctx context.Context, b *bench) (*part, error) {
	found := new(part)
	return found, b.withFresh(ctx, func(p *peer) error {
		if err := b.warmUp(ctx, []*peer{p}); err != nil {
			return err
		}
		if err := b.measureLive(ctx, p, found); err != nil {
			return err
		}
		return b.measureFollowers(ctx, p, found)
	})
}

// measureLive follows a paced sender.
func (b *bench) measureLive(ctx context.Context, p *peer, found *part) error {
	var firsts, lasts []time.Duration
	body := b.body.of(int64(b.live.size))
	body.over = b.live.over
	for round := range b.rounds {
		f, err := b.follow(ctx, p, body, b.live.followers, true)
		if err != nil {
			return fmt.Errorf("round %d: %w", round+1, err)
		}
		first, last := f.slowest()
		firsts, lasts = append(firsts, first), append(lasts, last)
	}
	what := fmt.Sprintf("%s sent over %v to %d recipients who ask at the start: ", b.live.size, b.live.over, b.live.followers)
	found.Bars = append(found.Bars,
		atMost(what+"first byte at the slowest after the sender's first", median(firsts), barLiveFirst),
		atMost(what+"last byte at the slowest after the sender's last", median(lasts), barLiveLast))
	found.Sections = append(found.Sections, section{
		Title: "A file received while it is sent",
		Text: fmt.Sprintf("%s, sent evenly over %v, to %d recipients whose requests wait for the first byte. "+
			"Of each round the slowest recipient counts; every byte received is compared by SHA-256.", b.live.size, b.live.over, b.live.followers),
		Columns: []string{"at the slowest recipient", "median of the rounds", "worst round"},
		Rows: [][]string{
			{"first byte after the sender's first", millis(median(firsts)), millis(slices.Max(firsts))},
			{"last byte after the sender's last", millis(median(lasts)), millis(slices.Max(lasts))},
		},
	})
	return nil
}

// measureFollowers compares following with an upload and then as many downloads,
// all as fast as can be.
func (b *bench) measureFollowers(ctx context.Context, p *peer, found *part) error {
	body := b.body.of(int64(b.size))
	s := section{
		Title: "What following costs at full speed",
		Text: fmt.Sprintf("One file of %s through Handout: uploaded and then downloaded, against downloaded while it is uploaded. "+
			"CPU is that of the server for all of it.", b.size),
		Columns: []string{"recipients", "upload, then downloads: CPU-s/GiB", "followed: CPU-s/GiB", "ratio", "upload, then downloads: s", "followed: s"},
	}
	for _, n := range []int{1, 4} {
		var after, during []sample
		for round := range b.rounds {
			if err := b.warmPages(body.size); err != nil {
				return err
			}
			up, down, err := b.trip(ctx, p, trip{files: 1, size: body.size, lanes: n, passes: n})
			if err != nil {
				return err
			}
			after = append(after, sample{wall: up.wall + down.wall, cpu: up.cpu + down.cpu})
			if err := b.warmPages(body.size); err != nil {
				return err
			}
			f, err := b.follow(ctx, p, body, n, false)
			if err != nil {
				return fmt.Errorf("round %d: %w", round+1, err)
			}
			during = append(during, f.sample)
		}
		r := result{bytes: body.size}
		seconds := func(s sample) float64 { return s.wall.Seconds() }
		cost := median(ratios(during, after, r.cost))
		s.Rows = append(s.Rows, []string{
			fmt.Sprint(n), significant(median(each(after, r.cost))), significant(median(each(during, r.cost))), ratio(cost),
			significant(median(each(after, seconds))), significant(median(each(during, seconds))),
		})
		found.Bars = append(found.Bars, bar{
			What:  fmt.Sprintf("%s at full speed, recipients that follow (%d): CPU against upload, then downloads", b.size, n),
			Limit: fmt.Sprintf("at most %v", barFollowCost), Measured: ratio(cost), Met: cost <= barFollowCost,
		})
	}
	found.Sections = append(found.Sections, s)
	return nil
}

// atMost holds a duration against its bar.
func atMost(what string, measured, most time.Duration) bar {
	return bar{What: what, Limit: "at most " + millis(most), Measured: millis(measured), Met: measured <= most}
}

func millis(d time.Duration) string {
	return significant(float64(d)/float64(time.Millisecond)) + " ms"
}
