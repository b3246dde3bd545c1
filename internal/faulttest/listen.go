package faulttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/handout-rtc/handout/protocol"
)

const (
	pushPath = "/v1/push/websocket"
	maxPush  = 1 << 20 // what waits for a client is bounded by less
)

// Listen joins the room and follows it until the test ends. When a connection ends,
// whatever the reason, it makes another and reads again what it may have missed. It
// returns when the first one is there and everything has been read.
func (c *Client) Listen(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	c.view.begin(cancel, done)
	go func() {
		defer close(done)
		c.listen(ctx)
	}()
	t.Cleanup(c.Leave)
	first, cancelFirst := context.WithTimeout(t.Context(), patience)
	defer cancelFirst()
	if err := c.view.await(first, func(v *state) bool { return v.caughtUp }); err != nil {
		t.Fatalf("%s does not get into the room: %v", c.ID, err)
	}
}

// Leave ends Listen: the connection breaks off. It may be called twice.
func (c *Client) Leave() { c.view.end() }

// Await returns when what the client knows of the shares, by their ids, fulfils a
// condition.
func (c *Client) Await(ctx context.Context, fulfils func(map[protocol.ShareID]protocol.Share) bool) error {
	return c.view.await(ctx, func(v *state) bool { return fulfils(v.shares) })
}

// AwaitState returns when the client knows that the share is in that state.
func (c *Client) AwaitState(ctx context.Context, id protocol.ShareID, state protocol.ShareState) error {
	err := c.Await(ctx, func(shares map[protocol.ShareID]protocol.Share) bool { return shares[id].State == state })
	if err != nil {
		return fmt.Errorf("%s does not hear that %s is %s: %w", c.ID, id, state, err)
	}
	return nil
}

// listen makes one connection after the other.
func (c *Client) listen(ctx context.Context) {
	for connection := 1; ctx.Err() == nil; connection++ {
		err := c.follow(ctx, connection)
		c.view.lost()
		code := int(websocket.CloseStatus(err))
		c.journal.Add(Entry{Who: c.ID, Push: &Push{Connection: connection, State: "closed", Code: code}})
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// frame is a reply or a push of the centrifuge protocol, as far as we use it.
type frame struct {
	ID    int `json:"id"`
	Error *struct {
		Code int `json:"code"`
	} `json:"error"`
	Connect *struct{} `json:"connect"`
	Push    *struct {
		Pub *struct {
			Data json.RawMessage `json:"data"`
		} `json:"pub"`
	} `json:"push"`
}

// follow makes a connection and hears it to its end.
func (c *Client) follow(ctx context.Context, connection int) error {
	dialing, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	ws, response, err := websocket.Dial(dialing, "ws"+strings.TrimPrefix(c.Base, "http")+pushPath, &websocket.DialOptions{HTTPClient: c.Push})
	if err != nil {
		return err
	}
	if response.Body != nil {
		response.Body.Close()
	}
	defer ws.CloseNow()
	ws.SetReadLimit(maxPush)
	// One command is done before the next begins: once the second is refused, the
	// connection hears everything.
	for _, command := range []string{`{"id":1,"connect":{"token":"` + c.token + `"}}`, `{"id":2,"rpc":{"method":"none","data":{}}}`} {
		if err := ws.Write(dialing, websocket.MessageText, []byte(command)); err != nil {
			return err
		}
	}
	for {
		_, message, err := ws.Read(ctx)
		if err != nil {
			return err
		}
		for line := range bytes.Lines(message) {
			if err := c.hear(ctx, ws, connection, line); err != nil {
				return err
			}
		}
	}
}

// hear takes in one line of what the server says.
func (c *Client) hear(ctx context.Context, ws *websocket.Conn, connection int, line []byte) error {
	if string(bytes.TrimSpace(line)) == "{}" { // a ping
		return ws.Write(ctx, websocket.MessageText, []byte("{}"))
	}
	var f frame
	if err := json.Unmarshal(line, &f); err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	switch {
	case f.ID == 1 && f.Connect == nil:
		return errors.New("the server does not let the participant in")
	case f.ID == 2:
		c.journal.Add(Entry{Who: c.ID, Push: &Push{Connection: connection, State: "open"}})
		return c.catchUp(ctx)
	case f.Push == nil || f.Push.Pub == nil:
		return nil
	}
	var event protocol.Event
	if err := json.Unmarshal(f.Push.Pub.Data, &event); err != nil {
		return fmt.Errorf("%s: %w", f.Push.Pub.Data, err)
	}
	if event.Seq > 0 { // what is not stored may get lost: it is no promise
		c.journal.Add(Entry{Who: c.ID, Push: &Push{Connection: connection, State: "heard", Event: &event}})
		if !c.view.apply(event) {
			return c.catchUp(ctx)
		}
	}
	return nil
}

// catchUp reads what the client may have missed.
func (c *Client) catchUp(ctx context.Context) error {
	page, err := c.List(ctx, c.view.since())
	if err != nil {
		return err
	}
	c.view.read(page)
	return nil
}
