package faulttest

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Balancer is a load balancer before the nodes of a cluster: each request, whoever
// makes it and over whichever connection, goes to the next node that is ready, so
// that nothing works only because its requests meet at one node. A node is left out
// from the moment at which it cannot be connected to or says that it is not ready.
// What was sent to a node is sent to no other: trying again is for the client.
type Balancer struct {
	server   *http.Server
	address  string
	backends []*backend
	turn     atomic.Uint64
	stop     func()
	watching sync.WaitGroup
}

// backend is a node as the balancer sees it.
type backend struct {
	url       *url.URL
	transport *http.Transport
	ready     atomic.Bool
}

const (
	// checkEvery is how often a balancer asks each node whether it is ready.
	checkEvery = 100 * time.Millisecond
	// checkWithin is how long a node may take to say so.
	checkWithin = time.Second
	// dialWithin is how long a node may take to be connected to.
	dialWithin = time.Second
)

// errNoNode is what there is to say when no node is ready.
var errNoNode = errors.New("no node is ready")

// StartBalancer starts a balancer before nodes, whose URLs it is given without a
// slash at their end, at an address, or at one that is free if that is "". It
// returns when one of the nodes is ready. The end of the test ends it.
func StartBalancer(t testing.TB, address string, nodes ...string) *Balancer {
	t.Helper()
	if address == "" {
		address = FreeAddress(t)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	b := &Balancer{address: listener.Addr().String(), stop: stop}
	for _, node := range nodes {
		at, err := url.Parse(node)
		if err != nil {
			t.Fatal(err)
		}
		dialer := &net.Dialer{Timeout: dialWithin}
		one := &backend{url: at, transport: &http.Transport{DialContext: dialer.DialContext, DisableCompression: true, MaxIdleConnsPerHost: 64}}
		b.backends = append(b.backends, one)
		b.watching.Go(func() { one.watch(ctx) })
	}
	quiet := log.New(io.Discard, "", 0) // that transfers break off is what tests are about
	b.server = &http.Server{ErrorLog: quiet, Handler: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", r.In.Host // the node is chosen by RoundTrip
			r.SetXForwarded()
		},
		Transport: b, FlushInterval: -1, ErrorLog: quiet,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			status := http.StatusBadGateway
			if errors.Is(err, errNoNode) {
				status = http.StatusServiceUnavailable
			}
			w.WriteHeader(status)
		},
	}}
	b.watching.Go(func() { b.server.Serve(listener) }) // until Close
	t.Cleanup(b.Close)
	await(t, "a node is ready", b.anyReady)
	return b
}

// URL is where clients of the balancer go, without a slash at its end.
func (b *Balancer) URL() string { return "http://" + b.address }

// Close ends the balancer and the requests through it; push connections end with
// their nodes. It may be called twice.
func (b *Balancer) Close() {
	b.stop()
	b.server.Close()
	b.watching.Wait()
	for _, one := range b.backends {
		one.transport.CloseIdleConnections()
	}
}

// Ready reports whether the balancer sends clients to the node of that number.
func (b *Balancer) Ready(node int) bool { return b.backends[node].ready.Load() }

func (b *Balancer) anyReady() bool {
	for _, one := range b.backends {
		if one.ready.Load() {
			return true
		}
	}
	return false
}

// RoundTrip implements http.RoundTripper: it sends a request to the next node that
// can be connected to.
func (b *Balancer) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body != nil { // a transport closes what it could not send; another node is to get it
		defer request.Body.Close()
		request.Body = io.NopCloser(request.Body)
	}
	first := b.turn.Add(1)
	for i := range uint64(len(b.backends)) {
		one := b.backends[(first+i)%uint64(len(b.backends))]
		if !one.ready.Load() {
			continue
		}
		request.URL.Host = one.url.Host
		response, err := one.transport.RoundTrip(request)
		if isDial(err) { // so nothing was sent, and the body was not begun
			one.ready.Store(false)
			continue
		}
		return response, err
	}
	return nil, errNoNode
}

// isDial reports whether an error is that of a connection that did not come about.
func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// watch asks the node again and again whether it is ready.
func (one *backend) watch(ctx context.Context) {
	for tick := time.NewTicker(checkEvery); ; {
		one.ready.Store(one.check(ctx))
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return
		}
	}
}

func (one *backend) check(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, one.url.String()+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := one.transport.RoundTrip(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body) // so that the connection is kept
	return response.StatusCode == http.StatusOK
}
