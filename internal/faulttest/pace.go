package faulttest

import (
	"context"
	"io"

	"golang.org/x/time/rate"
)

// paceBurst is how many bytes go at once, at most.
const paceBurst = 64 << 10

// NewPace returns a limiter for Client.Pace. Its limit can be changed while
// transfers run: rate.Inf lets them go.
func NewPace(bytesPerSecond float64) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(bytesPerSecond), paceBurst)
}

// pacedReader reads so many bytes, at a pace.
type pacedReader struct {
	ctx  context.Context // of one request, which owns the reader
	from io.Reader
	left int64
	pace *rate.Limiter // nil for none
}

// Read implements io.Reader.
func (r *pacedReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	n, err := r.from.Read(p[:min(int64(len(p)), r.left, paceBurst)])
	r.left -= int64(n)
	if r.pace != nil && n > 0 {
		if waitErr := r.pace.WaitN(r.ctx, n); waitErr != nil {
			return n, waitErr
		}
	}
	return n, err
}
