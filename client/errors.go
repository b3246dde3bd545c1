package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/handout-rtc/handout/protocol"
)

// ErrSuspend is a cause to cancel the context of a transfer with that leaves what was
// transferred where it is: an upload can be gone on with by [Room.Resume], and a
// download by the next [Room.Save] to the same path.
//
//	ctx, cancel := context.WithCancelCause(ctx)
//	cancel(client.ErrSuspend)
var ErrSuspend = errors.New("suspended")

// LeftError says that the participant is no longer in the room, and why.
type LeftError struct {
	Code   protocol.CloseCode // zero if the server did not say one
	Reason string
}

// Error implements error.
func (e *LeftError) Error() string {
	if name := e.Code.String(); name != "" {
		return "no longer in the room: " + name
	}
	return "no longer in the room: " + e.Reason
}

// maxProblem bounds what is read of an answer that is an error, in bytes.
const maxProblem = 64 << 10

// problem is the error of an answer. What is none of the server's problems was
// said by something between it and us.
func problem(response *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(response.Body, maxProblem))
	var p protocol.Problem
	if json.Unmarshal(text, &p) != nil || p.Code == "" {
		p.Code, p.Detail = protocol.CodeInvalidRequest, response.Status
		if response.StatusCode >= http.StatusInternalServerError {
			p.Code = protocol.CodeUnavailable
		}
	}
	return &refusal{protocol.NewError(p.Code, p.Detail), retryAfter(response.Header)}
}

// refusal is a protocol.Error with the time after which to ask again.
type refusal struct {
	why        *protocol.Error
	retryAfter time.Duration
}

func (r *refusal) Error() string { return r.why.Error() }
func (r *refusal) Unwrap() error { return r.why }

// maxRetryAfter bounds how long a server may have us wait.
const maxRetryAfter = time.Minute

func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxRetryAfter)
}

// passing are refusals that may be none a little later.
var passing = map[protocol.Code]bool{
	protocol.CodeUnavailable:      true,
	protocol.CodeInternal:         true,
	protocol.CodeStorageFailed:    true,
	protocol.CodeUploadBusy:       true,
	protocol.CodeUploadPreempted:  true,
	protocol.CodeUploadStalled:    true,
	protocol.CodeOffsetMismatch:   true,
	protocol.CodeChecksumMismatch: true,
	protocol.CodeTooSlow:          true,
	protocol.CodeTooManyRequests:  true,
}

// final marks an error that trying again does not mend.
func final(err error) error { return backoff.Permanent(err) }

// judged returns the error of one try for the retrying: as it is, with a time to
// wait, or as final. No answer at all is worth another try.
func judged(err error) error {
	var refused *refusal
	switch {
	case err == nil || !errors.As(err, &refused):
		return err
	case !passing[refused.why.Code]:
		return final(err)
	case refused.retryAfter > 0:
		return fmt.Errorf("%w (%w)", err, &backoff.RetryAfterError{Duration: refused.retryAfter})
	}
	return err
}
