package server

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

const (
	// mostBlock and leastBlock bound what is written at a time where the kernel
	// cannot send the file. The latter is what TLS seals at a time.
	mostBlock, leastBlock = 32 << 10, 16 << 10
	// sniffed is how much net/http looks at before it lets the kernel send.
	sniffed = 512
	// slack keeps a deadline from passing before the work under it begins.
	slack = time.Second
)

var sendBlocks = sync.Pool{New: func() any { return new([mostBlock]byte) }}

// sendPart sends all of the part. The kernel can send a file where the response
// has said how long it is, for then nothing frames it.
func (p *pacedSender) sendPart(part *io.LimitedReader) (int64, error) {
	_, isFile := part.R.(*os.File)
	if p.plain && isFile && part.N > sniffed && p.Header().Get("Content-Length") != "" {
		return p.sendFile(part)
	}
	if _, isConn := part.R.(*net.TCPConn); isConn && p.plain && p.Header().Get("Content-Length") != "" {
		return p.sendSpliced(part)
	}
	return p.sendCopied(part)
}

// sendFile lets the kernel send the part. A deadline that passes leaves the file
// and the connection where they stand, so it ends nothing by itself: it is the
// moment to look at the pace.
func (p *pacedSender) sendFile(part *io.LimitedReader) (int64, error) {
	wanted := part.N
	if err := p.flushHeader(); err != nil {
		return 0, p.failed(err)
	}
	for part.N > 0 {
		began, before := time.Now(), part.N
		p.allow(p.tally.until(began))
		if p.ended.Load() { // cut may have set its deadline just before ours
			return wanted - part.N, errCut
		}
		n, err := io.Copy(p.ResponseWriter, part)
		slow := p.tally.add(n, began, time.Now())
		late := errors.Is(err, os.ErrDeadlineExceeded)
		switch {
		case before-part.N != n || late && p.ended.Load(), err != nil && !late:
			return wanted - part.N, p.failed(err)
		case slow:
			return wanted - part.N, errSlow
		case err == nil && part.N > 0:
			return wanted - part.N, io.ErrUnexpectedEOF // the file is shorter than its record
		}
	}
	return wanted, nil
}

// flushHeader sends what net/http holds back: it does not go on after a deadline
// that passed over its own buffer.
func (p *pacedSender) flushHeader() error {
	if p.flushed {
		return nil
	}
	p.flushed = true
	p.allow(p.tally.until(time.Now()))
	return p.control.Flush()
}

// sendCopied writes the part through a buffer: net/http frames it, and TLS or
// HTTP/2 seals it. A deadline that passes breaks such a connection, whatever was
// taken, so each block is no more than the slowest permitted receiver takes in
// the time that it is given.
func (p *pacedSender) sendCopied(part *io.LimitedReader) (sent int64, err error) {
	buffer := sendBlocks.Get().(*[mostBlock]byte)
	defer sendBlocks.Put(buffer)
	for part.N > 0 {
		block := buffer[:min(part.N, p.tally.block())]
		if _, err := io.ReadFull(part, block); err != nil {
			return sent, &sourceError{err}
		}
		began := time.Now()
		if least := began.Add(p.tally.blockTime()); p.deadline.Before(least) {
			p.allow(least.Add(slack)) // so that it is not set for every block
		}
		if p.ended.Load() {
			return sent, errCut
		}
		n, err := p.Write(block)
		sent += int64(n)
		if err != nil {
			return sent, p.failed(err)
		}
		if p.tally.add(int64(n), began, time.Now()) {
			return sent, errSlow
		}
	}
	return sent, nil
}

// sendSpliced has the kernel move the part from the connection to another node to that
// of the client. A deadline that passes loses what lies between the two, so that ends
// it, and each block is no more than in sendCopied.
func (p *pacedSender) sendSpliced(part *io.LimitedReader) (sent int64, err error) {
	if err := p.flushHeader(); err != nil {
		return 0, p.failed(err)
	}
	for part.N > 0 {
		began := time.Now()
		if least := began.Add(p.tally.blockTime()); p.deadline.Before(least) {
			p.allow(least.Add(slack))
		}
		if p.ended.Load() {
			return sent, errCut
		}
		block := io.LimitedReader{R: part.R, N: min(part.N, p.tally.block())}
		wanted := block.N
		n, err := io.Copy(p.ResponseWriter, &block)
		sent += n
		part.N -= n
		switch {
		case err != nil && (p.ended.Load() || errors.Is(err, os.ErrDeadlineExceeded)):
			return sent, p.failed(err)
		case err != nil || n < wanted: // if it is the client that has gone, the next block says so
			return sent, &sourceError{err}
		case p.tally.add(n, began, time.Now()):
			return sent, errSlow
		}
	}
	return sent, nil
}

// sourceError tells bytes that could not be read from a client that does not take them.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return fmt.Sprintf("reading what is to be sent: %v", e.err) }
func (e *sourceError) Unwrap() error { return e.err }

// allow sets the deadline of the connection.
func (p *pacedSender) allow(until time.Time) {
	p.deadline = until
	_ = p.control.SetWriteDeadline(until)
}

// failed is why nothing more can be sent.
func (p *pacedSender) failed(err error) error {
	switch {
	case p.ended.Load():
		return errCut
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSlow
	case err == nil:
		return io.ErrShortWrite
	}
	return err
}

var errSlow = protocol.NewError(protocol.CodeTooSlow, "the download is below the minimum rate")

// tally counts what a receiver takes. Only the time in which the server waits
// for the receiver counts: who follows an upload waits for its sender too.
type tally struct {
	pace  Pace
	grace time.Time     // until then nothing counts
	spent time.Duration // sending, in this window
	taken int64         // bytes, in this window
}

func newTally(pace Pace, now time.Time) tally { return tally{pace: pace, grace: now.Add(pace.Grace)} }

// until is when a sending that begins now must be looked at: at the end of the
// window, or of the grace.
func (t *tally) until(now time.Time) time.Time {
	end := now.Add(max(t.pace.Window-t.spent, slack))
	if now.Before(t.grace) {
		end = now.Add(max(t.grace.Sub(now), slack))
	}
	return end
}

// add counts bytes that were taken in a time. It reports whether a window is
// over in which there were too few.
func (t *tally) add(n int64, began, ended time.Time) (slow bool) {
	if began.Before(t.grace) {
		return false
	}
	t.taken += n
	if t.spent += ended.Sub(began); t.spent < t.pace.Window {
		return false
	}
	slow = t.taken < int64(t.spent.Seconds()*float64(t.pace.MinRate))
	t.spent, t.taken = 0, 0
	return slow
}

// block is how much is written at a time, in bytes.
func (t *tally) block() int64 {
	return min(mostBlock, max(leastBlock, int64(t.pace.Window.Seconds()*float64(t.pace.MinRate))))
}

// blockTime is how long that may take.
func (t *tally) blockTime() time.Duration {
	atRate := time.Duration(float64(t.block()) / float64(t.pace.MinRate) * float64(time.Second))
	return max(t.pace.Window, atRate, time.Until(t.grace))
}
