package s3blob

import (
	"context"
	"io"
	"sort"
	"time"
)

const (
	// stallTime is how long a read waits for the bucket's next bytes.
	stallTime = 15 * time.Second
	// readAhead is how near to the end of a segment the next one is asked for, so that
	// its first bytes are there in time.
	readAhead = 4 << 20
	// drained is how much of an answer is read that nobody needs, so that its connection
	// can be used again.
	drained = 256 << 10
)

// lookIn returns where the byte at offset is among segments that have it.
func lookIn(segments []Segment, offset int64) (sight, bool) {
	i := sort.Search(len(segments), func(i int) bool { return segments[i].Start+segments[i].Length > offset })
	if i == len(segments) {
		return sight{}, false
	}
	at := sight{segment: segments[i], bytes: segments[i].Start + segments[i].Length - offset}
	if i+1 < len(segments) {
		at.next = segments[i+1]
	}
	return at, true
}

// stream is a segment that is being read, from some byte of it to its end.
type stream struct {
	segment Segment
	at      int64 // of the blob
	body    io.ReadCloser
	cancel  context.CancelFunc
	stalled *time.Timer
	moved   func(n int64)
}

// stream begins to read a segment at a byte of it. The reading ends with ctx.
func (s *Store) stream(ctx context.Context, segment Segment, from int64) (*stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	body, _, err := s.bucket.get(ctx, segment.Object, from, segment.Length)
	if err != nil {
		cancel()
		return nil, err
	}
	return s.newStream(segment, segment.Start+from, body, cancel), nil
}

func (s *Store) newStream(segment Segment, at int64, body io.ReadCloser, cancel context.CancelFunc) *stream {
	stalled := time.AfterFunc(time.Hour, cancel)
	stalled.Stop()
	return &stream{segment: segment, at: at, body: body, cancel: cancel, stalled: stalled, moved: func(n int64) { s.Observer.Moved(kindGet, n) }}
}

// Read implements io.Reader. Bytes that do not come in time are io.ErrUnexpectedEOF.
func (s *stream) Read(p []byte) (int, error) {
	left := s.segment.Start + s.segment.Length - s.at
	if left == 0 {
		return 0, io.EOF
	}
	s.stalled.Reset(stallTime)
	n, err := s.body.Read(p[:min(int64(len(p)), left)])
	s.stalled.Stop()
	s.at += int64(n)
	s.moved(int64(n))
	if err == io.EOF && int64(n) < left {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// left is how many bytes of the segment are to be read.
func (s *stream) left() int64 { return s.segment.Start + s.segment.Length - s.at }

// Close ends the reading. It may be called twice.
func (s *stream) Close() error {
	if s == nil || s.body == nil {
		return nil
	}
	if s.left() <= drained {
		s.stalled.Reset(stallTime)
		_, _ = io.Copy(io.Discard, s.body)
	}
	s.stalled.Stop()
	s.cancel()
	err := s.body.Close()
	s.body = nil
	return err
}

// ahead is a segment that is being asked for before somebody needs it.
type ahead struct {
	segment Segment
	cancel  context.CancelFunc
	done    chan struct{} // closed when stream is final
	stream  *stream       // nil if that failed
}

func (s *Store) askAhead(ctx context.Context, segment Segment) *ahead {
	ctx, cancel := context.WithCancel(ctx)
	a := &ahead{segment: segment, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.stream, _ = s.stream(ctx, segment, 0) // what fails is asked for again when it is needed
	}()
	return a
}

// take returns the stream, which is the caller's then.
func (a *ahead) take() *stream {
	<-a.done
	return a.stream
}

// close gives it up.
func (a *ahead) close() {
	if a == nil {
		return
	}
	a.cancel()
	a.take().Close()
}
