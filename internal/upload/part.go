package upload

import (
	"context"
	"io"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
)

// partReader reads a part from the byte at on, as far as its supply says that
// there are bytes. It is for one goroutine, and reads until its context ends.
type partReader struct {
	ctx   context.Context // of one append, which owns the reader
	blobs blob.Store
	part  store.Share
	more  supply

	bytes blob.Reader // nil until the first byte is there
	at    int64
	ready int64
}

// Read implements io.Reader.
func (r *partReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	if r.left() == 0 {
		return 0, io.EOF
	}
	if err := r.await(); err != nil {
		return 0, err
	}
	n, err := r.bytes.ReadAt(p[:min(int64(len(p)), r.ready-r.at)], r.at)
	r.at += int64(n)
	if err == io.EOF && n > 0 {
		err = nil
	}
	return n, err
}

// await returns when the byte at the present position is there.
func (r *partReader) await() (err error) {
	if r.at >= r.ready {
		if r.ready, err = r.more(r.ctx, r.part.ID, r.at); err != nil {
			return err
		}
	}
	if r.bytes == nil {
		r.bytes, err = r.blobs.OpenStaged(r.ctx, blob.Key(r.part.ID))
	}
	return err
}

// left is how many bytes are to be read.
func (r *partReader) left() int64 { return *r.part.Size - r.at }

func (r *partReader) close() {
	if r.bytes != nil {
		r.bytes.Close()
	}
}
