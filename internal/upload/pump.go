package upload

import (
	"io"
	"sync"
)

// Full reads of 256 KiB are what makes receiving cheap (a third of the CPU of
// 32 KiB ones), and two blocks let the hash of one run beside the write of the
// other. So an upload costs 512 KiB of memory, whatever the file's size.
const blockSize = 256 << 10

var blocks = sync.Pool{New: func() any { return new([blockSize]byte) }}

// pump moves a body to a blob and to a hash.
type pump struct {
	to   io.Writer
	hash io.Writer
	// wrote, if set, is called after each write with the number of bytes that
	// are written.
	wrote func(n int64)
	// mark, if set, is called between two blocks with the number of bytes that
	// are written and hashed.
	mark func(n int64)
}

// writeError tells a fault of the storage from one of the body.
type writeError struct{ err error }

func (e *writeError) Error() string { return e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

// run moves at most limit bytes, and returns how many were both written and
// hashed: also after an error, all that were written. declared is how many the
// body says it has, or -1.
func (p *pump) run(body io.Reader, declared, limit int64) (int64, error) {
	in := newIntake(io.LimitReader(body, limit), p.to, p.wrote)
	defer in.stop()
	if declared >= 0 && declared <= blockSize {
		return p.runInline(in)
	}
	return p.runBeside(in)
}

// runInline serves a body of one block: a goroutine would cost more than it
// saves.
func (p *pump) runInline(in *intake) (int64, error) {
	block := blocks.Get().(*[blockSize]byte)
	defer blocks.Put(block)
	n, err := in.fill(block[:])
	p.hash.Write(block[:n])
	return int64(n), err
}

// runBeside hashes each block in a second goroutine while the next one is read
// and written.
func (p *pump) runBeside(in *intake) (moved int64, err error) {
	hasher := startHasher(p.hash)
	defer hasher.stop()
	for {
		block := hasher.free()
		n, err := in.fill(block)
		hasher.add(block[:n])
		moved += int64(n)
		if err != nil || n < len(block) {
			return moved, err
		}
		if p.mark != nil {
			hasher.settle()
			p.mark(moved)
		}
	}
}
