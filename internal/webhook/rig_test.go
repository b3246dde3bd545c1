package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.uber.org/goleak"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/sqlite/sqlitetest"
	"github.com/handout-rtc/handout/internal/webhook"
	"github.com/handout-rtc/handout/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// rig is a store with a room of an application, and what delivers from it.
type rig struct {
	*testing.T
	*webhook.Service
	records *store.DB
	room    protocol.RoomID
	said    *said
}

// said is a log that a test may read while it is written.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func newRig(t *testing.T, changes ...func(*webhook.Config)) *rig {
	t.Helper()
	records := sqlitetest.Open(t, filepath.Join(t.TempDir(), "records.db"))
	r := &rig{T: t, records: records, room: protocol.NewRoomID(), said: new(said)}
	c := webhook.Config{
		Registry: records, Queue: records, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Schedule: []time.Duration{time.Microsecond, time.Microsecond, time.Microsecond}, Log: slog.New(slog.NewTextHandler(r.said, nil)),
	}
	for _, change := range changes {
		change(&c)
	}
	r.Service = webhook.New(c)
	r.must(records.CreateRoom(t.Context(), store.Room{ID: r.room, App: "app", Name: "a room", CreatedAt: time.Now()}, 100))
	return r
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// start delivers until the test is over, or stop is called.
func (r *rig) start() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { r.Service.Run(ctx) })
	stop = func() { cancel(); running.Wait() }
	r.Cleanup(stop)
	return stop
}

// add registers an endpoint with the secret of all tests.
func (r *rig) add(url string) store.Endpoint {
	r.Helper()
	e, _, err := r.Add(r.Context(), "app", webhook.Wish{URL: &url, Secrets: &[]string{secret}})
	r.must(err)
	return e
}

// offer makes a share, of which webhooks tell.
func (r *rig) offer() protocol.ShareID {
	r.Helper()
	size := int64(1)
	s := store.Share{Share: protocol.Share{
		ID: protocol.NewShareID(), Room: r.room, Name: "a.txt", Size: &size, Sender: protocol.Sender{ID: "ana", Name: "Ana"}, To: protocol.ToRoom(),
		CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
	}}
	r.must(r.records.CreateShares(r.Context(), []store.Share{s}, store.Quota{RoomBytes: 100, RoomShares: 100, OpenUploads: 100}))
	return s.ID
}

func (r *rig) endpoint(id string) store.Endpoint {
	r.Helper()
	e, err := r.records.Endpoint(r.Context(), "app", id)
	r.must(err)
	return e
}

// until waits for what the deliveries bring about.
func (r *rig) until(what string, holds func() bool) {
	r.Helper()
	deadline := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-deadline:
			r.Fatalf("it never came to: %s\n%s", what, r.said)
		case <-time.After(time.Millisecond):
		}
	}
}

// receiver is an application's endpoint: it verifies each message with the library
// of Standard Webhooks before it answers.
type receiver struct {
	*httptest.Server
	got    chan message
	answer func(http.ResponseWriter, *http.Request, message)
}

type message struct {
	id   string
	body protocol.Webhook
}

func newReceiver(t *testing.T, answer func(http.ResponseWriter, *http.Request, message)) *receiver {
	t.Helper()
	key, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{got: make(chan message, 1000), answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, asked *http.Request) {
		text, err := io.ReadAll(asked.Body)
		if err != nil {
			return // broken off
		}
		if err := key.Verify(text, asked.Header); err != nil {
			t.Errorf("%v: %s", err, text)
		}
		m := message{id: asked.Header.Get("webhook-id")}
		if err := json.Unmarshal(text, &m.body); err != nil || asked.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%v: %s", err, text)
		}
		r.got <- m
		if r.answer != nil {
			r.answer(w, asked, m)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) next(t *testing.T) message {
	t.Helper()
	select {
	case m := <-r.got:
		return m
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was delivered")
		return message{}
	}
}

func wishSecret(secrets ...string) webhook.Wish { return webhook.Wish{Secrets: &secrets} }
