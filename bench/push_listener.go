package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"
)

// pushPath is where both servers take push connections.
const pushPath = "/v1/push/websocket"

// listener is a participant that only listens: a WebSocket read without a
// library, because thousands of them share the machine with the server.
type listener struct {
	conn    net.Conn
	in      *bufio.Reader
	message []byte             // the last one read
	heard   func(event []byte) // called with each push; it must not keep the event
}

// WebSocket's opcodes (RFC 6455, 5.2), and the first byte of a whole message.
const (
	opText  = 1
	opClose = 8
	whole1  = 0x80

	maxPushed = 1 << 20 // what waits for a client is bounded by less
)

// closedError is why the server ended a connection.
type closedError struct {
	code   uint16
	reason string
}

func (e closedError) Error() string { return fmt.Sprintf("the server closed: %d %s", e.code, e.reason) }

// comeBack reports whether the client is to connect again, after a while.
func (e closedError) comeBack() bool { return e.code >= 3000 && e.code < 3500 }

// joinPush connects and returns when the server says that it follows its
// streams. What is pushed from then on is for listen to read.
func joinPush(ctx context.Context, address, credential string, heard func([]byte)) (*listener, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	l := &listener{conn: conn, in: bufio.NewReaderSize(conn, 2<<10), heard: heard}
	if err := l.open(credential); err != nil {
		conn.Close()
		return nil, err
	}
	return l, nil
}

func (l *listener) open(credential string) error {
	if err := l.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := fmt.Fprintf(l.conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", pushPath)
	if err != nil {
		return err
	}
	response, err := http.ReadResponse(l.in, nil)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("connecting: %s", response.Status)
	}
	if err := l.ask(1, `"connect":{"token":"`+credential+`"}`); err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	// The server does one command after the other: once it has refused this
	// one, it has done all of the first and passes on what is published.
	if err := l.ask(2, `"rpc":{"method":"none","data":{}}`); err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	return l.conn.SetDeadline(time.Time{})
}

// ask sends a command and returns when it is answered.
func (l *listener) ask(id int, command string) error {
	if err := l.say(fmt.Sprintf(`{"id":%d,%s}`, id, command)); err != nil {
		return err
	}
	answer := fmt.Appendf(nil, `{"id":%d,`, id)
	for answered := false; !answered; {
		message, err := l.next()
		if err != nil {
			return err
		}
		for line := range bytes.Lines(message) {
			if bytes.HasPrefix(line, answer) {
				answered = true
			} else {
				l.heard(line) // what is pushed may come before
			}
		}
	}
	return nil
}

// listen reads until the connection ends, and answers pings.
func (l *listener) listen() error {
	for {
		message, err := l.next()
		if err != nil {
			return err
		}
		for line := range bytes.Lines(message) {
			if string(bytes.TrimSpace(line)) != "{}" {
				l.heard(line)
			} else if err := l.say("{}"); err != nil {
				return err
			}
		}
	}
}

// say sends a message, masked as a client must; a mask of zeros will do.
func (l *listener) say(text string) error {
	frame := []byte{whole1 | opText}
	if len(text) < 126 {
		frame = append(frame, 0x80|byte(len(text)))
	} else {
		frame = binary.BigEndian.AppendUint16(append(frame, 0x80|126), uint16(len(text)))
	}
	frame = append(frame, 0, 0, 0, 0)
	_, err := l.conn.Write(append(frame, text...))
	return err
}

// next returns the next message. It is good until the next call.
func (l *listener) next() ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(l.in, head[:2]); err != nil {
		return nil, err
	}
	kind, length := head[0], uint64(head[1])
	var wide int
	switch length {
	case 126:
		wide = 2
	case 127:
		wide = 8
	}
	if wide > 0 {
		if _, err := io.ReadFull(l.in, head[8-wide:]); err != nil {
			return nil, err
		}
		clear(head[:8-wide])
		length = binary.BigEndian.Uint64(head[:])
	}
	if length > maxPushed {
		return nil, errors.New("a message is too long")
	}
	l.message = slices.Grow(l.message[:0], int(length))[:length]
	message := l.message
	if _, err := io.ReadFull(l.in, message); err != nil {
		return nil, err
	}
	switch {
	case kind == whole1|opText:
		return message, nil
	case kind == whole1|opClose && length >= 2:
		return nil, closedError{binary.BigEndian.Uint16(message), string(message[2:])}
	}
	return nil, fmt.Errorf("a frame of kind %#x", kind)
}
