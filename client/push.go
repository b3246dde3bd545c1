package client

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/centrifugal/centrifuge-go"

	"github.com/handout-rtc/handout/protocol"
)

// pushTimeout bounds what the push connection waits for: a busy server may take
// its time to let many in.
const pushTimeout = 20 * time.Second

// hearer is told what comes over the push connection, one call after the other.
type hearer interface {
	welcomed(protocol.Welcome)
	heard(protocol.Event)
	lost()
	closed(*LeftError)
}

// newPush returns the push connection, which reconnects by itself. token is asked
// for one each time it connects.
func newPush(server *url.URL, transport *http.Transport, token func() (string, error), to hearer) *centrifuge.Client {
	config := centrifuge.Config{
		Name: "handout-go", ReadTimeout: pushTimeout, HandshakeTimeout: pushTimeout, WriteTimeout: pushTimeout,
		GetToken: func(centrifuge.ConnectionTokenEvent) (string, error) {
			credential, err := token()
			if err != nil && protocol.CodeOf(err) != protocol.CodeInternal {
				return "", errors.Join(centrifuge.ErrUnauthorized, err)
			}
			return credential, err
		},
	}
	if transport != nil {
		config.Proxy, config.TLSConfig, config.NetDialContext = transport.Proxy, transport.TLSClientConfig, transport.DialContext
	}
	push := centrifuge.NewJsonClient(pushAddress(server), config)
	push.OnConnected(func(e centrifuge.ConnectedEvent) {
		var welcome protocol.Welcome
		if json.Unmarshal(e.Data, &welcome) == nil {
			to.welcomed(welcome)
		}
	})
	push.OnConnecting(func(centrifuge.ConnectingEvent) { to.lost() })
	push.OnPublication(func(p centrifuge.ServerPublicationEvent) {
		var event protocol.Event
		if json.Unmarshal(p.Data, &event) == nil {
			to.heard(event)
		}
	})
	push.OnDisconnected(func(e centrifuge.DisconnectedEvent) {
		to.closed(&LeftError{Code: protocol.CloseCode(e.Code), Reason: e.Reason})
	})
	return push
}

func pushAddress(server *url.URL) string {
	address := server.JoinPath("/v1/push/websocket")
	address.Scheme = "ws" + address.Scheme[len("http"):]
	return address.String()
}
