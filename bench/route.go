package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// route is three networks in a row: sender — wire — server — wire — recipient.
type route struct {
	link
	sender, server, recipient *space
	wires                     []*wire
}

// The addresses on the route. Recipients reach the server at the address that
// it has towards the sender.
const (
	routeServer    = "10.9.1.1"
	routeSender    = "10.9.1.2/24"
	routeUp        = routeServer + "/24"
	routeDown      = "10.9.2.1/24"
	routeRecipient = "10.9.2.2/24"
	routeUpNetwork = "10.9.1.0/24"
)

// newRoute makes the networks and the wires. It must be closed.
func newRoute(l link) (r *route, err error) {
	r = &route{link: l}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	for _, s := range []**space{&r.sender, &r.server, &r.recipient} {
		if *s, err = newSpace(); err != nil {
			return r, err
		}
	}
	if err := r.connect(r.sender, routeSender, r.server, routeUp); err != nil {
		return r, err
	}
	return r, r.connect(r.recipient, routeRecipient, r.server, routeDown, routeUpNetwork)
}

// connect joins two spaces by a wire; from the first one it also leads to the
// networks named last.
func (r *route) connect(from *space, address string, to *space, addressThere string, reaches ...string) error {
	a, err := from.plug(address, reaches...)
	if err != nil {
		return err
	}
	b, err := to.plug(addressThere)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	r.wires = append(r.wires, newWire(a, b, r.link))
	return nil
}

func (r *route) close() error {
	var err error
	for _, w := range r.wires {
		err = errors.Join(err, w.close())
	}
	for _, s := range []*space{r.sender, r.server, r.recipient} {
		if s != nil {
			err = errors.Join(err, s.close())
		}
	}
	return err
}

// wireFacts are what a wire turned out to be.
type wireFacts struct {
	roundTrip time.Duration // median
	rate      float64       // bits per second of a TCP stream's payload
	control   string        // congestion control of the stream
}

const (
	probes    = 21
	probePort = ":7"
	rateTest  = 2 * time.Second
)

// check measures the wire between the sender and the server.
func (r *route) check(ctx context.Context) (facts wireFacts, err error) {
	var listener net.Listener
	err = r.server.do(func() (err error) {
		listener, err = net.Listen("tcp", routeServer+probePort)
		return err
	})
	if err != nil {
		return facts, err
	}
	defer listener.Close()
	failed := make(chan error, 1)
	go func() { failed <- echoThenCount(listener, &facts.rate) }()
	c, err := dialFrom(ctx, r.sender, routeServer+probePort)
	if err != nil {
		return facts, err
	}
	defer c.close()
	facts.control = congestionControl(c.conn)
	var trips []time.Duration
	for range probes {
		started := time.Now()
		if _, err := c.conn.Write([]byte{1}); err != nil {
			return facts, err
		}
		if _, err := io.ReadFull(c.conn, c.block[:1]); err != nil {
			return facts, err
		}
		trips = append(trips, time.Since(started))
	}
	facts.roundTrip = median(trips)
	if _, err := newPayload(int64(rateTest.Seconds() * float64(r.rate) / 8)).WriteTo(c.conn); err != nil {
		return facts, err
	}
	c.close()
	return facts, <-failed
}

// echoThenCount takes one connection, gives each probe back, and finds the rate
// of all that comes after them: without the first half, in which TCP finds out
// how fast it may be.
func echoThenCount(listener net.Listener, rate *float64) error {
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	block := make([]byte, receivePiece)
	for range probes {
		if _, err := io.ReadFull(conn, block[:1]); err != nil {
			return fmt.Errorf("reading a probe: %w", err)
		}
		if _, err := conn.Write(block[:1]); err != nil {
			return fmt.Errorf("answering a probe: %w", err)
		}
	}
	warm := time.Now().Add(rateTest / 2)
	var since time.Time
	var n int
	for {
		m, err := conn.Read(block)
		now := time.Now()
		switch {
		case m > 0 && since.IsZero() && now.After(warm):
			since = now
		case m > 0 && !since.IsZero():
			n += m
			*rate = float64(n) * 8 / now.Sub(since).Seconds()
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("receiving: %w", err)
		}
	}
}

const (
	mtu         = 1500
	segmentSize = mtu - 20 - 20 - 12 // IPv4, TCP, timestamps
)

// least is how long n bytes take over both wires at once, if nothing is lost
// and nobody waits: their packets at the rate, and the delay of each wire.
func (r *route) least(n int64) time.Duration {
	bits := float64(n) / segmentSize * mtu * 8
	return time.Duration(bits/float64(r.rate)*float64(time.Second)) + 2*r.delay
}
