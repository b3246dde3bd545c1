package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/handout-rtc/handout/client"
)

// errInterrupted is why a context ends at Ctrl-C.
var errInterrupted = errors.New("interrupted")

// untilStopped returns a context that a signal ends: Ctrl-C with onInterrupt as its
// cause, and what is no wish of the user's, SIGTERM and SIGHUP, with
// client.ErrSuspend. A second signal ends the process as it would any other.
func untilStopped(onInterrupt error) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	for _, each := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(each) { // as nohup has it
			signal.Notify(signals, each)
		}
	}
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			if s == syscall.SIGINT {
				cancel(onInterrupt)
			} else {
				cancel(client.ErrSuspend)
			}
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// stopped is why a signal has ended the context, nil if none has.
func stopped(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return context.Cause(ctx)
}
