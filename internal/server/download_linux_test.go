package server_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/handout-rtc/handout/internal/server"
)

// TestADownloadIsPacedByTheChosenControl asks the kernel, after a download, what
// the server's side of the connection is paced by.
func TestADownloadIsPacedByTheChosenControl(t *testing.T) {
	var mu sync.Mutex
	var accepted []net.Conn
	rig := newRig(t, func(b *build) {
		b.Congestion = "reno" // every kernel has it, and everybody may choose it
		b.serve = func(s *httptest.Server) {
			s.Config.Handler.(*server.Server).TreatAllAsFar()
			s.Config.ConnContext = server.ConnContext
			s.Config.ConnState = func(c net.Conn, state http.ConnState) {
				mu.Lock()
				defer mu.Unlock()
				if state == http.StateNew {
					accepted = append(accepted, c)
				}
			}
			s.Start()
		}
	})
	path, _ := rig.deliver(t)
	readAll(t, rig.get(t, "ben", path))
	mu.Lock()
	defer mu.Unlock()
	paced := 0
	for _, c := range accepted {
		raw, err := c.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		if err := raw.Control(func(fd uintptr) {
			if name, err := unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION); err == nil && name == "reno" {
				paced++
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	if paced != 1 {
		t.Errorf("%d of %d connections are paced by it", paced, len(accepted))
	}
}
