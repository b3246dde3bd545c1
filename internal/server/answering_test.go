package server

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// oneConnection is a listener of one connection.
type oneConnection struct {
	connection chan net.Conn
	closed     chan struct{}
}

func (l *oneConnection) Accept() (net.Conn, error) {
	select {
	case c := <-l.connection:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *oneConnection) Close() error {
	close(l.closed)
	return nil
}

func (l *oneConnection) Addr() net.Addr { return &net.TCPAddr{} }

// answeredBy serves one connection, in the time of the test, and returns the
// client's end of it.
func answeredBy(t *testing.T, answer http.HandlerFunc) net.Conn {
	near, far := net.Pipe()
	l := &oneConnection{make(chan net.Conn, 1), make(chan struct{})}
	l.connection <- far
	web := &http.Server{Handler: timely(answer)}
	served := make(chan error, 1)
	go func() { served <- web.Serve(l) }()
	t.Cleanup(func() {
		near.Close()
		web.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return near
}

const asked = "GET /list HTTP/1.1\r\nHost: x\r\n\r\n"

// TestWhoNeverReadsHoldsNoAnswer: a list that nobody reads lets its handler go, and
// so do small answers that nobody reads.
func TestWhoNeverReadsHoldsNoAnswer(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"a list": func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusOK, strings.Repeat("x", 1<<20))
		},
		"no content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := answeredBy(t, answer)
				if _, err := io.WriteString(client, asked); err != nil {
					t.Fatal(err)
				}
				// Nothing is read, and all that is left to pass is time: the server closes
				// the connection, or the test is stuck for good.
				for {
					if _, err := io.WriteString(client, "x"); err != nil {
						return
					}
				}
			})
		})
	}
}

// TestWhoReadsSlowlyGetsItsAnswer, also when it asks again long afterwards: no
// request is held to the deadline of another.
func TestWhoReadsSlowlyGetsItsAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := strings.Repeat("x", 1<<20)
		client := answeredBy(t, func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, list) })
		reader := bufio.NewReader(&sipping{client})
		for range 3 {
			if _, err := io.WriteString(client, asked); err != nil {
				t.Fatal(err)
			}
			response, err := http.ReadResponse(reader, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if err != nil || len(body) < len(list) {
				t.Fatalf("%d bytes came: %v", len(body), err)
			}
			time.Sleep(2 * answerPatience)
		}
	})
}

// sipping reads a little and waits: just fast enough.
type sipping struct{ net.Conn }

// Read implements io.Reader.
func (s *sipping) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	return s.Conn.Read(p[:min(len(p), answerPace)])
}
