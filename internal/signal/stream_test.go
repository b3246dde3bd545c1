package signal_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/protocol"
)

// TestHTTPStreaming joins without a WebSocket, hears an event, and asks for
// something over the emulation.
func TestHTTPStreaming(t *testing.T) {
	s := newStand(t, nil)
	response, err := http.Post(s.web.URL+"/stream", "application/json", strings.NewReader(connectCommand(signed(t, devKey, s.claims("ana")))))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	next := func() (f frame) {
		t.Helper()
		for f.ID == 0 && f.Push == nil {
			if !lines.Scan() {
				t.Fatalf("the stream ended: %v", lines.Err())
			}
			if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
				t.Fatalf("%s: %v", lines.Bytes(), err)
			}
		}
		return f
	}
	reply := next()
	if reply.Connect == nil || reply.Connect.Session == "" {
		t.Fatalf("%+v", reply)
	}
	s.publish(t, "ana", "for ana")
	var event protocol.Event
	if push := next(); push.Push == nil || json.Unmarshal(push.Push.Pub.Data, &event) != nil || event.Participant.Name != "for ana" {
		t.Fatalf("%+v", push)
	}
	command := fmt.Sprintf(`{"session":%q,"node":%q,"data":%q}`, reply.Connect.Session, reply.Connect.Node,
		`{"id":2,"subscribe":{"channel":"personal:`+string(s.room)+`:bob"}}`)
	answer, err := http.Post(s.web.URL+"/emulation", "application/json", strings.NewReader(command))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if refused := next(); answer.StatusCode != http.StatusNoContent || refused.Error == nil {
		t.Errorf("%s, %+v", answer.Status, refused)
	}
	response.Body.Close()
	<-s.rooms.away
	if m := s.member(t, "ana"); m.AwaySince.IsZero() {
		t.Errorf("%+v", m)
	}
}
