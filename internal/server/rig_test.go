package server_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/handout-rtc/handout/docs"
	"github.com/handout-rtc/handout/internal/blob/diskblob"
	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/internal/server"
	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/sqlite/sqlitetest"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/internal/webhook"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// rig is a server of real parts, but for the push edge, with a room of Ana,
// Ben, Cleo, Vic the viewer and Mod the moderator, and Zoe in another room.
type rig struct {
	*httptest.Server
	room, other protocol.RoomID
	tokens      map[string]string
	metrics     *prometheus.Registry
	data        string // the directory of the records and the files
	uploads     *upload.Service
	handover    time.Duration
}

// noPush is a push edge that nobody is connected to.
type noPush struct{}

func (noPush) Disconnect(protocol.RoomID, protocol.ParticipantID, string, protocol.CloseCode) {}

func (noPush) Listening(protocol.RoomID) int { return 1 }

func (noPush) Publish(protocol.RoomID, protocol.ParticipantID, protocol.Event) error {
	return nil
}
func (noPush) WebsocketHandler() http.Handler  { return http.NotFoundHandler() }
func (noPush) HTTPStreamHandler() http.Handler { return http.NotFoundHandler() }
func (noPush) EmulationHandler() http.Handler  { return http.NotFoundHandler() }

var testLimits = protocol.Limits{
	FileSize: 1 << 20, RoomBytes: 1 << 30, RoomShares: 100, OpenUploads: 20, FilesPerRequest: 10, RecipientsPerRequest: 10, ReceiptsPerRequest: 20,
	LifetimeSeconds: 3600, EmptyRoomSeconds: 600, UploadIdleSeconds: 600, ReconnectSeconds: 10, MessageBytes: 1000, ParticipantsPerRoom: 10,
}

const testKey = "a-key-for-tests-alone"

// build is what a test may change of its rig before it serves.
type build struct {
	server.Config
	serve func(*httptest.Server) // starts it
}

func newRig(t testing.TB, changes ...func(*build)) *rig {
	t.Helper()
	ctx := context.Background()
	data := t.TempDir()
	r := &rig{data: data, metrics: prometheus.NewRegistry(), tokens: map[string]string{}, handover: time.Second}
	records := sqlitetest.Open(t, filepath.Join(data, "handout.db"))
	blobs, err := diskblob.Open(filepath.Join(data, "files"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	log := slog.New(slog.DiscardHandler)
	var shares *share.Service
	uploads := upload.New(upload.Config{
		Records: records, Parts: records, Blobs: blobs, Limits: testLimits, Boot: "b", Log: log,
		Vet: func(ctx context.Context, record store.Share, head []byte) error { return shares.Vet(ctx, record, head) },
	})
	t.Cleanup(func() { uploads.Close() })
	r.uploads = uploads
	shares = share.New(share.Config{
		Records: records, Ledger: records, Sweeper: records, Tickets: records, Parts: records, Moderation: records, Thumbnails: records, Uploads: uploads, Blobs: blobs, Limits: testLimits, Boot: "b", Log: log,
		GatherReceipts: time.Microsecond,
	})
	running, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { shares.RunReceipts(running) })
	t.Cleanup(func() { stop(); work.Wait() })
	rooms := room.New(room.Config{Records: records, Accounts: records, Push: noPush{}, Limits: testLimits, Dropped: shares.Dropped, CancelUploads: shares.CancelUploads, RulesChanged: shares.RulesChanged, Log: log})
	b := build{serve: (*httptest.Server).Start, Config: server.Config{
		Rooms: rooms, Shares: shares,
		Uploads: uploads, Push: noPush{}, Webhooks: webhook.New(webhook.Config{Registry: records, Queue: records, Log: log}), Keys: token.NewRing(token.Keys{"app": {[]byte(testKey)}}), Limits: testLimits,
		Pace:    server.Pace{MinRate: 1 << 10, Grace: time.Minute, Window: 30 * time.Second},
		Page:    fstest.MapFS{"index.html": {Data: []byte("<!doctype html>the page")}, "assets/app-1.js": {Data: []byte("1")}, "app.webmanifest": {Data: []byte("{}")}, ".hidden": {}},
		Docs:    docs.Files(),
		SDK:     fstest.MapFS{"EnxRtc.js": {Data: []byte("var EnxRtc")}, "handout.d.ts": {Data: []byte("export {}")}, "licenses.md": {Data: []byte("# Licenses")}},
		Panel:   fstest.MapFS{"handout-panel.js": {Data: []byte("import \"./handout.js\"")}},
		Ready:   server.NewReadiness(log, server.Check{Name: "store", Ask: records.Ping}),
		Metrics: server.NewMetrics(r.metrics),
		Origins: []string{"https://app.example"},
		Log:     log,
	}}
	for _, change := range changes {
		change(&b)
	}
	r.start(t, b)
	r.room, r.other = r.newRoom(t, rooms), r.newRoom(t, rooms)
	for name, role := range map[string]token.Role{"ana": token.Member, "ben": token.Member, "cleo": token.Member, "vic": token.Viewer, "mod": token.Moderator} {
		r.admit(t, rooms, r.room, name, role)
	}
	r.admit(t, rooms, r.other, "zoe", token.Moderator)
	r.tokens["forged"] = r.sign(t, "another-key-than-the-app's", r.room, "ana", token.Moderator, time.Hour)
	r.tokens["expired"] = r.sign(t, testKey, r.room, "ana", token.Moderator, -time.Hour)
	return r
}

// start serves over connections with a small send buffer, so that a reader
// that does not read is noticed.
func (r *rig) start(t testing.TB, b build) {
	r.Server = httptest.NewUnstartedServer(server.New(b.Config))
	r.Server.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateNew {
			if sealed, ok := c.(*tls.Conn); ok {
				c = sealed.NetConn()
			}
			c.(*net.TCPConn).SetWriteBuffer(16 << 10)
		}
	}
	b.serve(r.Server)
	t.Cleanup(r.Server.Close)
}

func (r *rig) newRoom(t testing.TB, rooms *room.Service) protocol.RoomID {
	t.Helper()
	made, err := rooms.Create(context.Background(), "app", room.Details{Name: "room", OwnerRef: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// admit signs a token and joins the room, as a push connection does.
func (r *rig) admit(t testing.TB, rooms *room.Service, id protocol.RoomID, name string, role token.Role) {
	t.Helper()
	r.tokens[name] = r.sign(t, testKey, id, name, role, time.Hour)
	entrant := room.Entrant{App: "app", Room: id, ID: protocol.ParticipantID(name), Name: name, UserRef: "u-" + name, Role: string(role), Grants: role.Grants().List()}
	if _, err := rooms.Join(context.Background(), entrant, "connection-of-"+name); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) sign(t testing.TB, key string, id protocol.RoomID, name string, role token.Role, life time.Duration) string {
	t.Helper()
	signed, err := token.Sign([]byte(key), token.Claims{
		App: "app", Participant: protocol.ParticipantID(name), ID: protocol.NewTokenID(), Room: id, Name: name, Role: role,
		Grants: role.Grants(), IssuedAt: time.Now().Add(-2 * time.Hour), ExpiresAt: time.Now().Add(life),
	})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// fill puts the rig's rooms and participants into the steps.
func (r *rig) fill(steps []step) []step {
	filled := make([]step, len(steps))
	put := strings.NewReplacer("{room}", string(r.room), "{other}", string(r.other), "{ben}", "ben").Replace
	for i, s := range steps {
		s.path, s.body = put(s.path), put(s.body)
		filled[i] = s
	}
	return filled
}

func (r *rig) get(t testing.TB, as, path string) *http.Response {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, r.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.tokens[as])
	response, err := r.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// received returns how many bytes of uploads the server has taken in.
func (r *rig) received(t testing.TB) float64 {
	return r.metric(t, "handout_upload_received_bytes_total").GetCounter().GetValue()
}

// inFlight returns how many requests the server is answering.
func (r *rig) inFlight(t testing.TB) float64 {
	return r.metric(t, "handout_http_requests_running").GetGauge().GetValue()
}

func (r *rig) metric(t testing.TB, name string) *dto.Metric {
	t.Helper()
	families, err := r.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0]
		}
	}
	t.Fatalf("nobody measures %s", name)
	return nil
}

// until waits for a condition that a running request brings about.
func (r *rig) until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("it never came to: %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
