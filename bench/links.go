package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// linkLoad is the link between everyone and the server, and what goes over it.
type linkLoad struct {
	link
	sizes []size // the largest is held against the bars
}

// fullLinks is 100 Mbit/s and 20 ms of round trip on each side of the server.
var fullLinks = linkLoad{
	link:  link{rate: 100_000_000, delay: 10 * time.Millisecond, queue: 50 * time.Millisecond},
	sizes: []size{1 << 20, 8 << 20, 25 << 20, 50 << 20},
}

const barLink = 1.05 // of the least that the link permits

// delivery is one file over both wires.
type delivery struct {
	whole time.Duration // from the sender's first byte to the recipient's last
	begun time.Duration // to the recipient's first byte
	asked time.Duration // from the event to the recipient's first byte; cut-through only
}

// way is one way to deliver files, and the deliveries by size.
type way struct {
	name    string
	deliver func(ctx context.Context, body payload) (delivery, error)
	took    map[size][]delivery
}

// runLinks measures how long a file takes from a sender to a recipient who both
// have a link that is slower than the machine.
func runLinks(ctx context.Context, b *bench) (found *part, err error) {
	r, err := newRoute(b.links.link)
	if err != nil {
		return &part{Skipped: fmt.Sprintf("the links need network namespaces and TUN, as root on Linux: %v", err)}, nil
	}
	defer func() { err = errors.Join(err, r.close()) }()
	facts, err := r.check(ctx)
	if err != nil {
		return nil, fmt.Errorf("checking the wire: %w", err)
	}
	fmt.Fprintf(b.progress, "the wire: %v, %s, %s\n", facts.roundTrip, megabits(facts.rate), facts.control)
	ways, stop, err := b.startWays(ctx, r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for round := range b.rounds {
		for _, size := range b.links.sizes {
			for i := range ways {
				w := &ways[(i+round)%len(ways)]
				d, err := w.deliver(ctx, b.body.of(int64(size)))
				if err != nil {
					return nil, fmt.Errorf("%s, %s, round %d: %w", w.name, size, round+1, err)
				}
				w.took[size] = append(w.took[size], d)
			}
		}
		fmt.Fprintf(b.progress, "round %d of %d\n", round+1, b.rounds)
	}
	return b.linksPart(r, facts, ways)
}

const (
	routeHandout = routeServer + ":8080"
	routePlain   = routeServer + ":8081"
)

// startWays starts the servers in the middle of the route.
func (b *bench) startWays(ctx context.Context, r *route) (ways []way, stop func() error, err error) {
	handout := b.handoutAt(routeHandout)
	plain := baselineSpec(b.self, plainName, "-listen", routePlain)
	handout.space, handout.address, plain.space, plain.address = r.server, routeHandout, r.server, routePlain
	var peers []*peer
	stop = func() (err error) {
		for _, p := range peers {
			err = errors.Join(err, p.discard())
		}
		return err
	}
	for _, s := range []spec{handout, plain} {
		p, err := b.start(ctx, s)
		if err != nil {
			return nil, nil, errors.Join(err, stop())
		}
		peers = append(peers, p)
	}
	return []way{
		{cutThroughName, func(ctx context.Context, body payload) (delivery, error) { return r.cutThrough(ctx, body) }, make(map[size][]delivery)},
		{forwardName, func(ctx context.Context, body payload) (delivery, error) {
			return r.forward(ctx, peers[1].dialect, body)
		}, make(map[size][]delivery)},
	}, stop, nil
}

const (
	cutThroughName = "cut-through (Handout)"
	forwardName    = "store-and-forward (plain)"
)

// dialBoth connects the sender and the recipient.
func (r *route) dialBoth(ctx context.Context, address string) (sender, recipient *connection, err error) {
	if sender, err = dialFrom(ctx, r.sender, address); err != nil {
		return nil, nil, err
	}
	if recipient, err = dialFrom(ctx, r.recipient, address); err != nil {
		sender.close()
	}
	return sender, recipient, err
}

// cutThrough lets a participant download a file as soon as the room hears of it.
func (r *route) cutThrough(ctx context.Context, body payload) (d delivery, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sender, recipient, err := r.dialBoth(ctx, routeHandout)
	if err != nil {
		return d, err
	}
	defer sender.close()
	defer recipient.close()
	from, err := enterHandout(sender)
	if err != nil {
		return d, err
	}
	to, err := from.another(recipient)
	if err != nil {
		return d, err
	}
	events, err := to.listen(ctx, r.recipient, routeHandout)
	if err != nil {
		return d, err
	}
	defer events.close()
	var group errgroup.Group
	var heard announcement
	got := new(reception)
	group.Go(func() (err error) {
		if heard, err = events.share(ctx); err != nil {
			return err
		}
		return to.get(recipient, string(heard.share.ID), got)
	})
	_, sent := from.put(sender, body)
	if sent != nil {
		cancel() // nobody need wait for it
	}
	if err := errors.Join(sent, group.Wait()); err != nil {
		return d, err
	}
	return delivery{
		whole: got.last.Sub(sender.began), begun: got.first.Sub(sender.began), asked: got.first.Sub(heard.at),
	}, got.check(body)
}

// forward downloads a file when its upload has been acknowledged.
func (r *route) forward(ctx context.Context, how dialect, body payload) (d delivery, err error) {
	sender, recipient, err := r.dialBoth(ctx, routePlain)
	if err != nil {
		return d, err
	}
	defer sender.close()
	defer recipient.close()
	visit, err := how.enter(sender)
	if err != nil {
		return d, err
	}
	name, err := visit.put(sender, body)
	if err != nil {
		return d, err
	}
	began, got := sender.began, new(reception)
	if err := visit.get(recipient, name, got); err != nil {
		return d, err
	}
	return delivery{whole: got.last.Sub(began), begun: got.first.Sub(began)}, got.check(body)
}
