package client

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	firstDelay = 300 * time.Millisecond
	mostDelay  = 15 * time.Second
	// mostRefusals is how often in a row the server may refuse before it is
	// believed. That it does not answer is waited out.
	mostRefusals = 6
)

// attempts is work that is tried until it succeeds.
type attempts struct {
	delays   *backoff.ExponentialBackOff
	refusals int
}

func newAttempts() *attempts {
	delays := backoff.NewExponentialBackOff()
	delays.InitialInterval, delays.MaxInterval, delays.Multiplier = firstDelay, mostDelay, 2
	return &attempts{delays: delays}
}

// moved says that there was progress: what failed before it counts no longer.
func (a *attempts) moved() {
	a.refusals = 0
	a.delays.Reset()
}

// until tries until it succeeds, the error is final, the server has refused too
// often in a row, or the context ends; then its cause is the error.
func (a *attempts) until(ctx context.Context, try func() error) error {
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := try()
		var refused *refusal
		if errors.As(err, &refused) {
			if a.refusals++; a.refusals >= mostRefusals {
				return struct{}{}, final(err)
			}
		}
		return struct{}{}, judged(err)
	}, backoff.WithBackOff(a.delays), backoff.WithMaxElapsedTime(0))
	if ctx.Err() != nil && err != nil {
		return context.Cause(ctx)
	}
	return err
}
