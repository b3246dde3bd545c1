package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// What one connection can do to the server by the protocol alone. The defence is
// Go's; these tests say that it is there, with our settings.

// TestAHeaderOfAMegabyte is refused by HTTP/1.1 and over TLS.
func TestAHeaderOfAMegabyte(t *testing.T) {
	t.Parallel()
	plain, sealed := serve(t, "--dev", "--data", t.TempDir()), serveTLS(t)
	dialled, err := net.Dial("tcp", strings.TrimPrefix(plain.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer dialled.Close()
	for name, connection := range map[string]net.Conn{"plain": dialled, "TLS": sealed.dial(t, "http/1.1")} {
		sent := make(chan struct{})
		go func() { // it may fail: the server does not read it to its end
			defer close(sent)
			fmt.Fprintf(connection, "GET / HTTP/1.1\r\nHost: handout\r\nX-Junk: %s\r\n\r\n", strings.Repeat("x", 1<<20))
		}()
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil || response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s: %v, %v", name, response, err)
		}
		connection.Close()
		<-sent
	}
}

// attacker speaks HTTP/2 frame by frame.
type attacker struct {
	*http2.Framer
	header bytes.Buffer
	encode *hpack.Encoder
}

func (p *process) attack(t *testing.T) *attacker {
	t.Helper()
	connection := p.dial(t, "h2")
	if _, err := io.WriteString(connection, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	a := &attacker{Framer: http2.NewFramer(connection, nil)}
	a.encode = hpack.NewEncoder(&a.header)
	if err := a.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, connection) // until the test closes it
	return a
}

func (a *attacker) fields(pairs ...string) []byte {
	a.header.Reset()
	for i := 0; i < len(pairs); i += 2 {
		a.encode.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1], Sensitive: true}) // never indexed: each is sent whole
	}
	return bytes.Clone(a.header.Bytes())
}

func (a *attacker) request() []byte {
	return a.fields(":method", "GET", ":scheme", "https", ":path", "/v1/rooms/rm_x/participants", ":authority", "handout", "authorization", "Bearer x.y.z")
}

// TestAFloodOfContinuations sends a header that has no end.
func TestAFloodOfContinuations(t *testing.T) {
	t.Parallel()
	p := serveTLS(t)
	a := p.attack(t)
	err := a.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: a.request()})
	sent := 0
	for err == nil && sent < 64<<20 {
		block := a.fields("x-junk", strings.Repeat("x", 8<<10))
		sent += len(block)
		err = a.WriteContinuation(1, false, block)
	}
	if err == nil {
		t.Fatalf("the server takes %d bytes of a header", sent)
	}
	if response, _ := do(t, "GET", p.url+"/healthz", nil); response.StatusCode != http.StatusOK {
		t.Errorf("others are answered %s", response.Status)
	}
}

// TestRapidReset begins requests and takes them back at once, more than the server
// would serve at a time, by far.
func TestRapidReset(t *testing.T) {
	t.Parallel()
	p := serveTLS(t)
	a := p.attack(t)
	var err error
	resets := 0
	for stream := uint32(1); err == nil && resets < 50_000; stream += 2 {
		err = errors.Join(a.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: a.request(), EndStream: true, EndHeaders: true}),
			a.WriteRSTStream(stream, http2.ErrCodeCancel))
		resets++
	}
	response, metrics := do(t, "GET", p.url+"/metrics", nil)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("others are answered %s", response.Status)
	}
	const most = 1000
	if n := measured(t, metrics, "go_goroutines"); n > most {
		t.Errorf("after %d resets (%v) %g goroutines run", resets, err, n)
	}
	if n := measured(t, metrics, "handout_http_requests_running"); n > 2*100 { // --http2-streams, of two connections
		t.Errorf("after %d resets (%v) %g requests run", resets, err, n)
	}
}

func measured(t *testing.T, metrics, name string) (value float64) {
	t.Helper()
	_, rest, _ := strings.Cut(metrics, "\n"+name+" ")
	if _, err := fmt.Sscan(rest, &value); err != nil {
		t.Fatalf("nobody measures %s: %v", name, err)
	}
	return value
}
