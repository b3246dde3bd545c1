package server_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/server"
)

// impatient is a rig that looks at the pace every second, from the start.
func impatient(b *build) {
	b.Pace = server.Pace{MinRate: 32 << 10, Grace: time.Millisecond, Window: time.Second}
}

func overTLS(b *build) { b.serve = (*httptest.Server).StartTLS }

func overHTTP2(b *build) {
	b.serve = func(s *httptest.Server) {
		s.EnableHTTP2 = true
		s.StartTLS()
	}
}

// deliver uploads a megabyte that the room may download, and returns its address
// and what it says.
func (r *rig) deliver(t *testing.T) (path string, data []byte) {
	t.Helper()
	data = bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	request, err := http.NewRequest(http.MethodPost, r.URL+"/uploads", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range tusHeader("Upload-Length", strconv.Itoa(len(data)), "Content-Type", "application/offset+octet-stream") {
		request.Header.Set(name, value)
	}
	request.Header.Set("Authorization", "Bearer "+r.tokens["ana"])
	response, err := r.Client().Do(request)
	if err != nil || response.StatusCode != http.StatusCreated {
		t.Fatal(response, err)
	}
	response.Body.Close()
	return "/v1/shares/" + strings.TrimPrefix(response.Header.Get("Location"), "/uploads/") + "/content", data
}

// ask sends a request for the address on a connection whose receive buffer is
// small, and returns the connection.
func (r *rig) ask(t *testing.T, path string) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", r.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	connection.(*net.TCPConn).SetReadBuffer(32 << 10)
	if strings.HasPrefix(r.URL, "https:") {
		connection = tls.Client(connection, &tls.Config{InsecureSkipVerify: true})
	}
	if _, err := io.WriteString(connection, "GET "+path+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+r.tokens["ben"]+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return connection
}

// TestAStalledReaderIsCutOff stops reading for good after the first bytes, by
// the kernel's own sending, by TLS and by HTTP/2.
func TestAStalledReaderIsCutOff(t *testing.T) {
	for name, serve := range map[string]func(*build){"plain": func(*build) {}, "TLS": overTLS} {
		t.Run(name, func(t *testing.T) {
			rig := newRig(t, impatient, serve)
			path, data := rig.deliver(t)
			connection := rig.ask(t, path)
			if _, err := connection.Read(make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
			rig.until(t, "the download is over", func() bool { return rig.inFlight(t) == 0 })
			rest, err := io.ReadAll(connection)
			if len(rest) >= len(data) {
				t.Errorf("the reader still got %d bytes, %v", len(rest), err)
			}
		})
	}
	t.Run("HTTP/2", func(t *testing.T) {
		rig := newRig(t, impatient, overHTTP2)
		rig.Client().Transport.(*http.Transport).HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10}
		path, data := rig.deliver(t)
		response := rig.get(t, "ben", path)
		defer response.Body.Close()
		if response.ProtoMajor != 2 {
			t.Fatal("it is not HTTP/2")
		}
		rig.until(t, "the download is over", func() bool { return rig.inFlight(t) == 0 })
		if rest, err := io.ReadAll(response.Body); err == nil || len(rest) >= len(data) {
			t.Errorf("the reader still got %d bytes, %v", len(rest), err)
		}
	})
}

// TestASlowReaderThatIsFastEnough takes longer than several windows, and gets
// every byte.
func TestASlowReaderThatIsFastEnough(t *testing.T) {
	for name, serve := range map[string]func(*build){"plain": func(*build) {}, "TLS": overTLS} {
		t.Run(name, func(t *testing.T) {
			rig := newRig(t, impatient, serve)
			path, data := rig.deliver(t)
			response, err := http.ReadResponse(bufio.NewReaderSize(rig.ask(t, path), 16<<10), nil)
			if err != nil {
				t.Fatal(err)
			}
			got := sha256.New()
			pace := time.NewTicker(50 * time.Millisecond) // 320 KiB/s, ten times the least
			defer pace.Stop()
			for n := int64(1); n > 0; <-pace.C {
				if n, err = io.CopyN(got, response.Body, 16<<10); err != nil && err != io.EOF {
					t.Fatal(err)
				}
			}
			if want := sha256.Sum256(data); !bytes.Equal(got.Sum(nil), want[:]) {
				t.Error("it got other bytes")
			}
		})
	}
}
