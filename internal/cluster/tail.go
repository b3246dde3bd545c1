package cluster

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// tail sends the stretches of a stream.
type tail struct {
	w    http.ResponseWriter
	gone func() // called when the other node has hung up

	conn     net.Conn // nil until something was sent
	watching sync.WaitGroup
}

const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + upgrade + "\r\n\r\n"

// open takes the connection over.
func (t *tail) open() error {
	conn, _, err := http.NewResponseController(t.w).Hijack()
	if err != nil {
		return fmt.Errorf("taking the connection over: %w", err)
	}
	t.conn = conn
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return err
	}
	t.watching.Go(func() { // nothing comes but the end
		_, _ = conn.Read(make([]byte, 1))
		t.gone()
	})
	_, err = io.WriteString(conn, switching)
	return err
}

// send sends all of the part.
func (t *tail) send(part *io.LimitedReader) error {
	if t.conn == nil {
		if err := t.open(); err != nil {
			return err
		}
	}
	if _, isFile := part.R.(*os.File); !isFile {
		return t.sendCopied(part)
	}
	for part.N > 0 {
		stretch := &io.LimitedReader{R: part.R, N: min(part.N, mostStretch)}
		if err := t.length(stretch.N); err != nil {
			return err
		}
		n, err := io.Copy(t.conn, stretch)
		part.N -= n
		if err != nil {
			return err
		}
		if stretch.N > 0 {
			return io.ErrUnexpectedEOF // the blob is shorter than was said
		}
	}
	return nil
}

// blocks are what is sent at a time of what the kernel cannot send: the length and the
// stretch in one write, for each write wakes the other node.
var blocks = sync.Pool{New: func() any { return new([128 << 10]byte) }}

func (t *tail) sendCopied(part *io.LimitedReader) error {
	block := blocks.Get().(*[128 << 10]byte)
	defer blocks.Put(block)
	for part.N > 0 {
		n := min(part.N, int64(len(block)-lengthBytes))
		binary.BigEndian.PutUint32(block[:], uint32(n))
		if _, err := io.ReadFull(part, block[lengthBytes:lengthBytes+n]); err != nil {
			return fmt.Errorf("reading an upload: %w", err)
		}
		if _, err := t.conn.Write(block[:lengthBytes+n]); err != nil {
			return err
		}
	}
	return nil
}

// finish says that this was all.
func (t *tail) finish() error {
	if t.conn == nil {
		if err := t.open(); err != nil {
			return err
		}
	}
	return t.length(0)
}

func (t *tail) length(n int64) error {
	var length [lengthBytes]byte
	binary.BigEndian.PutUint32(length[:], uint32(n))
	_, err := t.conn.Write(length[:])
	return err
}
