package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/handout-rtc/handout/protocol"
)

// List returns what a participant may see in its room, without entering it: nobody
// there notices, and a program that is in the room with the same token stays in it.
func List(ctx context.Context, config Config, room protocol.RoomID) ([]protocol.Share, error) {
	api, err := visit(config)
	if err != nil {
		return nil, err
	}
	defer api.http.CloseIdleConnections()
	known := newModel()
	for cursor := ""; ; {
		var page protocol.SharePage
		if err := api.call(ctx, http.MethodGet, roomPath(room, "/shares?since="+url.QueryEscape(cursor)), nil, &page); err != nil {
			return nil, err
		}
		known.applyShares(page.Shares)
		if !page.More {
			return known.listShares(), nil
		}
		cursor = page.Seq.String()
	}
}

// End takes back a share like [Room.End], without entering the room.
func End(ctx context.Context, config Config, id protocol.ShareID) error {
	api, err := visit(config)
	if err != nil {
		return err
	}
	defer api.http.CloseIdleConnections()
	return api.call(ctx, http.MethodDelete, sharePath(id, ""), nil, nil)
}

func visit(config Config) (*api, error) {
	server, err := parseServer(config.Server)
	if err != nil {
		return nil, err
	}
	return newAPI(server, config), nil
}
