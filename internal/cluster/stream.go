package cluster

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
)

// A stream is what is left of a request that was upgraded (HTTP 101): stretches of an
// upload, each behind its length as four bytes, big-endian. A length of zero says that
// the upload is complete and this was all; anything else that ends the connection, that
// it is not. The connection is used bare, so that the kernel moves the bytes.
const (
	upgrade     = "handout-stream"
	lengthBytes = 4
	mostStretch = 1 << 30
)

// stream implements blob.Stream.
type stream struct {
	node  *Node
	tie   *tie
	ctx   context.Context // of the one who reads, who owns the stream
	conn  net.Conn
	early *bufio.Reader // what came with the head of the answer
	left  int64         // of the present stretch
	stop  func() bool   // stops watching ctx
}

// Stream implements upload.Peers. It returns when there is something to read.
func (n *Node) Stream(ctx context.Context, s store.Share, from int64) (blob.Stream, error) {
	r, err := n.request(ctx, http.MethodGet, s, "stream", fromQuery(from))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", upgrade)
	conn, err := n.reach.dial(ctx, r.URL)
	if err != nil {
		return nil, err
	}
	st := &stream{node: n, ctx: ctx, conn: conn, early: bufio.NewReaderSize(conn, mostAnswer)}
	st.stop = context.AfterFunc(ctx, st.abort)
	st.tie = n.tie(s.Holder, st.abort)
	n.following.Add(1)
	if err := st.ask(r); err != nil {
		st.Close()
		return nil, fmt.Errorf("following an upload at the node %s: %w", s.Holder, err)
	}
	return st, nil
}

// ask sends the request and reads the head of the answer.
func (s *stream) ask(r *http.Request) error {
	if err := r.Write(s.conn); err != nil {
		return err
	}
	answer, err := http.ReadResponse(s.early, r)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		answer.Body.Close()
		return errors.New(answer.Status)
	}
	return nil
}

// abort makes what is being read fail.
func (s *stream) abort() { _ = s.conn.SetDeadline(time.Unix(1, 0)) }

// Next implements blob.Stream.
func (s *stream) Next(limit int64) (*io.LimitedReader, error) {
	if s.left == 0 {
		var length [lengthBytes]byte
		if _, err := io.ReadFull(s.reader(), length[:]); err != nil {
			return nil, s.broken(err)
		}
		if s.left = int64(binary.BigEndian.Uint32(length[:])); s.left == 0 {
			return nil, io.EOF
		}
	}
	part := &io.LimitedReader{R: s.conn, N: min(limit, s.left)}
	if early := s.early.Buffered(); early > 0 {
		part.R, part.N = s.early, min(part.N, int64(early))
	}
	s.left -= part.N
	return part, nil
}

// reader reads a length: bare, unless something of it came early.
func (s *stream) reader() io.Reader {
	if s.early.Buffered() > 0 {
		return s.early
	}
	return s.conn
}

func (s *stream) broken(err error) error {
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("the stream broke off: %w", err)
}

// Close implements io.Closer.
func (s *stream) Close() error {
	s.stop()
	s.node.untie(s.tie)
	s.node.following.Add(-1)
	return s.conn.Close()
}

// Streams returns how many uploads are followed at other nodes now.
func (n *Node) Streams() int { return int(n.following.Load()) }
