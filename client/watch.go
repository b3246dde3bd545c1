package client

import (
	"context"
	"errors"
	"io"
	"time"
)

// quietTime is how long a connection may move nothing before it counts as lost:
// one whose other end has gone may say nothing of it for a quarter of an hour.
const quietTime = 60 * time.Second

var errQuiet = errors.New("nothing moved for too long")

// watch ends a context when nothing moves.
type watch struct {
	timer  *time.Timer
	cancel context.CancelCauseFunc
}

// newWatch returns a context that ends when moved is not called for a while. stop
// must be called.
func newWatch(ctx context.Context) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &watch{time.AfterFunc(quietTime, func() { cancel(errQuiet) }), cancel}
}

func (w *watch) moved() { w.timer.Reset(quietTime) }

func (w *watch) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// watchedReader calls moved after each reading that brings something.
type watchedReader struct {
	io.Reader
	moved func(p []byte)
}

func (r *watchedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.moved(p[:n])
	}
	return n, err
}
