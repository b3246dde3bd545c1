package upload

import (
	"io"
	"sync"
	"time"
)

// flushAfter is how long a byte may lie in a block that does not fill. It is
// longer than a block takes on a fast connection, so those pay nothing for it.
const flushAfter = 10 * time.Millisecond

// intake fills blocks from a body and writes them. What comes first is written at
// once, because somebody may wait for it; after that a block is written when it is
// full, or bit by bit while the body pauses: so followers see what a stalled
// sender sent. fill is for one goroutine.
type intake struct {
	body  io.Reader
	to    io.Writer
	wrote func(n int64) // told the sum of the bytes written, after each write
	timer *time.Timer   // flushes

	mu      sync.Mutex
	block   []byte // all below is guarded by mu
	filled  int    // bytes of the block that were read
	written int    // bytes of the block that were written
	total   int64  // bytes written
	armed   bool   // the timer runs
	failed  error  // the first failed write; nothing is written after it
}

// newIntake returns an intake; stop must be called. wrote may be nil.
func newIntake(body io.Reader, to io.Writer, wrote func(int64)) *intake {
	in := &intake{body: body, to: to, wrote: wrote}
	in.timer = time.AfterFunc(time.Hour, in.flush)
	in.timer.Stop()
	return in
}

// fill reads into the block as far as it or the body goes, and returns how many
// bytes of it are written. The end of the body is no error.
func (in *intake) fill(block []byte) (n int, err error) {
	in.begin(block)
	for filled := 0; filled < len(block) && err == nil; {
		var m int
		m, err = in.body.Read(block[filled:])
		filled += m
		in.note(filled)
	}
	if err == io.EOF {
		err = nil
	}
	n, writeErr := in.finish()
	if writeErr != nil {
		err = &writeError{writeErr}
	}
	return n, err
}

func (in *intake) begin(block []byte) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.block, in.filled, in.written = block, 0, 0
}

// note says how much of the block has been read, and that it must not wait long:
// the first of it not at all.
func (in *intake) note(filled int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.filled = filled
	if in.total == 0 && in.wrote != nil {
		in.writeLocked()
	}
	if !in.armed && filled > in.written && filled < len(in.block) {
		in.armed = true
		in.timer.Reset(flushAfter)
	}
}

// flush is called by the timer, while the body is being read.
func (in *intake) flush() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.armed = false
	in.writeLocked()
}

// finish writes what is left of the block.
func (in *intake) finish() (written int, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.writeLocked()
	return in.written, in.failed
}

func (in *intake) writeLocked() {
	if in.written == in.filled || in.failed != nil {
		return
	}
	n, err := in.to.Write(in.block[in.written:in.filled])
	in.written += n
	in.total += int64(n)
	in.failed = err
	if in.wrote != nil && n > 0 {
		in.wrote(in.total)
	}
}

// stop ends the flushing. The block and the writer are free afterwards.
func (in *intake) stop() {
	in.timer.Stop()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.block, in.filled, in.written = nil, 0, 0
}
