package client_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/handout-rtc/handout/client"
	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

func TestMain(m *testing.M) {
	code := m.Run()
	examples.end()
	http.DefaultClient.CloseIdleConnections()
	if code == 0 {
		// The library waits so long for the reply to a command of a connection that has ended.
		if err := goleak.Find(goleak.IgnoreAnyFunction("github.com/centrifugal/centrifuge-go.(*Client).sendAsync.func1")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// stand is a real server with a room.
type stand struct {
	*faulttest.Server
	room protocol.RoomID
}

func newStand(t *testing.T, flags ...string) *stand {
	t.Helper()
	s := &stand{Server: faulttest.Start(t, faulttest.Config{Path: faulttest.Build(t), Args: append([]string{"--dev"}, flags...)})}
	var err error
	if s.room, err = makeRoom(s.URL()); err != nil {
		t.Fatal(err)
	}
	return s
}

func makeRoom(server string) (protocol.RoomID, error) {
	return faulttest.NewRoom(context.Background(), http.DefaultClient, server, "Physics 101")
}

func signed(room protocol.RoomID, id protocol.ParticipantID, role token.Role, life time.Duration) string {
	text, err := token.Sign([]byte("devkey"), token.Claims{
		App: "dev", Participant: id, Room: room, Name: "N " + string(id), Role: role, Grants: role.Grants(), ExpiresAt: time.Now().Add(life),
	})
	if err != nil {
		panic(err) // only claims that are none can fail
	}
	return text
}

// enter has a participant join; the end of the test has it leave.
func (s *stand) enter(t *testing.T, id protocol.ParticipantID, role token.Role) *client.Room {
	t.Helper()
	return s.enterBy(t, client.Config{Server: s.URL(), Token: signed(s.room, id, role, time.Hour)})
}

func (s *stand) enterBy(t *testing.T, config client.Config) *client.Room {
	t.Helper()
	room, err := client.Join(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { room.Leave(t.Context()) }) // the server may be gone by then
	return room
}

// content returns n bytes that no other call returns.
func content(n int) []byte {
	text := make([]byte, n)
	source := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)})
	source.Read(text)
	return text
}

func file(name string, text []byte) client.File {
	return client.File{Name: name, Size: int64(len(text)), Content: bytes.NewReader(text)}
}

func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// await returns the first event that is wanted.
func await[E client.Event](t *testing.T, room *client.Room, wanted func(E) bool) E {
	t.Helper()
	var last error
	for event, err := range room.Events(t.Context()) {
		if e, is := event.(E); is && wanted(e) {
			return e
		}
		last = err
	}
	t.Fatalf("it never happened (%v)", last)
	panic("unreachable")
}

// until returns when something holds that changes with events of the room. Its own
// participant is one of them, so it is asked at least once.
func until(t *testing.T, room *client.Room, holds func() bool) {
	t.Helper()
	for range room.Events(t.Context()) {
		if holds() {
			return
		}
	}
	t.Fatal("it never held")
}

func awaitShare(t *testing.T, room *client.Room, name string, state protocol.ShareState) protocol.Share {
	t.Helper()
	return await(t, room, func(e client.ShareChanged) bool { return e.Share.Name == name && e.Share.State == state }).Share
}

// examples is the server of the examples, started by the first of them.
var examples exampleStand

type exampleStand struct {
	once   sync.Once
	server *faulttest.Server
}

// begin returns the server, and a room of the example's own.
func (e *exampleStand) begin() (server string, room protocol.RoomID) {
	e.once.Do(func() {
		binary, err := faulttest.BuildProgram()
		if err != nil {
			panic(err)
		}
		data, err := os.MkdirTemp("", "handout-example")
		if err != nil {
			panic(err)
		}
		e.server = &faulttest.Server{Data: data, Config: faulttest.Config{
			Path: binary, Args: []string{"--dev", "--listen", "127.0.0.1:0", "--data", data},
		}}
		if err := e.server.Begin(); err != nil {
			panic(err)
		}
	})
	room, err := makeRoom(e.server.URL())
	if err != nil {
		panic(err)
	}
	return e.server.URL(), room
}

func (e *exampleStand) end() {
	if e.server != nil {
		e.server.End(syscall.SIGTERM, time.Minute)
		os.RemoveAll(e.server.Data)
	}
}
