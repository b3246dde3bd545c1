package room_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/sqlite/sqlitetest"
	"github.com/handout-rtc/handout/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// line is a push edge that remembers what it was told.
type line struct {
	mu     sync.Mutex
	closed map[string]protocol.CloseCode
	pushed []pushed
}

type pushed struct {
	To    protocol.ParticipantID
	Event protocol.Event
}

func (l *line) Disconnect(_ protocol.RoomID, _ protocol.ParticipantID, connection string, code protocol.CloseCode) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed[connection] = code
}

func (l *line) Publish(_ protocol.RoomID, to protocol.ParticipantID, e protocol.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pushed = append(l.pushed, pushed{to, e})
	return nil
}

// everybody is how many listen in each room.
const everybody = 3

func (*line) Listening(protocol.RoomID) int { return everybody }

// house is a Service over a real store.
type house struct {
	*room.Service
	line    *line
	records *store.DB
}

var limits = protocol.Limits{ParticipantsPerRoom: 3, RecipientsPerRequest: 4, MessageBytes: 64, ReconnectSeconds: 10}

func newHouse(t *testing.T) *house { return newHouseWith(t, room.Chatter{}) }

func newHouseWith(t *testing.T, chatter room.Chatter) *house {
	t.Helper()
	records := sqlitetest.Open(t, filepath.Join(t.TempDir(), "handout.db"))
	l := &line{closed: make(map[string]protocol.CloseCode)}
	return &house{room.New(room.Config{Records: records, Push: l, Limits: limits, MaxRooms: 3, Chatter: chatter}), l, records}
}

func (h *house) open(t *testing.T) store.Room {
	t.Helper()
	r, err := h.Create(t.Context(), "dev", room.Details{Name: "Physics 101", OwnerRef: "o", Settings: json.RawMessage(`{"mode":"group"}`)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func entrant(r store.Room, id protocol.ParticipantID) room.Entrant {
	return room.Entrant{App: r.App, Room: r.ID, ID: id, Name: "N " + string(id), Role: "participant", UserRef: "u", Grants: []string{"send"}}
}

func (h *house) join(t *testing.T, r store.Room, id protocol.ParticipantID, connection string) protocol.Welcome {
	t.Helper()
	welcome, err := h.Join(t.Context(), entrant(r, id), connection)
	if err != nil {
		t.Fatal(err)
	}
	return welcome
}

func (h *house) here(t *testing.T, r store.Room) string {
	t.Helper()
	roster, err := h.Roster(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(roster))
	for i, p := range roster {
		ids[i] = string(p.ID)
	}
	return strings.Join(ids, " ")
}

func wantCode(t *testing.T, what string, err error, want protocol.Code) {
	t.Helper()
	if protocol.CodeOf(err) != want {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
}

func TestRoomsBelongToTheirApplication(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	mine := h.open(t)
	got, err := h.Get(ctx, "dev", mine.ID)
	if err != nil || got.Name != "Physics 101" || string(got.Settings) != `{"mode":"group"}` {
		t.Fatalf("%+v, %v", got, err)
	}
	_, err = h.Get(ctx, "other", mine.ID)
	wantCode(t, "another application gets", err, protocol.CodeRoomNotFound)
	_, err = h.Update(ctx, "other", mine.ID, room.Details{Name: "Mine now"})
	wantCode(t, "another application updates", err, protocol.CodeRoomNotFound)
	wantCode(t, "another application ends", h.End(ctx, "other", mine.ID), protocol.CodeRoomNotFound)
	stranger := entrant(mine, "pt_x")
	stranger.App = "other"
	_, err = h.Join(ctx, stranger, "c")
	wantCode(t, "another application's participant joins", err, protocol.CodeRoomNotFound)
	wantCode(t, "another application's token", h.Admit(ctx, "other", mine.ID, "pt_x"), protocol.CodeRoomNotFound)
	if rooms, err := h.List(ctx, "other"); err != nil || len(rooms) != 0 {
		t.Errorf("another application lists %v, %v", rooms, err)
	}
	if rooms, err := h.List(ctx, "dev"); err != nil || len(rooms) != 1 {
		t.Errorf("its own lists %v, %v", rooms, err)
	}
}

func TestRoomsAreBounded(t *testing.T) {
	h := newHouse(t)
	for range 3 {
		h.open(t)
	}
	_, err := h.Create(t.Context(), "dev", room.Details{Name: "one more"})
	wantCode(t, "a fourth room", err, protocol.CodeRoomFull)
}

func TestBadDetails(t *testing.T) {
	h := newHouse(t)
	r := h.open(t)
	for name, bad := range map[string]room.Details{
		"no name":           {},
		"invisible name":    {Name: "\u202E \n"},
		"long owner":        {Name: "n", OwnerRef: strings.Repeat("o", room.MaxOwnerRefBytes+1)},
		"owner not text":    {Name: "n", OwnerRef: "\xff"},
		"settings not JSON": {Name: "n", Settings: json.RawMessage(`{`)},
		"empty data":        {Name: "n", Data: json.RawMessage{}},
		"large data":        {Name: "n", Data: json.RawMessage(`"` + strings.Repeat("d", room.MaxJSONBytes) + `"`)},
	} {
		_, err := h.Create(t.Context(), "dev", bad)
		wantCode(t, "create: "+name, err, protocol.CodeInvalidRequest)
		_, err = h.Update(t.Context(), "dev", r.ID, bad)
		wantCode(t, "update: "+name, err, protocol.CodeInvalidRequest)
	}
}

func TestUpdateReplacesTheDetails(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	r := h.open(t)
	if _, err := h.Update(ctx, "dev", r.ID, room.Details{Name: " Physics\r\n 102 ", Data: json.RawMessage(`[1]`)}); err != nil {
		t.Fatal(err)
	}
	got, err := h.Get(ctx, "dev", r.ID)
	if err != nil || got.Name != "Physics 102" || got.OwnerRef != "" || got.Settings != nil || string(got.Data) != `[1]` {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestJoinWelcomes(t *testing.T) {
	h := newHouse(t)
	r := h.open(t)
	e := entrant(r, "pt_ana")
	e.Data = json.RawMessage(`{"seat":4}`)
	got, err := h.Join(t.Context(), e, "c1")
	if err != nil {
		t.Fatal(err)
	}
	if got.Me.JoinedAt.IsZero() {
		t.Error("joined at no time")
	}
	want := protocol.Welcome{
		Me: protocol.Participant{
			ID: "pt_ana", Name: "N pt_ana", Role: "participant", UserRef: "u", Grants: []string{"send"},
			Data: json.RawMessage(`{"seat":4}`), JoinedAt: got.Me.JoinedAt,
		},
		Room:   protocol.RoomInfo{ID: r.ID, Name: "Physics 101", Settings: json.RawMessage(`{"mode":"group"}`)},
		Limits: limits,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if again := h.join(t, r, "pt_ana", "c2"); !again.Me.JoinedAt.Equal(got.Me.JoinedAt) {
		t.Error("coming back changes since when one is here")
	}
}

func TestASecondConnectionReplacesTheFirst(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	r := h.open(t)
	h.join(t, r, "pt_ana", "c1")
	h.join(t, r, "pt_ana", "c2")
	if h.line.closed["c1"] != protocol.CloseReplaced || len(h.line.closed) != 1 {
		t.Fatalf("closed: %v", h.line.closed)
	}
	// The first one's end comes late, and must not touch the second.
	if err := h.Away(ctx, r.ID, "pt_ana", "c1"); err != nil {
		t.Fatal(err)
	}
	if m, err := h.records.Member(ctx, r.ID, "pt_ana"); err != nil || m.Connection != "c2" || !m.AwaySince.IsZero() {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestARoomFillsUp(t *testing.T) {
	h := newHouse(t)
	r := h.open(t)
	for _, id := range []protocol.ParticipantID{"a", "b", "c"} {
		h.join(t, r, id, "c-"+string(id))
	}
	_, err := h.Join(t.Context(), entrant(r, "d"), "c-d")
	wantCode(t, "a fourth participant", err, protocol.CodeRoomFull)
	h.join(t, r, "a", "again") // who is here has its place
	if err := h.Leave(t.Context(), r.ID, "b"); err != nil {
		t.Fatal(err)
	}
	h.join(t, r, "d", "c-d")
}

func TestLeavingAndBeingDropped(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	r := h.open(t)
	h.join(t, r, "ana", "c1")
	h.join(t, r, "bob", "c2")
	if err := h.Leave(ctx, r.ID, "ana"); err != nil {
		t.Fatal(err)
	}
	if err := h.Leave(ctx, r.ID, "ana"); err != nil {
		t.Errorf("leaving twice: %v", err)
	}
	if err := h.Drop(ctx, r.ID, "bob"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "dropping who is not here", h.Drop(ctx, r.ID, "bob"), "")
	wantCode(t, "dropping what is no participant", h.Drop(ctx, r.ID, "../x"), protocol.CodeInvalidRequest)
	want := map[string]protocol.CloseCode{"c1": protocol.CloseLeft, "c2": protocol.CloseDropped}
	if diff := cmp.Diff(want, h.line.closed); diff != "" {
		t.Errorf("-want +closed:\n%s", diff)
	}
	if here := h.here(t, r); here != "" {
		t.Errorf("still here: %s", here)
	}
	wantCode(t, "who left is admitted", h.Admit(ctx, "dev", r.ID, "ana"), "")
	h.join(t, r, "ana", "c3")
	wantCode(t, "who was dropped asks", h.Admit(ctx, "dev", r.ID, "bob"), protocol.CodeUnauthenticated)
	_, err := h.Join(ctx, entrant(r, "bob"), "c4")
	wantCode(t, "who was dropped joins", err, protocol.CodeForbidden)
}

func TestAnEndedRoomAdmitsNobody(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	r := h.open(t)
	h.join(t, r, "ana", "c1")
	if err := h.End(ctx, "dev", r.ID); err != nil {
		t.Fatal(err)
	}
	_, err := h.Join(ctx, entrant(r, "ana"), "c2")
	wantCode(t, "join", err, protocol.CodeRoomEnded)
	wantCode(t, "admit", h.Admit(ctx, "dev", r.ID, "ana"), protocol.CodeRoomEnded)
	wantCode(t, "end again", h.End(ctx, "dev", r.ID), protocol.CodeRoomNotFound)
	_, err = h.Get(ctx, "dev", r.ID)
	wantCode(t, "get", err, protocol.CodeRoomNotFound)
	wantCode(t, "a room that never was", h.Admit(ctx, "dev", protocol.NewRoomID(), "ana"), protocol.CodeRoomNotFound)
}

// gone is a request that was hung up.
func gone(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestAFailedJoinLeavesNothing(t *testing.T) {
	h := newHouse(t)
	r := h.open(t)
	if _, err := h.Join(gone(t), entrant(r, "ana"), "c1"); err == nil {
		t.Fatal("joined after hanging up")
	}
	if here := h.here(t, r); here != "" {
		t.Errorf("here: %s", here)
	}
	h.join(t, r, "ana", "c2")
	if len(h.line.closed) != 0 {
		t.Errorf("closed: %v", h.line.closed)
	}
}

func TestRecoverKeepsWhoWasHere(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	r := h.open(t)
	h.join(t, r, "ana", "c1")
	if err := h.Recover(ctx); err != nil {
		t.Fatal(err)
	}
	m, err := h.records.Member(ctx, r.ID, "ana")
	if err != nil || m.Connection != "" || time.Since(m.AwaySince) > time.Minute {
		t.Errorf("%+v, %v", m, err)
	}
}
