package upload

import (
	"io"
	"sync"
	"time"
)

// Full reads and writes of 256 KiB are what makes receiving cheap: a third of the
// CPU of 32 KiB ones.
const blockSize = 256 << 10

var blocks = sync.Pool{New: func() any { return new([blockSize]byte) }}

// pump moves a body to a blob and to a hash.
type pump struct {
	to   io.Writer
	hash io.Writer
	// wrote, if set, is called after each write with the number of bytes that
	// are written.
	wrote func(n int64)
	// marker, if set, is told how much is written and hashed.
	marker *marker
	// lanes are where a hash may run beside the writing; nil for nowhere.
	lanes lanes
}

// writeError tells a fault of the storage from one of the body.
type writeError struct{ err error }

func (e *writeError) Error() string { return e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

// run moves at most limit bytes, and returns how many were both written and
// hashed: also after an error, all that were written.
func (p *pump) run(body io.Reader, limit int64) (int64, error) {
	in := newIntake(io.LimitReader(body, limit), p.to, p.wrote)
	defer in.stop()
	moved, outrun, err := p.runInline(in)
	if !outrun {
		return moved, err
	}
	defer p.lanes.leave()
	return p.runBeside(in, moved)
}

// runInline hashes each block after it is written, while it is warm in the
// processor's cache. It returns early when the sender is faster than that and a
// lane is free, which it has entered then.
func (p *pump) runInline(in *intake) (moved int64, outrun bool, err error) {
	block := blocks.Get().(*[blockSize]byte)
	defer blocks.Put(block)
	var race race
	for {
		began := time.Now()
		n, err := in.fill(block[:])
		filled := time.Now()
		p.hash.Write(block[:n]) // a hash never fails
		moved += int64(n)
		if err != nil || n < len(block) {
			return moved, false, err
		}
		if p.marker.due(moved) {
			p.marker.mark(moved)
		}
		if race.lost(filled.Sub(began), time.Since(filled)) && p.lanes.enter() {
			return moved, true, nil
		}
	}
}

// runBeside hashes in a second goroutine while more is read and written. before
// is how much was moved until now.
func (p *pump) runBeside(in *intake, before int64) (moved int64, err error) {
	hasher := startHasher(p.hash)
	defer hasher.stop()
	for moved = before; ; {
		stretch := hasher.free()
		n, err := fillStretch(in, stretch)
		hasher.add(stretch[:n])
		moved += int64(n)
		if err != nil || n < len(stretch) {
			return moved, err
		}
		if p.marker.due(moved) {
			hasher.settle()
			p.marker.mark(moved)
		}
	}
}

// fillStretch fills a stretch block by block.
func fillStretch(in *intake, stretch []byte) (n int, err error) {
	for n < len(stretch) {
		m, err := in.fill(stretch[n : n+blockSize])
		n += m
		if err != nil || m < blockSize {
			return n, err
		}
	}
	return n, nil
}

// race tells whether the sender waits for the hash: over a few blocks, because
// one alone says little.
type race struct {
	blocks           int
	filling, hashing time.Duration
}

const raceBlocks = 16

// lost is told how long one block took to fill and how long to hash. A sender that
// is waited for makes the filling long. It reports whether hashing has been at
// least half as long as filling: less is not worth a second goroutine.
func (r *race) lost(filling, hashing time.Duration) bool {
	r.blocks++
	r.filling += filling
	r.hashing += hashing
	if r.blocks < raceBlocks {
		return false
	}
	lost := 2*r.hashing > r.filling
	*r = race{}
	return lost
}
