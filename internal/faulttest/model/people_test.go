package model_test

import (
	"encoding/json"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/handout-rtc/handout/protocol"
)

// join lets somebody connect: who is connected is replaced.
func (m *machine) join(t *rapid.T) {
	p := m.anybody(t, "who")
	if p.stranger {
		t.SkipNow() // a stranger has a room of its own
	}
	m.connect(t, p)
}

// connect makes a push connection and reads what its owner may have missed.
func (m *machine) connect(t *rapid.T, p *person) {
	replaced := p.ear
	ear, refused, err := listen(m.server.URL(), p.token)
	m.tell(t, "%s connects: refused %d", p.id, refused)
	switch {
	case err != nil:
		t.Fatalf("     %v", err)
	case p.dropped != (refused != 0), p.dropped && refused != int(protocol.CloseDropped):
		t.Fatalf("     the model says: dropped %v", p.dropped)
	case p.dropped:
		return
	}
	p.in, p.ear = true, ear
	if replaced != nil {
		m.ended(t, p, replaced, protocol.CloseReplaced)
	}
	if said := ear.welcome; said.Me.ID != p.id || said.Room.Sharing.Rev != m.rev || !slices.Equal(said.Room.Sharing.Off, m.off) {
		t.Fatalf("     the welcome of %s says %+v", p.id, said)
	}
	personal := p.view.at.Personal
	page, _ := m.list(t, p, p.view.at)
	p.view.read(page)
	var roster protocol.Roster
	m.send(t, p, request{method: "GET", path: m.roomPath("/participants")}).read(t, &roster)
	p.view.members = make(map[protocol.ParticipantID]bool)
	for _, of := range roster.Participants {
		p.view.members[of.ID] = true
	}
	p.view.sharing = roster.Sharing
	var receipts protocol.ReceiptPage
	m.send(t, p, request{method: "GET", path: m.roomPath("/receipts?since=" + fmt.Sprint(personal))}).read(t, &receipts)
	for _, r := range receipts.Receipts {
		p.view.takeReceipt(r)
	}
}

func (m *machine) roomPath(path string) string { return "/v1/rooms/" + string(m.room) + path }

// ended waits until a connection has ended, by that code.
func (m *machine) ended(t *rapid.T, p *person, e *ear, want protocol.CloseCode) {
	code, err := e.over()
	if err != nil || code != int(want) {
		t.Fatalf("     the connection of %s ended with %d (%v)\n     the model says %d", p.id, code, err, want)
	}
}

// leave is DELETE …/participants/{me}.
func (m *machine) leave(t *rapid.T) {
	p := m.anybody(t, "who")
	want := m.mayRoom(p)
	if want == fine {
		want.status = 204
	}
	m.must(t, p, "leaves", request{method: "DELETE", path: m.roomPath("/participants/" + string(p.id))}, want)
	if want.status != 204 {
		return
	}
	p.in = false
	if p.ear != nil {
		m.ended(t, p, p.ear, protocol.CloseLeft)
		p.ear = nil
	}
}

// hangUp breaks a connection off: its owner stays on the roster.
func (m *machine) hangUp(t *rapid.T) {
	p := m.anybody(t, "who")
	if p.ear == nil {
		t.SkipNow() // who is not connected
	}
	m.tell(t, "%s hangs up", p.id)
	p.ear.hangUp()
	p.ear = nil
}

// drop is DELETE …/participants/{id} of somebody else: one time of three it is really meant.
func (m *machine) drop(t *rapid.T) {
	p, whom := m.anybody(t, "who"), m.anybody(t, "whom")
	if p == whom || p.grants.Moderate && !p.stranger && chance(t, "meant", "no", "no", "yes") == "no" {
		t.SkipNow() // nobody is dropped
	}
	want := m.mayRoom(p)
	switch {
	case want != fine:
	case !p.grants.Moderate:
		want = forbidden
	default:
		want.status = 204
	}
	m.must(t, p, "drops "+string(whom.id), request{method: "DELETE", path: m.roomPath("/participants/" + string(whom.id))}, want)
	if want.status != 204 || whom.stranger {
		return
	}
	whom.in, whom.dropped = false, true
	for _, f := range m.files {
		if f.sender == whom {
			f.fail(protocol.CodeDropped)
		}
	}
	if whom.ear != nil {
		m.ended(t, whom, whom.ear, protocol.CloseDropped)
		whom.ear = nil
	}
}

// switchSharing is PUT …/sharing.
func (m *machine) switchSharing(t *rapid.T) {
	p := m.anybody(t, "who")
	if !p.grants.Moderate && chance(t, "by", "mo", "mo", "anybody") == "mo" {
		p = m.named("mo")
	}
	off := [][]string{{}, {}, {}, {protocol.RoleParticipant}, {protocol.RoleParticipant, protocol.RoleViewer}, {protocol.RoleModerator, protocol.RoleParticipant, protocol.RoleViewer}, {"nobody"}}[rapid.IntRange(0, 6).Draw(t, "off")]
	cancel := rapid.Bool().Draw(t, "cancel running")
	body, err := json.Marshal(protocol.SharingSwitch{Off: &off, CancelRunning: cancel})
	if err != nil {
		t.Fatal(err)
	}
	want := m.mayRoom(p)
	switch {
	case want != fine:
	case !p.grants.Moderate:
		want = forbidden
	case len(off) == 1 && off[0] == "nobody":
		want = invalid
	default:
		want.status = 200
	}
	a := m.must(t, p, fmt.Sprintf("switches sharing off for %q, cancels what runs: %v", off, cancel), request{method: "PUT", path: m.roomPath("/sharing"), body: body}, want)
	if want.status != 200 {
		return
	}
	if !slices.Equal(m.off, off) {
		m.off, m.rev = off, m.rev+1
	}
	var said protocol.Sharing
	if a.read(t, &said); said.Rev != m.rev || !slices.Equal(said.Off, m.off) {
		t.Fatalf("     the answer says %v, the model rev %d", said, m.rev)
	}
	for _, f := range m.files {
		if cancel && slices.Contains(m.off, f.sender.class()) {
			f.fail(protocol.CodeSharingOff)
		}
	}
}

// withdraw is DELETE …/participants/{id}/shares.
func (m *machine) withdraw(t *rapid.T) {
	p, whom := m.anybody(t, "who"), m.anybody(t, "whose")
	want := m.mayRoom(p)
	switch {
	case want != fine:
	case p != whom && !p.grants.Moderate:
		want = forbidden
	default:
		want.status = 204
	}
	m.must(t, p, "ends all of "+string(whom.id), request{method: "DELETE", path: m.roomPath("/participants/" + string(whom.id) + "/shares")}, want)
	for _, f := range m.files {
		if want.status == 204 && f.sender == whom {
			f.withdraw(p)
		}
	}
}
