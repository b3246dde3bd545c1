package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/net/http2"

	"github.com/handout-rtc/handout/internal/faulttest"
)

// trusting is a client that lets any certificate pass: the tests make their own.
func trusting(version string) *http.Client {
	config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{version}}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: version == "h2", DisableKeepAlives: version != "h2"}}
}

var overHTTP2 = trusting("h2")

// client is who sends the request: of https, by HTTP/2.
func client(request *http.Request) *http.Client {
	if request.URL.Scheme == "https" {
		return overHTTP2
	}
	return http.DefaultClient
}

// localhost makes a certificate of the serial number in the directory, and returns the
// flags that name it.
func localhost(t *testing.T, dir string, serial int64) []string {
	t.Helper()
	return faulttest.Certify(t, dir, "localhost", serial).Flags()
}

func serveTLS(t *testing.T, args ...string) *process {
	t.Helper()
	args = append(args, "--dev", "--data", t.TempDir())
	return serve(t, append(args, localhost(t, t.TempDir(), 1)...)...)
}

func (p *process) dial(t *testing.T, protocols ...string) *tls.Conn {
	t.Helper()
	connection, err := tls.Dial("tcp", strings.TrimPrefix(p.url, "https://"), &tls.Config{InsecureSkipVerify: true, NextProtos: protocols})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return connection
}

// TestTransfersOverHTTP2 uploads, follows and downloads, all over one connection.
func TestTransfersOverHTTP2(t *testing.T) {
	t.Parallel()
	p := serveTLS(t)
	bearer := p.guest(t)
	half := bytes.Repeat([]byte("0123456789abcdef"), 1<<17) // 2 MiB: beyond one block, and one frame
	path := p.create(t, bearer, 2*len(half))
	content := p.url + strings.Replace(path, "/uploads/", "/v1/shares/", 1) + "/content"
	body, sender := io.Pipe()
	answered := make(chan *http.Response, 1)
	go func() { answered <- p.patch(t, bearer, path, 0, body) }()
	sender.Write(half)

	request, _ := http.NewRequest("GET", content, nil)
	request.Header.Set("Authorization", "Bearer "+bearer)
	following, err := overHTTP2.Do(request)
	if err != nil || following.ProtoMajor != 2 {
		t.Fatal(following, err)
	}
	defer following.Body.Close()
	got := make([]byte, len(half))
	if _, err := io.ReadFull(following.Body, got); err != nil || !bytes.Equal(got, half) {
		t.Fatalf("the follower does not get what was sent: %v", err)
	}
	sender.Write(half)
	sender.Close()
	if rest, err := io.ReadAll(following.Body); err != nil || !bytes.Equal(rest, half) {
		t.Errorf("the follower gets %d bytes of the rest, %v", len(rest), err)
	}
	if response := <-answered; response.StatusCode != http.StatusNoContent || response.ProtoMajor != 2 {
		t.Errorf("the upload was answered %s by %s", response.Status, response.Proto)
	}
	response, all := do(t, "GET", content, nil, "Authorization", "Bearer "+bearer)
	if all != string(half)+string(half) || response.Header.Get("Repr-Digest") == "" {
		t.Errorf("the file has %d bytes (%s)", len(all), response.Status)
	}
	if response, _ := do(t, "GET", content, nil, "Authorization", "Bearer "+bearer, "Range", "bytes=1048576-"); response.StatusCode != http.StatusPartialContent {
		t.Errorf("a range is answered %s", response.Status)
	}
}

// TestPushOverTLS connects by WebSocket, which is HTTP/1.1, and by streaming,
// which is HTTP/2.
func TestPushOverTLS(t *testing.T) {
	t.Parallel()
	p := serveTLS(t)
	connect, err := json.Marshal(map[string]any{"id": 1, "connect": map[string]string{"token": p.guest(t)}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	t.Run("WebSocket", func(t *testing.T) {
		socket, _, err := websocket.Dial(ctx, p.url+"/v1/push/websocket", &websocket.DialOptions{HTTPClient: trusting("http/1.1")})
		if err != nil {
			t.Fatal(err)
		}
		defer socket.CloseNow()
		if err := socket.Write(ctx, websocket.MessageText, connect); err != nil {
			t.Fatal(err)
		}
		if _, said, err := socket.Read(ctx); err != nil || !bytes.Contains(said, []byte(`"limits"`)) {
			t.Errorf("it says %s, %v", said, err)
		}
	})
	t.Run("streaming", func(t *testing.T) {
		request, err := http.NewRequestWithContext(ctx, "POST", p.url+"/v1/push/http_stream", bytes.NewReader(connect))
		if err != nil {
			t.Fatal(err)
		}
		response, err := overHTTP2.Do(request)
		if err != nil || response.ProtoMajor != 2 {
			t.Fatal(response, err)
		}
		defer response.Body.Close()
		if said, err := bufio.NewReader(response.Body).ReadString('\n'); err != nil || !strings.Contains(said, `"limits"`) {
			t.Errorf("it says %s, %v", said, err)
		}
	})
}

// TestReceiveWindowsAreAnnounced reads what the server says first: the library
// takes a value that it does not like for its default, silently.
func TestReceiveWindowsAreAnnounced(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		args   []string
		window uint32
	}{
		"by default": {nil, 4 << 20},
		"larger":     {[]string{"--http2-window", "64MiB"}, 64 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			connection := serveTLS(t, row.args...).dial(t, "h2")
			if _, err := io.WriteString(connection, http2.ClientPreface); err != nil {
				t.Fatal(err)
			}
			framer := http2.NewFramer(connection, connection)
			if err := framer.WriteSettings(); err != nil {
				t.Fatal(err)
			}
			var stream, streams, frame, whole uint32
			for whole == 0 || stream == 0 {
				read, err := framer.ReadFrame()
				if err != nil {
					t.Fatal(err)
				}
				switch f := read.(type) {
				case *http2.SettingsFrame:
					if f.IsAck() {
						continue
					}
					stream, _ = f.Value(http2.SettingInitialWindowSize)
					streams, _ = f.Value(http2.SettingMaxConcurrentStreams)
					frame, _ = f.Value(http2.SettingMaxFrameSize)
				case *http2.WindowUpdateFrame:
					whole = 65535 + f.Increment
				}
			}
			if stream != row.window || whole != 2*row.window || streams != 100 || frame != frameBytes {
				t.Errorf("it announces %d bytes per stream, %d in all, %d streams, frames of %d", stream, whole, streams, frame)
			}
		})
	}
}

// TestHTTP2HasRoomForSoMany fills the room, is served by HTTP/1.1, and has its
// place again when one has gone.
func TestHTTP2HasRoomForSoMany(t *testing.T) {
	t.Parallel()
	p := serveTLS(t, "--http2-connections", "2")
	negotiated := func(c *tls.Conn) string { return c.ConnectionState().NegotiatedProtocol }
	first, second := p.dial(t, "h2", "http/1.1"), p.dial(t, "h2", "http/1.1")
	if negotiated(first) != "h2" || negotiated(second) != "h2" {
		t.Fatal("there was no room from the start")
	}
	if got := negotiated(p.dial(t, "h2", "http/1.1")); got != "http/1.1" {
		t.Errorf("beyond the bound it speaks %q", got)
	}
	// One that fails in its handshake must not keep a place.
	first.Close()
	for range 5 {
		distrustful := &tls.Config{ServerName: "localhost", NextProtos: []string{"h2"}}
		if _, err := tls.Dial("tcp", strings.TrimPrefix(p.url, "https://"), distrustful); err == nil {
			t.Fatal("a certificate that nobody knows is trusted")
		}
	}
	until(t, "there is a place again", func() bool { return negotiated(p.dial(t, "h2", "http/1.1")) == "h2" })
}

// TestTheCertificateIsReadAgain replaces the files by others, by garbage, and by
// good ones: each time the last good ones count.
func TestTheCertificateIsReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serve(t, append(localhost(t, dir, 1), "--dev", "--data", t.TempDir())...)
	serial := func() int64 { return p.dial(t).ConnectionState().PeerCertificates[0].SerialNumber.Int64() }
	if got := serial(); got != 1 {
		t.Fatalf("it begins with certificate %d", got)
	}
	localhost(t, dir, 2)
	until(t, "the second is used", func() bool { return serial() == 2 })
	if err := os.WriteFile(filepath.Join(dir, "key.pem"), []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, "the server says so", func() bool {
		return serial() == 2 && strings.Contains(p.said(), "the certificate cannot be read")
	})
	localhost(t, dir, 3)
	until(t, "the third is used", func() bool { return serial() == 3 })
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	p := serveTLS(t)
	for version, good := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		config := &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}
		connection, err := tls.Dial("tcp", strings.TrimPrefix(p.url, "https://"), config)
		if (err == nil) != good {
			t.Errorf("version %x: %v", version, err)
		}
		if err == nil {
			connection.Close()
		}
	}
}
