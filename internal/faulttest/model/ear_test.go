package model_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/handout-rtc/handout/protocol"
)

// ear is a push connection, and all that was heard on it.
type ear struct {
	welcome protocol.Welcome
	cancel  context.CancelFunc

	mu      sync.Mutex
	events  []protocol.Event // guarded by mu; not taken yet
	code    int              // guarded by mu; of the end of the connection
	broken  error            // guarded by mu; what was heard makes no sense
	changed chan struct{}    // guarded by mu; closed at the next change
	ended   chan struct{}    // closed with the connection
}

// listen connects. refused is the close code of who is not let in.
func listen(base, token string) (e *ear, refused int, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	dialing, done := context.WithTimeout(ctx, patience)
	defer done()
	ws, _, err := websocket.Dial(dialing, "ws"+strings.TrimPrefix(base, "http")+"/v1/push/websocket", nil)
	if err != nil {
		cancel()
		return nil, 0, err
	}
	ws.SetReadLimit(1 << 20)
	if err := ws.Write(dialing, websocket.MessageText, []byte(`{"id":1,"connect":{"token":"`+token+`"}}`)); err != nil {
		cancel()
		return nil, 0, err
	}
	_, message, err := ws.Read(dialing)
	if code := websocket.CloseStatus(err); code > 0 {
		cancel()
		return nil, int(code), nil
	}
	first, rest, _ := bytes.Cut(message, []byte("\n"))
	var reply struct {
		Connect *struct {
			Data protocol.Welcome `json:"data"`
		} `json:"connect"`
	}
	if err == nil {
		err = json.Unmarshal(first, &reply)
	}
	if err != nil || reply.Connect == nil {
		cancel()
		return nil, 0, fmt.Errorf("connecting: %w: %s", err, message)
	}
	e = &ear{welcome: reply.Connect.Data, cancel: cancel, changed: make(chan struct{}), ended: make(chan struct{})}
	go e.hear(ctx, ws, rest)
	return e, 0, nil
}

func (e *ear) hear(ctx context.Context, ws *websocket.Conn, message []byte) {
	defer close(e.ended)
	defer ws.CloseNow()
	for {
		for line := range bytes.Lines(message) {
			if err := e.take(ctx, ws, bytes.TrimSpace(line)); err != nil {
				e.change(func() { e.broken = err })
				return
			}
		}
		var err error
		if _, message, err = ws.Read(ctx); err != nil {
			e.change(func() { e.code = int(websocket.CloseStatus(err)) })
			return
		}
	}
}

func (e *ear) take(ctx context.Context, ws *websocket.Conn, line []byte) error {
	if len(line) == 0 {
		return nil
	}
	if string(line) == "{}" { // a ping
		return ws.Write(ctx, websocket.MessageText, line)
	}
	var frame struct {
		Push *struct {
			Pub *struct {
				Data protocol.Event `json:"data"`
			} `json:"pub"`
		} `json:"push"`
	}
	if err := json.Unmarshal(line, &frame); err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	if frame.Push != nil && frame.Push.Pub != nil {
		e.change(func() { e.events = append(e.events, frame.Push.Pub.Data) })
	}
	return nil
}

func (e *ear) change(how func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	how()
	close(e.changed)
	e.changed = make(chan struct{})
}

// taken returns what was heard since the last time, and a channel that is closed
// when there is more.
func (e *ear) taken() (events []protocol.Event, more <-chan struct{}, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	events, e.events = e.events, nil
	return events, e.changed, e.broken
}

// over waits for the end of the connection, and returns its code.
func (e *ear) over() (int, error) {
	select {
	case <-e.ended:
	case <-time.After(patience):
		return 0, fmt.Errorf("the connection goes on")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.code, nil
}

// hangUp breaks the connection off.
func (e *ear) hangUp() {
	e.cancel()
	<-e.ended
}
