package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"time"

	"golang.org/x/sync/errgroup"
)

// reception is a download as its recipient sees it. It takes the bytes.
type reception struct {
	first, last time.Time // when bytes came
	size        int64
	sum         hash.Hash // of the bytes; nil if nobody asks
}

// Write implements io.Writer.
func (r *reception) Write(p []byte) (int, error) {
	r.last = time.Now()
	if r.size == 0 {
		r.first = r.last
	}
	r.size += int64(len(p))
	if r.sum != nil {
		r.sum.Write(p)
	}
	return len(p), nil
}

// check demands that what came is the body.
func (r *reception) check(body payload) error {
	if r.size != body.size {
		return fmt.Errorf("%d bytes came of %d", r.size, body.size)
	}
	if r.sum == nil {
		return nil
	}
	want := sha256.New()
	body.WriteTo(want) // a hash never fails
	if !bytes.Equal(r.sum.Sum(nil), want.Sum(nil)) {
		return errors.New("what came is not what was sent")
	}
	return nil
}

// following is one upload with those that download it meanwhile.
type following struct {
	sample
	began, ended time.Time // the sender's first byte and its last
	received     []*reception
}

// slowest says how long after the sender's first byte the last recipient had
// its first, and the same of the last bytes.
func (f *following) slowest() (first, last time.Duration) {
	for _, r := range f.received {
		first, last = max(first, r.first.Sub(f.began)), max(last, r.last.Sub(f.ended))
	}
	return first, last
}

// follow sends the body to n recipients who ask for it before its first byte is
// sent. Each has a connection of its own and is another participant.
func (b *bench) follow(ctx context.Context, p *peer, body payload, n int, verify bool) (*following, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lanes, hangUp, err := dialAll(ctx, p.address, n+1)
	if err != nil {
		return nil, err
	}
	defer hangUp()
	sender, err := enterHandout(lanes[0])
	if err != nil {
		return nil, err
	}
	recipients := make([]*handoutVisit, n)
	for i := range recipients {
		if recipients[i], err = sender.another(lanes[i+1]); err != nil {
			return nil, err
		}
	}
	f := new(following)
	f.sample, err = p.measure(func() error {
		share, err := sender.offer(lanes[0], body.size)
		if err != nil {
			return err
		}
		var group errgroup.Group
		for i, recipient := range recipients {
			r := new(reception)
			if verify {
				r.sum = sha256.New()
			}
			f.received = append(f.received, r)
			group.Go(func() error { return recipient.get(lanes[i+1], string(share.ID), r) })
		}
		if err = sender.send(lanes[0], share, body); err != nil {
			cancel() // nobody need wait for it
		}
		return errors.Join(err, group.Wait())
	})
	if err != nil {
		return nil, err
	}
	f.began, f.ended = lanes[0].began, lanes[0].ended
	for _, r := range f.received {
		if err := r.check(body); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return f, nil
}
