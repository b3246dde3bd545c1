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
	// mark, if set, is called between two blocks with the number of bytes that
	// are written and hashed.
	mark func(n int64)
}

// writeError tells a fault of the storage from one of the body.
type writeError struct{ err error }

func (e *writeError) Error() string { return e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

// run moves at most limit bytes, and returns how many were both written and
// hashed. declared is how many the body says it has, or -1.
func (p *pump) run(body io.Reader, declared, limit int64) (int64, error) {
	body = io.LimitReader(body, limit)
	if declared >= 0 && declared <= blockSize {
		return p.runInline(body)
	}
	return p.runBeside(body)
}

// runInline serves a body of one block: a goroutine would cost more than it
// saves.
func (p *pump) runInline(body io.Reader) (int64, error) {
	block := blocks.Get().(*[blockSize]byte)
	defer blocks.Put(block)
	n, readErr := readBlock(body, block[:])
	if n == 0 {
		return 0, readErr
	}
	if _, err := p.to.Write(block[:n]); err != nil {
		return 0, &writeError{err}
	}
	p.hash.Write(block[:n])
	return int64(n), readErr
}

// runBeside hashes each block in a second goroutine while the next one is read
// and written.
func (p *pump) runBeside(body io.Reader) (moved int64, err error) {
	hasher := startHasher(p.hash)
	defer hasher.stop()
	for {
		block := hasher.free()
		n, readErr := readBlock(body, block)
		if n == 0 {
			hasher.giveBack(block)
			return moved, readErr
		}
		if _, err := p.to.Write(block[:n]); err != nil {
			hasher.giveBack(block)
			return moved, &writeError{err}
		}
		hasher.add(block[:n])
		moved += int64(n)
		if readErr != nil || n < len(block) {
			return moved, readErr
		}
		if p.mark != nil {
			hasher.settle()
			p.mark(moved)
		}
	}
}

// readBlock fills the block as far as the body goes. The end of the body is no
// error. io.ReadFull is not used because it cannot tell the end of a body from
// one that was cut short.
func readBlock(body io.Reader, block []byte) (n int, err error) {
	for n < len(block) {
		var m int
		m, err = body.Read(block[n:])
		n += m
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
