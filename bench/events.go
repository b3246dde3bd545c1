package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/handout-rtc/handout/protocol"
)

// ear is a push connection of a participant.
type ear struct{ conn *websocket.Conn }

// listen joins the push connection, from another network if there is one.
func (v *handoutVisit) listen(ctx context.Context, from *space, address string) (*ear, error) {
	dialer := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (conn net.Conn, err error) {
			err = from.do(func() error {
				conn, err = new(net.Dialer).DialContext(ctx, network, address)
				return err
			})
			return conn, err
		},
	}}
	conn, _, err := websocket.Dial(ctx, "ws://"+address+"/v1/push/websocket", &websocket.DialOptions{HTTPClient: dialer})
	if err != nil {
		return nil, fmt.Errorf("joining the push connection: %w", err)
	}
	conn.SetReadLimit(1 << 20)
	connect, err := json.Marshal(map[string]any{"id": 1, "connect": map[string]string{"token": v.token}})
	if err == nil {
		err = conn.Write(ctx, websocket.MessageText, connect)
	}
	if err == nil {
		_, _, err = conn.Read(ctx) // the welcome
	}
	if err != nil {
		conn.CloseNow()
		return nil, fmt.Errorf("joining the push connection: %w", err)
	}
	return &ear{conn}, nil
}

func (e *ear) close() { e.conn.CloseNow() }

// share waits until a share is made, and says when it heard of it.
func (e *ear) share(ctx context.Context) (share protocol.Share, heard time.Time, err error) {
	for {
		_, message, err := e.conn.Read(ctx)
		heard = time.Now()
		if err != nil {
			return share, heard, fmt.Errorf("waiting for a share: %w", err)
		}
		for line := range bytes.Lines(message) {
			var frame struct {
				Push struct {
					Pub struct {
						Data protocol.Event `json:"data"`
					} `json:"pub"`
				} `json:"push"`
			}
			if err := json.Unmarshal(line, &frame); err != nil {
				return share, heard, fmt.Errorf("reading a push: %w", err)
			}
			event := frame.Push.Pub.Data
			if event.Type == protocol.SharesCreated && len(event.Shares) > 0 {
				return event.Shares[0], heard, nil
			}
		}
	}
}
