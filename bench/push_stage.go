package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// stage is a room of a server under measurement, for a crowd and one who
// speaks. It is used by one goroutine.
type stage struct {
	credentials []string // of who is to listen; the first is who speaks
	conn        *connection
	// say tells everybody something with the mark in it.
	say func(mark string) error
	// give offers a file with the mark in its name to everybody but who
	// speaks, by a list; nil where there are no files.
	give func(mark string) error
}

// pushedText is what is said beside the mark: together some 200 bytes.
var pushedText = strings.Repeat("handout ", 22)

func said(mark string) json.RawMessage {
	return json.RawMessage(`{"text":"` + mark + " " + pushedText + `"}`)
}

// openStage returns a room of the server for so many listeners.
func openStage(ctx context.Context, p *peer, listeners int) (*stage, error) {
	conn, err := dial(ctx, p.address)
	if err != nil {
		return nil, err
	}
	if p.name == centrifugeName {
		return bareStage(conn, listeners), nil
	}
	s, err := handoutStage(conn, listeners)
	if err != nil {
		conn.close()
	}
	return s, err
}

func bareStage(conn *connection, listeners int) *stage {
	return &stage{
		credentials: make([]string, listeners), conn: conn,
		say: func(mark string) error {
			body := said(mark)
			_, err := conn.do(request{
				method: http.MethodPost, path: "/publish", want: http.StatusNoContent, body: payload{block: body, size: int64(len(body))},
			}, nil)
			return err
		},
	}
}

func handoutStage(conn *connection, listeners int) (*stage, error) {
	entered, err := enterHandout(conn)
	if err != nil {
		return nil, err
	}
	room := entered.room
	s := &stage{conn: conn}
	ids := make([]protocol.ParticipantID, listeners)
	for i := range listeners {
		ids[i] = protocol.ParticipantID(fmt.Sprintf("listener%d", i))
		app, key, _ := strings.Cut(devCredentials, ":")
		credential, err := token.Sign([]byte(key), token.Claims{
			App: app, Participant: ids[i], ID: string(ids[i]), Room: room, Name: string(ids[i]),
			Role: token.Member, Grants: token.Member.Grants(), ExpiresAt: time.Now().Add(24 * time.Hour),
		})
		if err != nil {
			return nil, err
		}
		s.credentials = append(s.credentials, credential)
	}
	in := handoutVoice{conn: conn, path: "/v1/rooms/" + string(room), bearer: "Authorization: Bearer " + s.credentials[0] + "\r\n", others: ids[1:]}
	s.say, s.give = in.say, in.give
	return s, nil
}

// handoutVoice is who speaks in a room of Handout.
type handoutVoice struct {
	conn         *connection
	path, bearer string
	others       []protocol.ParticipantID
}

func (v handoutVoice) say(mark string) error {
	room := protocol.ToRoom()
	return v.conn.send204(v.path+"/messages", v.bearer, protocol.MessageRequest{Kind: protocol.DataMessage, To: &room, Body: said(mark)})
}

func (v handoutVoice) give(mark string) error {
	size, to := int64(1<<20), protocol.Audience{List: v.others}
	var offered protocol.Offered
	err := v.conn.ask(request{method: http.MethodPost, path: v.path + "/shares", head: v.bearer, want: http.StatusCreated},
		protocol.Offer{Files: []protocol.FileInfo{{Name: mark + ".bin", Size: &size}}, To: &to}, &offered)
	return err
}

// send204 sends a value as JSON and expects no answer but that it was taken.
func (c *connection) send204(path, head string, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = c.do(request{
		method: http.MethodPost, path: path, head: head + "Content-Type: application/json\r\n", want: http.StatusNoContent,
		body: payload{block: body, size: int64(len(body))},
	}, nil)
	return err
}
