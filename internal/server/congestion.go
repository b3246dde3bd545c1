package server

import (
	"context"
	"net"
	"net/http"
)

// connectionKey is where a request's context has its connection.
type connectionKey struct{}

// ConnContext lets a request find its connection. It is for http.Server's field
// of that name; without it Config.Congestion does nothing.
func ConnContext(ctx context.Context, connection net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, connection)
}

// choosePace tells the kernel how to pace what it sends to the request's peer.
// It is for downloads: what is lost on the way slows them most, and the choice is
// the sender's. It stays with the connection.
func (s *Server) choosePace(r *http.Request) {
	connection, _ := r.Context().Value(connectionKey{}).(net.Conn)
	tcp := tcpOf(connection)
	if tcp == nil || s.Congestion == "" || s.near(tcp.RemoteAddr()) {
		return
	}
	if err := setCongestion(tcp, s.Congestion); err != nil {
		s.unpaced.Do(func() {
			s.Log.Info("downloads keep the system's congestion control", "wanted", s.Congestion, "err", err)
		})
	}
}

// tcpOf returns the TCP connection beneath TLS and what counts it; nil if there is
// none.
func tcpOf(connection net.Conn) *net.TCPConn {
	for connection != nil {
		switch c := connection.(type) {
		case *net.TCPConn:
			return c
		case interface{ NetConn() net.Conn }:
			connection = c.NetConn()
		default:
			return nil
		}
	}
	return nil
}

// onThisMachine reports whether the peer is on the loopback: a test, or a proxy
// whose own connections are the ones that matter. There is no loss on it, and BBR,
// which measures the path before it trusts it, sends half of what others send.
func onThisMachine(peer net.Addr) bool {
	tcp, ok := peer.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
