package abuse_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// dialPush opens a push connection and connects, if there is a token.
func dialPush(ctx context.Context, t target, token string) (*websocket.Conn, error) {
	ws, response, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(t.URL, "http")+"/v1/push/websocket", &websocket.DialOptions{HTTPClient: from(attackersAddress, 1)})
	if response != nil && response.Body != nil {
		response.Body.Close()
	}
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(1 << 20)
	return ws, ws.Write(ctx, websocket.MessageText, []byte(`{"id":1,"connect":{"token":"`+token+`"}}`))
}

// ending returns the code that the server closes with, whatever comes before.
func ending(ctx context.Context, ws *websocket.Conn) string {
	for {
		_, _, err := ws.Read(ctx)
		if err == nil {
			continue
		}
		if code := websocket.CloseStatus(err); code >= 0 {
			return "closed " + strconv.Itoa(int(code))
		}
		return "broken"
	}
}

// pushFlood asks for as much as it can on one connection, and on another one when
// that has ended, so many commands in all.
func pushFlood(ctx context.Context, t target, of *tally) {
	for sent := 0; sent < t.N && ctx.Err() == nil; {
		ws, err := dialPush(ctx, t, t.Tokens[0])
		if err != nil {
			of.add("refused")
			sent++
			continue
		}
		said := make(chan string, 1)
		go func() { said <- ending(ctx, ws) }()
		for ; sent < t.N; sent++ {
			text := `{"id":` + strconv.Itoa(sent+2) + `,"subscribe":{"channel":"room:` + strconv.Itoa(sent) + `"}}`
			if sent%2 == 0 {
				text = `{"id":` + strconv.Itoa(sent+2) + `,"rpc":{"method":"x","data":{}}}`
			}
			if ws.Write(ctx, websocket.MessageText, []byte(text)) != nil {
				break
			}
		}
		select {
		case how := <-said:
			of.add(how)
		case <-time.After(serversPatience):
			of.add("goes on")
		}
		ws.CloseNow()
	}
}

// longWord says something of a mebibyte.
func longWord(ctx context.Context, t target, of *tally) {
	word := []byte(`{"id":2,"rpc":{"method":"` + strings.Repeat("x", 1<<20) + `"}}`)
	for i := range t.N {
		ws, err := dialPush(ctx, t, t.Tokens[i%len(t.Tokens)])
		if err != nil {
			of.add("refused")
			continue
		}
		go ws.Write(ctx, websocket.MessageText, word) // which breaks
		of.add(ending(ctx, ws))
		ws.CloseNow()
	}
}

// flap joins and leaves a hundred times a second.
func flap(ctx context.Context, t target, of *tally) {
	client := from(attackersAddress, 4)
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for range t.N {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		ws, err := dialPush(ctx, t, t.Tokens[0])
		if err != nil {
			of.add("refused")
			continue
		}
		if _, _, err := ws.Read(ctx); err != nil {
			of.add("closed " + strconv.Itoa(int(websocket.CloseStatus(err))))
		} else {
			of.add("joined")
		}
		leave, err := http.NewRequestWithContext(ctx, http.MethodDelete, t.URL+"/v1/rooms/"+string(t.Room)+"/participants/attacker0", nil)
		if err != nil {
			panic(err) // of this package's making
		}
		leave.Header.Set("Authorization", "Bearer "+t.Tokens[0])
		if response, err := client.Do(leave); err == nil {
			response.Body.Close()
		}
		ws.CloseNow()
	}
}
