package signal

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge"

	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// wire is a connection of which only what the server writes is kept.
type wire struct {
	mu      sync.Mutex
	replies [][]byte // guarded by mu
}

func (*wire) Name() string                                { return "fuzz" }
func (*wire) AcceptProtocol() string                      { return "" }
func (*wire) Protocol() centrifuge.ProtocolType           { return centrifuge.ProtocolTypeJSON }
func (*wire) ProtocolVersion() centrifuge.ProtocolVersion { return centrifuge.ProtocolVersion2 }
func (*wire) Unidirectional() bool                        { return false }
func (*wire) Emulation() bool                             { return false }
func (*wire) DisabledPushFlags() uint64                   { return centrifuge.PushFlagDisconnect }
func (*wire) PingPongConfig() centrifuge.PingPongConfig {
	return centrifuge.PingPongConfig{PingInterval: time.Hour}
}
func (*wire) Close(centrifuge.Disconnect) error { return nil }
func (w *wire) Write(reply []byte) error        { return w.WriteMany(reply) }
func (w *wire) WriteMany(replies ...[]byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, reply := range replies {
		w.replies = append(w.replies, bytes.Clone(reply))
	}
	return nil
}

// lobby lets everybody in.
type lobby struct{}

func (lobby) Join(_ context.Context, e room.Entrant, _ string) (protocol.Welcome, error) {
	return protocol.Welcome{Me: protocol.Participant{ID: e.ID, Name: e.Name}, Room: protocol.RoomInfo{ID: e.Room}}, nil
}

func (lobby) Away(context.Context, protocol.RoomID, protocol.ParticipantID, string) error { return nil }

// FuzzCommands: whatever a client says, it is answered in little, follows its own
// two streams and no other, and is in the room by a good token alone.
func FuzzCommands(f *testing.F) {
	key, in := []byte("a-key-for-tests-alone"), protocol.RoomID("rm_cccccccccccccccccccccccccc") // fuzzing runs in several processes
	good, err := token.Sign(key, token.Claims{
		App: "app", Participant: "ana", Room: in, Name: "Ana", Role: token.Member, Grants: token.Member.Grants(), ExpiresAt: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		f.Fatal(err)
	}
	edge, err := New(Config{Tokens: token.Keys{"app": {key}}})
	if err != nil {
		f.Fatal(err)
	}
	if err := edge.Start(lobby{}); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { edge.Shutdown(context.Background()) })
	connect := `{"id":1,"connect":{"token":"TOKEN"}}`
	for _, seed := range []string{
		connect, connect + "\n" + connect, `{"id":1,"connect":{}}`, `{"id":1,"connect":{"token":"x","data":{"a":1},"subs":{"room:rm_other":{"recover":true}}}}`,
		connect + "\n" + `{"id":2,"subscribe":{"channel":"personal:rm_cccccccccccccccccccccccccc:ben"}}`, connect + "\n" + `{"id":2,"subscribe":{"channel":"room:rm_other","recover":true}}`,
		connect + "\n" + `{"id":2,"publish":{"channel":"room:rm_cccccccccccccccccccccccccc","data":{}}}`, connect + "\n" + `{"id":2,"rpc":{"method":"m","data":"x"}}`,
		connect + "\n" + `{"id":2,"history":{"channel":"room:rm_cccccccccccccccccccccccccc","limit":-1}}`, connect + "\n" + `{"id":2,"refresh":{"token":"TOKEN"}}`,
		connect + "\n" + `{"id":2,"sub_refresh":{"channel":"x","token":"TOKEN"}}`, `{"id":2,"presence":{"channel":"x"}}`, connect + "\n{}", "{}", "[]", `{"id":-1}`, "\x00", `{"id":4294967296,"ping":{}}`,
		connect + "\n" + `{"id":2,"unsubscribe":{"channel":"room:rm_cccccccccccccccccccccccccc"}}`, connect + "\n" + `{"send":{"data":{}}}`, `{"id":1,"connect":{"token":"TOKEN","headers":{"a":"b"}}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, said string) {
		w := new(wire)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		client, closeClient, err := centrifuge.NewClient(ctx, edge.node, w)
		if err != nil {
			t.Fatal(err)
		}
		centrifuge.HandleReadFrame(client, strings.NewReader(strings.ReplaceAll(said, "TOKEN", good)), maxCommand)
		closeClient()
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, reply := range w.replies {
			checkReply(t, said, reply, in)
		}
	})
}

func checkReply(t *testing.T, said string, reply []byte, in protocol.RoomID) {
	var heard struct {
		Connect *struct {
			Subs map[string]json.RawMessage
		}
		Subscribe, Publish, Presence, History, RPC, Refresh json.RawMessage
	}
	if err := json.Unmarshal(reply, &heard); err != nil || len(reply) > maxCommand {
		t.Fatalf("%q is answered by %d bytes: %.200q, %v", said, len(reply), reply, err)
	}
	if heard.Subscribe != nil || heard.Publish != nil || heard.Presence != nil || heard.History != nil || heard.RPC != nil || heard.Refresh != nil {
		t.Fatalf("%q is obeyed: %s", said, reply)
	}
	if heard.Connect == nil {
		return
	}
	if !strings.Contains(said, "TOKEN") {
		t.Fatalf("%q lets in: %s", said, reply)
	}
	for name := range heard.Connect.Subs {
		if name != channel(in, "") && name != channel(in, "ana") {
			t.Fatalf("%q follows %s", said, name)
		}
	}
}
