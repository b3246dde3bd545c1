package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// hold opens connections to the server that ask for nothing.
func (p *process) hold(t *testing.T, n int) (release func()) {
	t.Helper()
	var held []net.Conn
	for range n {
		connection, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { connection.Close() })
		held = append(held, connection)
	}
	return func() {
		for _, connection := range held {
			connection.Close()
		}
	}
}

// asks sends one request on a connection of its own and returns the answer, nil if
// the server has closed the connection.
func (p *process) asks(t *testing.T, path string) *http.Response {
	t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return nil
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return nil
	}
	response.Body.Close()
	return response
}

// TestConnectionsAreBounded holds as many as there may be: the next are told, who
// looks after the server is answered, and with a place free all is as before.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"in all":         {"--max-sockets", "5"},
		"of one address": {"--address-sockets", "5"},
	} {
		p := serve(t, append([]string{"--dev", "--data", t.TempDir()}, flags...)...)
		release := p.hold(t, 5)
		limit := strings.TrimPrefix(flags[0], "--")
		until(t, name+" one more is told", func() bool {
			response := p.asks(t, "/")
			return response != nil && response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") != "" && response.Close
		})
		for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
			if response := p.asks(t, path); response == nil || response.StatusCode != http.StatusOK {
				t.Errorf("%s: %s is answered %v", name, path, response)
			}
		}
		release()
		until(t, name+" there is a place again", func() bool {
			response := p.asks(t, "/healthz")
			return response != nil && !response.Close
		})
		if _, said := do(t, "GET", p.url+"/metrics", nil); !strings.Contains(said, `handout_refusals_total{limit="`+limit+`"}`) {
			t.Errorf("%s: nobody has counted it", name)
		}
	}
}

// TestMoreThanCanBeToldAreClosed opens many connections beyond the bound.
func TestMoreThanCanBeToldAreClosed(t *testing.T) {
	t.Parallel()
	p := serve(t, "--dev", "--data", t.TempDir(), "--address-sockets", "1")
	p.hold(t, 5)
	until(t, "one more is closed", func() bool { return p.asks(t, "/healthz") == nil })
}

// TestAPushConnectionSaysLittle floods a connection with what is no command yet, so
// that none of them counts; over TLS too.
func TestAPushConnectionSaysLittle(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{"bare": nil, "over TLS": localhost(t, t.TempDir(), 1)} {
		p := serve(t, append([]string{"--dev", "--data", t.TempDir()}, flags...)...)
		ws, response, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(p.url, "http")+"/v1/push/websocket",
			&websocket.DialOptions{HTTPClient: trusting("http/1.1")})
		if err != nil {
			t.Fatal(err)
		}
		if response.Body != nil {
			response.Body.Close()
		}
		defer ws.CloseNow()
		// A word of many fragments, which is no command before it is whole.
		writer, err := ws.Writer(t.Context(), websocket.MessageText)
		if err != nil {
			t.Fatal(err)
		}
		for range 1 << 20 {
			if _, err = writer.Write([]byte(" ")); err != nil {
				break
			}
		}
		if err == nil {
			t.Errorf("%s: it takes a million fragments", name)
		}
		if _, said := do(t, "GET", p.url+"/metrics", nil); !strings.Contains(said, `handout_refusals_total{limit="push-bytes"} 1`) {
			t.Errorf("%s: nobody has counted it", name)
		}
	}
}
