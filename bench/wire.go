package main

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// link says what a wire is like, in each direction.
type link struct {
	rate  int64         // bits per second
	delay time.Duration // one way
	queue time.Duration // how long a packet may wait to be sent; longer, and it is dropped
}

// largestPacket is more than any interface of the wire may send at once.
const largestPacket = 4 << 10

// wire carries packets between two ends as a link would: in order, at the rate,
// after the delay, and not at all when too many wait already.
type wire struct {
	ends    [2]io.ReadWriteCloser
	running sync.WaitGroup

	mu  sync.Mutex
	err error // the first that was no end of the wire
}

// packet is on its way, and due at the other end.
type packet struct {
	due   time.Time
	block *[largestPacket]byte
	size  int
}

// newWire joins the ends, of which each read and write is one packet, until the
// wire is closed. It closes the ends.
func newWire(a, b io.ReadWriteCloser, l link) *wire {
	w := &wire{ends: [2]io.ReadWriteCloser{a, b}}
	w.join(a, b, l)
	w.join(b, a, l)
	return w
}

// join carries packets one way.
func (w *wire) join(from io.Reader, to io.Writer, l link) {
	// What may be under way at most, if all packets are as small as they can be,
	// is beyond what any test sends; then packets are dropped as in a full queue.
	underway := make(chan packet, 16<<10)
	free := sync.Pool{New: func() any { return new([largestPacket]byte) }}
	w.running.Go(func() {
		defer close(underway)
		var idle time.Time // when all that was accepted will have been sent
		for {
			block := free.Get().(*[largestPacket]byte)
			n, err := from.Read(block[:])
			if err != nil {
				w.note(err)
				return
			}
			now := time.Now()
			if idle.Before(now) {
				idle = now
			}
			if idle.Sub(now) > l.queue {
				free.Put(block)
				continue
			}
			idle = idle.Add(time.Duration(int64(n) * 8 * int64(time.Second) / l.rate))
			select {
			case underway <- packet{idle.Add(l.delay), block, n}:
			default:
				free.Put(block)
			}
		}
	})
	w.running.Go(func() {
		for p := range underway {
			time.Sleep(time.Until(p.due))
			if _, err := to.Write(p.block[:p.size]); err != nil {
				w.note(err)
			}
			free.Put(p.block)
		}
	})
}

// note keeps an error that does not just say that the wire was closed.
func (w *wire) note(err error) {
	if errors.Is(err, os.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
}

// close cuts the wire and waits until nothing is under way.
func (w *wire) close() error {
	err := errors.Join(w.ends[0].Close(), w.ends[1].Close())
	w.running.Wait()
	return errors.Join(err, w.err)
}
