package main

import (
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// http2Room bounds how many connections speak HTTP/2, because each may fill its
// receive window with what nobody has read yet. Who comes when there is no room
// speaks HTTP/1.1, which costs less and needs no window of ours.
type http2Room struct {
	most int

	mu   sync.Mutex
	open map[net.Conn]bool // guarded by mu; by the bare connection
}

func newHTTP2Room(most int) *http2Room {
	return &http2Room{most: most, open: make(map[net.Conn]bool)}
}

// admit takes a place for a connection that asks for HTTP/2.
func (r *http2Room) admit(bare net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.open) >= r.most {
		return false
	}
	r.open[bare] = true
	return true
}

// state gives the place back with the connection. It is for http.Server.ConnState.
func (r *http2Room) state(connection net.Conn, state http.ConnState) {
	sealed, ok := connection.(*tls.Conn)
	if !ok || state != http.StateClosed && state != http.StateHijacked {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, sealed.NetConn())
}

// tlsConfig speaks TLS 1.2 and 1.3 with the library's choice of ciphers.
func tlsConfig(certificate *certificate, room *http2Room) *tls.Config {
	all := &tls.Config{
		MinVersion: tls.VersionTLS12, GetCertificate: certificate.current, NextProtos: []string{"h2", "http/1.1"},
	}
	withoutHTTP2 := all.Clone()
	withoutHTTP2.NextProtos = []string{"http/1.1"}
	all.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(hello.SupportedProtos, "h2") && !room.admit(hello.Conn) {
			return withoutHTTP2, nil
		}
		return nil, nil
	}
	return all
}

const (
	// frameBytes bounds one HTTP/2 frame, and with it a buffer of each connection.
	frameBytes = 64 << 10
	// deadAfter finds a dead peer of HTTP/2, which may have requests that send
	// nothing for long.
	deadAfter = 30 * time.Second
)

// http2 sizes HTTP/2. A window is what a client may have on its way unanswered:
// the library's, of 1 MiB, lets it send that much per round trip. The library
// documents windows below 4 MiB and takes larger ones; a test asks it.
func (l *limitFlags) http2() *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams:          l.HTTP2Streams,
		MaxReceiveBufferPerStream:     int(l.HTTP2Window),
		MaxReceiveBufferPerConnection: 2 * int(l.HTTP2Window), // one request that is not read leaves room for others
		MaxReadFrameSize:              frameBytes,
		SendPingTimeout:               deadAfter,
		WriteByteTimeout:              l.RateGrace + l.Silence,
	}
}
