package upload

import (
	"context"
	"errors"
	"io"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// partReader reads a part from the byte at on, as far as its supply says that
// there are bytes. It is for one goroutine, and reads until its context ends.
type partReader struct {
	ctx   context.Context // of one append, which owns the reader
	blobs blob.Store
	part  store.Share
	more  supply
	// stream opens what comes in at another node.
	stream func(ctx context.Context, part protocol.ShareID, from int64) (blob.Stream, error)

	bytes blob.Reader // nil until the first byte is there
	other blob.Stream // from another node; nil while there is none
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
	if r.other != nil {
		return r.readOther(p)
	}
	n, err := r.bytes.ReadAt(p[:min(int64(len(p)), r.ready-r.at)], r.at)
	r.at += int64(n)
	if err == io.EOF && n > 0 {
		err = nil
	}
	return n, err
}

// readOther reads what another node receives. When that breaks off nothing is read:
// the next await sees where to go on.
func (r *partReader) readOther(p []byte) (int, error) {
	more, err := r.other.Next(int64(len(p)))
	n := 0
	if err == nil {
		n, err = io.ReadFull(more, p[:more.N])
	}
	r.at += int64(n)
	if err != nil {
		r.other.Close()
		r.other = nil
	}
	return n, nil
}

// await returns when the byte at the present position is there, or comes in at another
// node.
func (r *partReader) await() (err error) {
	for r.at >= r.ready && r.other == nil {
		r.ready, err = r.more(r.ctx, r.part.ID, r.at)
		if errors.Is(err, blob.ErrElsewhere) {
			if r.other, err = r.stream(r.ctx, r.part.ID, r.at); err != nil && r.ctx.Err() == nil {
				continue
			}
		}
		if err != nil {
			return err
		}
	}
	if r.bytes == nil && r.other == nil {
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
	if r.other != nil {
		r.other.Close()
	}
}
