package model_test

import (
	"context"
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// The application that a server with --dev knows.
const (
	devApp = "dev"
	devKey = "devkey"
)

// lab is a server for many machines, one after the other, and what they have done.
type lab struct {
	server   *faulttest.Server
	http     *http.Client
	abroad   protocol.RoomID // a room that strangers are of
	requests int
	heard    int // events
	kills    int
	failed   bool // something was waited for in vain
	answers  map[string]int
}

// machine is a room of the server, and its model.
type machine struct {
	*lab
	world
	line int
	made int // files and keys, for their names
}

// newLab starts a server.
func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}, answers: make(map[string]int)}
	t.Cleanup(l.http.CloseIdleConnections)
	l.server = faulttest.Start(t, faulttest.Config{Path: faulttest.Build(t), Args: []string{
		"--dev", "--reconnect", "10h", "--min-free", "1MiB",
		"--max-file-size", fmt.Sprint(maxFile), "--max-open-uploads", fmt.Sprint(maxOpen), "--max-room-shares", fmt.Sprint(maxShares), "--max-rooms", "1000000",
		"--create-rate", "10000", "--create-burst", "10000", "--rejoin-rate", "1000", "--rejoin-burst", "1000",
		"--request-rate", "100000", "--request-burst", "100000", "--room-request-rate", "100000", "--room-request-burst", "100000",
		"--address-request-rate", "100000", "--address-request-burst", "100000",
	}})
	room, err := l.makeRoom()
	if err != nil {
		t.Fatal(err)
	}
	l.abroad = room
	return l
}

// makeRoom asks for a room as the application does.
func (l *lab) makeRoom() (protocol.RoomID, error) {
	return faulttest.NewRoom(context.Background(), l.http, l.server.URL(), "model")
}

// cast is everybody of a machine.
func (m *machine) cast(t *rapid.T) {
	for _, p := range []*person{
		{id: "ana", role: token.Member, grants: token.Member.Grants()},
		{id: "bo", role: token.Member, grants: token.Member.Grants()},
		{id: "mo", role: token.Moderator, grants: token.Moderator.Grants()},
		{id: "vi", role: token.Viewer, grants: token.Viewer.Grants()},
		{id: "deaf", role: token.Member, grants: token.Grants{Send: true}}, // may not receive
		{id: "ex", role: token.Moderator, grants: token.Moderator.Grants(), stranger: true},
	} {
		room := m.room
		if p.stranger {
			room = m.abroad
		}
		var err error
		p.token, err = token.Sign([]byte(devKey), token.Claims{
			App: devApp, Participant: p.id, Room: room, Name: "N " + string(p.id), Role: p.role, Grants: p.grants, ExpiresAt: time.Now().Add(100 * time.Hour),
		})
		if err != nil {
			t.Fatal(err)
		}
		p.view = newView()
		m.people = append(m.people, p)
	}
}

// run is one check: a room from its making to the last look.
func (l *lab) run(t *rapid.T) {
	m := &machine{lab: l}
	var err error
	if m.room, err = l.makeRoom(); err != nil {
		t.Fatal(err)
	}
	m.cast(t)
	defer func() {
		for _, p := range m.people {
			if p.ear != nil {
				p.ear.hangUp()
			}
		}
	}()
	for _, p := range m.people[:3] {
		m.connect(t, p)
	}
	t.Repeat(map[string]func(*rapid.T){
		"join": m.join, "leave": m.leave, "hang up": m.hangUp, "drop": m.drop, "kill": m.kill,
		"offer": m.offer, "offer again": m.again, "create": m.create, "create marked": m.createMarked, "create, cut": m.createCut,
		"append": m.append, "append more": m.append, "append marked": m.appendMarked, "append, cut": m.appendCut, "offset": m.head,
		"end": m.end, "end upload": m.endUpload, "end all": m.withdraw, "switch": m.switchSharing,
		"list": m.readList, "get": m.get, "content": m.content, "content again": m.content, "ticket": m.ticket, "use ticket": m.useTicket,
		"say": m.say, "say nonsense": m.sayNonsense, "look": m.look,
	})
	m.look(t)
}

// kill kills the server, one time of four, and everybody comes back.
func (m *machine) kill(t *rapid.T) {
	if rapid.SampledFrom([]string{"no", "no", "no", "kill"}).Draw(t, "kill") == "no" {
		return
	}
	for _, p := range m.people { // a download's begin that is not recorded yet may get lost
		if !p.stranger && !p.dropped {
			m.eventually(t, func() error { return m.wrongReceipts(t, p) })
		}
	}
	m.tell(t, "the server is killed, and starts again")
	m.kills++
	if err := m.server.End(syscall.SIGKILL, patience); err == nil {
		t.Fatal("the server had ended by itself")
	}
	m.http.CloseIdleConnections()
	if err := m.server.Begin(); err != nil {
		t.Fatal(err)
	}
	for _, f := range m.files {
		f.settle()
	}
	for _, p := range m.people {
		if p.ear != nil {
			p.ear.hangUp()
			p.ear = nil
			m.connect(t, p)
		}
	}
}

// anybody draws somebody, strangers included.
func (m *machine) anybody(t *rapid.T, why string) *person {
	var names []string
	for _, p := range m.people {
		names = append(names, string(p.id))
	}
	return m.named(rapid.SampledFrom(names).Draw(t, why))
}

func (m *machine) named(id string) *person {
	for _, p := range m.people {
		if string(p.id) == id {
			return p
		}
	}
	return nil
}

// file draws one of the youngest files that ok approves of.
func (m *machine) file(t *rapid.T, ok func(*file) bool) *file {
	var names []string
	for _, f := range m.files {
		if f.id != "" && (ok == nil || ok(f)) {
			names = append(names, f.name)
		}
	}
	if len(names) == 0 {
		t.SkipNow() // there is none
	}
	name := rapid.SampledFrom(names[max(0, len(names)-10):]).Draw(t, "file")
	for _, f := range m.files {
		if f.name == name {
			return f
		}
	}
	return nil
}

// mostly draws the sender of a file, or now and then anybody.
func (m *machine) mostly(t *rapid.T, f *file) *person {
	if rapid.SampledFrom([]string{"sender", "sender", "sender", "anybody"}).Draw(t, "by") == "sender" {
		return f.sender
	}
	return m.anybody(t, "who")
}

// chance draws one of some words.
func chance(t *rapid.T, label string, words ...string) string {
	return rapid.SampledFrom(words).Draw(t, label)
}
