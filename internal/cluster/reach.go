package cluster

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// reach connects to other nodes, and to nobody else: where a node is stands in the
// store, and it is written there by the node itself.
type reach struct {
	client *http.Client
	dialer net.Dialer
}

const (
	dialTimeout = time.Second
	// idlePerNode and mostPerNode bound the connections to one node for short
	// requests; each stream has one of its own.
	idlePerNode, mostPerNode = 8, 64
	mostAnswer               = 4 << 10
)

func newReach() reach {
	// A machine that is gone says nothing: its connections end after five seconds.
	dialer := net.Dialer{
		Timeout:         dialTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 2 * time.Second, Interval: time.Second, Count: 3},
	}
	return reach{dialer: dialer, client: &http.Client{Transport: &http.Transport{
		DialContext: dialer.DialContext, MaxIdleConnsPerHost: idlePerNode, MaxConnsPerHost: mostPerNode,
		IdleConnTimeout: time.Minute, DisableCompression: true,
	}}}
}

// dial connects to where the request is to go.
func (r *reach) dial(ctx context.Context, to *url.URL) (net.Conn, error) {
	port := to.Port()
	if port == "" {
		port = "80"
	}
	return r.dialer.DialContext(ctx, "tcp", net.JoinHostPort(to.Hostname(), port))
}

// request returns a signed request to the holder of an upload.
func (n *Node) request(ctx context.Context, method string, s store.Share, what string, query url.Values) (*http.Request, error) {
	holder, known := n.view.Load().nodes[s.Holder]
	if !known {
		return nil, fmt.Errorf("nobody knows the node %q", s.Holder)
	}
	address := holder.URL + path(s.ID, what)
	if query != nil {
		address += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, err
	}
	return r, n.sign(r)
}

func path(id protocol.ShareID, what string) string { return "/v1/uploads/" + string(id) + "/" + what }

func fromQuery(from int64) url.Values { return url.Values{"from": {strconv.FormatInt(from, 10)}} }
