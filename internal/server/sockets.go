package server

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/handout-rtc/handout/internal/limit"
	"github.com/handout-rtc/handout/protocol"
)

// Sockets bounds the connections that clients hold open. It is safe for concurrent
// use; no field changes once Listen was called.
type Sockets struct {
	// Most bounds all connections.
	Most int
	// PerAddress bounds those of one address (an IPv6 /64 counts as one) that is not
	// a trusted proxy's.
	PerAddress int
	// Proxies speak for clients of other addresses.
	Proxies Proxies
	// Push bounds how many bytes a push connection may send.
	Push limit.Rate
	// Refused is told which limit, by its flag, has refused something.
	Refused func(limit string)

	mu   sync.Mutex
	open int                  // guarded by mu, as of
	of   map[netip.Prefix]int // how many each address has
}

// Beyond a bound a few more are let in, to be told so: see overSockets. Those of one
// address are so few that they cannot take the place of the others.
const (
	told           = 64
	toldPerAddress = 4
)

// Listen returns a listener whose connections are counted. What there is no place
// for is closed at once.
func (s *Sockets) Listen(l net.Listener) net.Listener { return &countedListener{l, s} }

type countedListener struct {
	net.Listener
	sockets *Sockets
}

// Accept implements net.Listener.
func (l *countedListener) Accept() (net.Conn, error) {
	for {
		connection, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		tcp, ok := connection.(*net.TCPConn)
		if !ok {
			return connection, nil
		}
		if counted := l.sockets.admit(tcp); counted != nil {
			return counted, nil
		}
		_ = tcp.SetLinger(0) // nothing of it stays
		tcp.Close()
	}
}

// admit takes a place for the connection; it returns nil if there is none.
func (s *Sockets) admit(tcp *net.TCPConn) *socket {
	peer := hostOf(tcp.RemoteAddr().String())
	from := networkOf(peer)
	named := !s.Proxies.include(peer)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = make(map[netip.Prefix]int)
	}
	over := ""
	switch {
	case named && s.of[from] >= s.PerAddress:
		over = "address-sockets"
	case s.open >= s.Most:
		over = "max-sockets"
	}
	if over != "" {
		s.Refused(over)
	}
	if named && s.of[from] >= s.PerAddress+toldPerAddress || s.open >= s.Most+told {
		return nil
	}
	s.open++
	s.of[from]++
	return &socket{TCPConn: tcp, over: over, from: from, sockets: s}
}

func (s *Sockets) release(from netip.Prefix) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if s.of[from]--; s.of[from] == 0 {
		delete(s.of, from)
	}
}

// Open returns how many connections there are.
func (s *Sockets) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// State is for http.Server.ConnState: what is taken over by the push edge counts
// the bytes that it sends from then on.
func (s *Sockets) State(connection net.Conn, state http.ConnState) {
	if state != http.StateHijacked {
		return
	}
	if counted := countedOf(connection); counted != nil {
		counted.said.Store(rate.NewLimiter(rate.Limit(s.Push.PerSecond), s.Push.Burst))
	}
}

// socket is a counted connection. It is a TCP connection to whoever asks, so that
// the kernel can send files on it.
type socket struct {
	*net.TCPConn
	over    string // the limit that it is beyond, "" for none
	from    netip.Prefix
	closed  atomic.Bool
	sockets *Sockets
	said    atomic.Pointer[rate.Limiter] // nil until it is a push connection
}

var _ io.ReaderFrom = (*socket)(nil)

var errSaysTooMuch = errors.New("the push connection sends too much")

// Read implements net.Conn.
func (s *socket) Read(p []byte) (int, error) {
	n, err := s.TCPConn.Read(p)
	if said := s.said.Load(); said != nil && n > 0 && !said.AllowN(time.Now(), n) {
		s.sockets.Refused("push-bytes")
		return 0, errors.Join(errSaysTooMuch, s.Close())
	}
	return n, err
}

// Close implements net.Conn.
func (s *socket) Close() error {
	if !s.closed.Swap(true) {
		s.sockets.release(s.from)
	}
	return s.TCPConn.Close()
}

// NetConn returns the bare connection.
func (s *socket) NetConn() net.Conn { return s.TCPConn }

// countedOf returns the connection as it is counted, beneath TLS; nil if it is not.
func countedOf(connection net.Conn) *socket {
	if sealed, ok := connection.(*tls.Conn); ok {
		connection = sealed.NetConn()
	}
	counted, _ := connection.(*socket)
	return counted
}

// overSockets refuses the requests of connections beyond a bound and ends them. Who
// looks after the server is answered all the same.
func (s *Server) overSockets(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		over := beyond(r.Context())
		if over == "" {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		if aboutTheServer(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		s.fail(w, r, protocol.NewError(protocol.CodeUnavailable, "the server has no place for another connection: try again in a moment"))
	})
}

// beyond returns the bound that the request's connection is beyond, "" for none.
func beyond(ctx context.Context) string {
	connection, _ := ctx.Value(connectionKey{}).(net.Conn)
	if counted := countedOf(connection); counted != nil {
		return counted.over
	}
	return ""
}
