package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/centrifugal/centrifuge"
)

// centrifugeName is the baseline of push: what the library costs by itself.
const centrifugeName = "centrifuge"

// pushChannel is the one channel that everybody connected to the baseline
// follows.
const pushChannel = "room"

// servePushBaseline serves a minimal centrifuge server until it is ended, and
// prints its address first: the library's own configuration, no tokens, no
// records, one server-side subscription.
func servePushBaseline(address string) error {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return err
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{
			Credentials:   &centrifuge.Credentials{},
			Subscriptions: map[string]centrifuge.SubscribeOptions{pushChannel: {}},
		}, nil
	})
	if err := node.Run(); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+pushPath, centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{}))
	mux.HandleFunc("POST /publish", func(w http.ResponseWriter, r *http.Request) {
		event, err := io.ReadAll(r.Body)
		if err == nil {
			_, err = node.Publish(pushChannel, event)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Printf("serving on http://%s/\n", listener.Addr())
	return http.Serve(listener, mux)
}
