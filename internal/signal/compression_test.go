package signal_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// TestNoCompressionIsSpoken: what a client sends is as large as it seems.
func TestNoCompressionIsSpoken(t *testing.T) {
	s := newStand(t, nil)
	ws, response, err := websocket.Dial(t.Context(), s.web.URL+"/ws", &websocket.DialOptions{CompressionMode: websocket.CompressionContextTakeover})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	if asked := response.Request.Header.Get("Sec-Websocket-Extensions"); !strings.Contains(asked, "permessage-deflate") {
		t.Fatalf("the client asks for %q", asked)
	}
	if got := response.Header.Get("Sec-Websocket-Extensions"); response.StatusCode != http.StatusSwitchingProtocols || got != "" {
		t.Errorf("%s, extensions %q", response.Status, got)
	}
	command := connectCommand("")
	if err := ws.Write(t.Context(), websocket.MessageText, []byte(command)); err != nil { // let the server end it
		t.Fatal(err)
	}
	if _, _, err := ws.Read(t.Context()); websocket.CloseStatus(err) < 0 {
		t.Errorf("it ends by %v", err)
	}
}
