package server

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"golang.org/x/sys/unix"
)

// congestionOf asks the kernel for a connection's congestion control.
func congestionOf(t *testing.T, connection net.Conn) string {
	t.Helper()
	if sealed, ok := connection.(*tls.Conn); ok {
		connection = sealed.NetConn()
	}
	raw, err := connection.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var name string
	var failed error
	if err := raw.Control(func(fd uintptr) {
		name, failed = unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	}); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	return name
}

// TestDownloadsChooseTheirCongestionControl asks over real connections, for one
// that every kernel has and everybody may choose, and for one that none has.
func TestDownloadsChooseTheirCongestionControl(t *testing.T) {
	anywhere := func(net.Addr) bool { return false }
	for name, row := range map[string]struct {
		choice string
		near   func(net.Addr) bool
		tls    bool
		want   string // "" is what it was before
	}{
		"another machine": {"reno", anywhere, false, "reno"},
		"over TLS":        {"reno", anywhere, true, "reno"},
		"this machine":    {"reno", onThisMachine, false, ""},
		"not in kernels":  {"no-such-control", anywhere, false, ""},
		"none chosen":     {"", anywhere, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Server{Config: Config{Congestion: row.choice, Log: slog.New(slog.DiscardHandler)}, near: row.near}
			web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				connection := r.Context().Value(connectionKey{}).(net.Conn)
				want := row.want
				if want == "" {
					want = congestionOf(t, connection)
				}
				s.choosePace(r)
				if got := congestionOf(t, connection); got != want {
					t.Errorf("it is %s, want %s", got, want)
				}
			}))
			web.Config.ConnContext = ConnContext
			if row.tls {
				web.StartTLS()
			} else {
				web.Start()
			}
			defer web.Close()
			response, err := web.Client().Get(web.URL)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
		})
	}
}

func TestOnThisMachine(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:1": true, "127.8.0.1:1": true, "[::1]:1": true, "[::ffff:127.0.0.1]:1": true, "192.0.2.1:1": false, "[2001:db8::1]:1": false,
	} {
		peer, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if onThisMachine(peer) != want {
			t.Errorf("%s: want %v", address, want)
		}
	}
}
