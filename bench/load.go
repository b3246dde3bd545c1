package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// The client shares the machine with the server that it loads, so it does as
// little as can be: one HTTP/1.1 connection, buffers made once, no goroutines.

const (
	sendPiece    = 1 << 20
	pacedPiece   = 64 << 10
	receivePiece = 256 << 10
	// patience bounds one request; nothing here takes so long unless it hangs.
	patience = 5 * time.Minute
)

// payload is the body of an upload: a random block, repeated up to size.
type payload struct {
	block []byte
	size  int64
	over  time.Duration // how long sending takes; 0 for as fast as can be
}

// newPayload makes a payload of random bytes, so that nothing can compress it.
func newPayload(size int64) payload {
	block := make([]byte, min(size, 64<<20))
	rand.Read(block) // never fails
	return payload{block: block, size: size}
}

// of returns the first size bytes, repeated as often as needed.
func (p payload) of(size int64) payload { return payload{block: p.block, size: size} }

// WriteTo implements io.WriterTo.
func (p payload) WriteTo(w io.Writer) (written int64, err error) {
	piece := int64(sendPiece)
	if p.over > 0 {
		piece = pacedPiece
	}
	started := time.Now()
	for at := 0; written < p.size; at %= len(p.block) {
		n := min(int64(len(p.block)-at), piece, p.size-written)
		if p.over > 0 { // the last piece goes at the end of the time
			share := float64(written) / float64(max(p.size-piece, 1))
			time.Sleep(time.Until(started.Add(time.Duration(share * float64(p.over)))))
		}
		m, err := w.Write(p.block[at : at+int(n)])
		written += int64(m)
		if err != nil {
			return written, err
		}
		at += m
	}
	return written, nil
}

// connection is one connection to a server, used by one goroutine.
type connection struct {
	conn   net.Conn
	in     *bufio.Reader
	header []byte
	block  []byte
	stop   func() bool // lets go of the context

	began, ended time.Time // when the first byte of the last request was sent, and the last
}

// dial connects to the server; the end of the context closes the connection.
func dial(ctx context.Context, address string) (*connection, error) {
	return dialFrom(ctx, nil, address)
}

// dialFrom connects from another network.
func dialFrom(ctx context.Context, from *space, address string) (*connection, error) {
	var conn net.Conn
	err := from.do(func() (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", address)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &connection{
		conn:  conn,
		in:    bufio.NewReaderSize(conn, 32<<10),
		block: make([]byte, receivePiece),
		stop:  context.AfterFunc(ctx, func() { conn.Close() }),
	}, nil
}

func (c *connection) close() {
	c.stop()
	c.conn.Close()
}

// request is one request. head is header lines, each with its line end.
type request struct {
	method, path string
	head         string
	body         payload
	want         int // status; any other fails
}

// do sends the request and passes the answer's body to into, which may be nil.
func (c *connection) do(r request, into io.Writer) (http.Header, error) {
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if err := c.send(r); err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	response, err := http.ReadResponse(c.in, &http.Request{Method: r.method})
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	defer response.Body.Close()
	if response.StatusCode != r.want {
		why, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		return nil, fmt.Errorf("%s %s: status %d: %s", r.method, r.path, response.StatusCode, why)
	}
	if into == nil {
		into = io.Discard
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{into}, struct{ io.Reader }{response.Body}, c.block); err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	return response.Header, nil
}

// send writes a small request in one piece, as a client that cares does.
func (c *connection) send(r request) error {
	c.header = fmt.Appendf(c.header[:0], "%s %s HTTP/1.1\r\nHost: localhost\r\n%s", r.method, r.path, r.head)
	if r.method != http.MethodGet {
		c.header = fmt.Appendf(c.header, "Content-Length: %d\r\n", r.body.size)
	}
	c.header = append(c.header, "\r\n"...)
	c.began = time.Now()
	defer func() { c.ended = time.Now() }()
	if r.body.size <= int64(len(r.body.block)) && r.body.size <= receivePiece {
		c.header = append(c.header, r.body.block[:r.body.size]...)
		_, err := c.conn.Write(c.header)
		return err
	}
	if _, err := c.conn.Write(c.header); err != nil {
		return err
	}
	_, err := r.body.WriteTo(c.conn)
	return err
}
