package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/webhook"
	"github.com/handout-rtc/handout/protocol"
)

// TestTheLibraryIsThatOfTheConvention holds what signs to the published example of
// Standard Webhooks.
func TestTheLibraryIsThatOfTheConvention(t *testing.T) {
	t.Parallel()
	key, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	got, err := key.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

func TestAMessageIsDelivered(t *testing.T) {
	t.Parallel()
	r, to := newRig(t), newReceiver(t, nil)
	e := r.add(to.URL)
	r.start()
	id := r.offer()
	m := to.next(t)
	if m.body.Type != protocol.WebhookCreated || m.body.Data.Share.ID != id || m.body.Data.Room.ID != r.room || m.body.Data.App != "app" || !strings.HasPrefix(m.id, "msg_") {
		t.Errorf("%+v", m)
	}
	test, err := r.Test(r.Context(), "app", e.ID)
	r.must(err)
	if m := to.next(t); m.id != test || m.body.Type != protocol.WebhookTest {
		t.Errorf("the test is %+v", m)
	}
	r.until("nothing waits", func() bool { return r.endpoint(e.ID).Waiting == 0 })
}

// TestEverySecretSigns: while an application changes its secret, each side may have
// either.
func TestEverySecretSigns(t *testing.T) {
	t.Parallel()
	r, to := newRig(t), newReceiver(t, nil)
	e := r.add(to.URL)
	_, err := r.Change(r.Context(), "app", e.ID, webhook.Wish{Secrets: &[]string{"whsec_" + strings.Repeat("A", 32), secret}})
	r.must(err)
	r.start()
	r.offer()
	to.next(t) // which verifies it with the second
}

// TestAFailedMessageIsSentAgain answers by all kinds of failures before it takes
// the message.
func TestAFailedMessageIsSentAgain(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(http.ResponseWriter, *http.Request){
		"fails":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"hangs":      func(_ http.ResponseWriter, asked *http.Request) { <-asked.Context().Done() },
		"breaks off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"is slow to the end": func(w http.ResponseWriter, asked *http.Request) {
			w.(http.Flusher).Flush()
			<-asked.Context().Done()
		},
		"redirects": func(w http.ResponseWriter, asked *http.Request) {
			http.Redirect(w, asked, "/elsewhere", http.StatusTemporaryRedirect)
		},
		"wants it later": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "1"); w.WriteHeader(503) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(c *webhook.Config) { c.Timeout = 300 * time.Millisecond })
			var failed atomic.Bool
			to := newReceiver(t, func(w http.ResponseWriter, asked *http.Request, _ message) {
				if asked.URL.Path != "/hook" {
					t.Errorf("%s was asked", asked.URL)
				}
				if failed.CompareAndSwap(false, true) {
					fail(w, asked)
				}
			})
			e := r.add(to.URL + "/hook")
			r.start()
			r.offer()
			first, second := to.next(t), to.next(t)
			if first.id != second.id {
				t.Errorf("the ids are %s and %s", first.id, second.id)
			}
			r.until("delivered", func() bool { return r.endpoint(e.ID).Waiting == 0 })
			if e := r.endpoint(e.ID); e.GivenUp != 0 || (name == "wants it later") != !e.RestsUntil.IsZero() {
				t.Errorf("%+v", e)
			}
		})
	}
}

// TestAMessageIsGivenUp: its attempts are counted, and told of.
func TestAMessageIsGivenUp(t *testing.T) {
	t.Parallel()
	r, to := newRig(t), newReceiver(t, func(w http.ResponseWriter, _ *http.Request, _ message) { w.WriteHeader(http.StatusBadGateway) })
	e := r.add(to.URL)
	r.start()
	r.offer()
	r.until("given up", func() bool { return r.endpoint(e.ID).GivenUp == 1 })
	if n := len(to.got); n != 4 { // one, and the schedule's three
		t.Errorf("%d attempts", n)
	}
	troubled, err := r.Troubled(r.Context(), "app", e.ID)
	if err != nil || len(troubled) != 1 || !troubled[0].DueAt.IsZero() || troubled[0].Attempts != 4 || troubled[0].Problem != "answered 502" {
		t.Errorf("%+v, %v", troubled, err)
	}
	if !strings.Contains(r.said.String(), "webhook given up") || strings.Contains(r.said.String(), to.URL) {
		t.Errorf("the log says %s", r.said)
	}
}

// TestGoneDisables: who says 410 is not asked any more, until it is said otherwise.
func TestGoneDisables(t *testing.T) {
	t.Parallel()
	var gone atomic.Bool
	gone.Store(true)
	r, to := newRig(t), newReceiver(t, func(w http.ResponseWriter, _ *http.Request, _ message) {
		if gone.Load() {
			w.WriteHeader(http.StatusGone)
		}
	})
	e := r.add(to.URL)
	r.start()
	r.offer()
	to.next(t)
	r.until("disabled", func() bool { return !r.endpoint(e.ID).DisabledAt.IsZero() })
	r.offer()
	if _, err := r.Test(r.Context(), "app", e.ID); protocol.CodeOf(err) != protocol.CodeNotFound {
		t.Errorf("a test of it: %v", err)
	}
	gone.Store(false)
	no := false
	_, err := r.Change(r.Context(), "app", e.ID, webhook.Wish{Disabled: &no})
	r.must(err)
	id := r.offer()
	if m := to.next(t); m.body.Data.Share.ID != id {
		t.Errorf("what came while it was disabled was sent: %+v", m)
	}
}

// TestADeadReceiverStopsNoOther: one endpoint takes every connection and answers
// none, with many messages waiting.
func TestADeadReceiverStopsNoOther(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	free := make(chan struct{})
	dead := newReceiver(t, func(_ http.ResponseWriter, asked *http.Request, _ message) {
		select {
		case <-free:
		case <-asked.Context().Done():
		}
	})
	defer close(free)
	r.add(dead.URL)
	for range 20 {
		r.offer()
	}
	stop := r.start()
	for range 4 {
		dead.next(t)
	}
	alive := newReceiver(t, nil)
	r.add(alive.URL)
	for range 20 {
		r.offer()
	}
	for range 20 {
		alive.next(t)
	}
	if n := len(dead.got); n != 0 {
		t.Errorf("%d more than four at a time", n)
	}
	stop() // does not wait for it
}

// TestAnAnswerIsReadToItsBound sends an answer without an end.
func TestAnAnswerIsReadToItsBound(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	to := newReceiver(t, func(w http.ResponseWriter, _ *http.Request, _ message) {
		for {
			if _, err := io.WriteString(w, strings.Repeat("x", 4096)); err != nil {
				return
			}
		}
	})
	e := r.add(to.URL)
	r.start()
	r.offer()
	to.next(t)
	r.until("delivered", func() bool { return r.endpoint(e.ID).Waiting == 0 })
}

// TestAnInterruptedAttemptIsMadeAgain stops in the middle of an attempt; who comes
// after makes it again, under the same id.
func TestAnInterruptedAttemptIsMadeAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var answers atomic.Bool
	to := newReceiver(t, func(_ http.ResponseWriter, asked *http.Request, _ message) {
		if !answers.Load() {
			<-asked.Context().Done()
		}
	})
	e := r.add(to.URL)
	stop := r.start()
	r.offer()
	first := to.next(t)
	stop()
	if e := r.endpoint(e.ID); e.Waiting != 1 {
		t.Fatalf("%+v", e)
	}
	answers.Store(true)
	r.start()
	if second := to.next(t); second.id != first.id {
		t.Errorf("the ids are %s and %s", first.id, second.id)
	}
	r.until("delivered", func() bool { return r.endpoint(e.ID).Waiting == 0 })
}

// failing is a queue whose store takes no outcome.
type failing struct {
	*store.DB
	asked chan struct{}
}

func (f failing) Attempted(context.Context, store.Delivery, store.Attempt) error {
	f.asked <- struct{}{}
	return errors.New("the disk has failed")
}

// TestAFailingStoreIsNotARainOfMessages: what cannot be noted is sent again, and
// not at once.
func TestAFailingStoreIsNotARainOfMessages(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 100)
	r := newRig(t, func(c *webhook.Config) { c.Queue = failing{c.Queue.(*store.DB), asked} })
	to := newReceiver(t, nil)
	r.add(to.URL)
	r.start()
	r.offer()
	to.next(t)
	<-asked
	other := newReceiver(t, nil)
	r.add(other.URL)
	r.offer() // which wakes it up
	other.next(t)
	<-asked
	if n := len(to.got); n > 0 {
		t.Errorf("%d more messages", n)
	}
}

func TestWhatIsNoEndpointIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *webhook.Config) { c.MaxPerApp = 2 })
	address, wrong, none := "https://hooks.example/", []protocol.WebhookType{"share.eaten"}, []string{}
	yes := true
	for name, wish := range map[string]webhook.Wish{
		"nothing":       {},
		"a type":        {URL: &address, Events: &wrong},
		"no secret":     {URL: &address, Secrets: &none},
		"a short one":   {URL: &address, Secrets: &[]string{"whsec_c2hvcnQ="}},
		"another form":  {URL: &address, Secrets: &[]string{strings.Repeat("A", 32)}},
		"five":          {URL: &address, Secrets: &[]string{secret, secret, secret, secret, secret}},
		"born disabled": {URL: &address, Disabled: &yes},
	} {
		if _, _, err := r.Add(r.Context(), "app", wish); protocol.CodeOf(err) != protocol.CodeInvalidRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := r.add(address)
	if _, err := r.Change(r.Context(), "app", e.ID, webhook.Wish{URL: new("ftp://x")}); protocol.CodeOf(err) != protocol.CodeInvalidRequest {
		t.Error(err)
	}
	if got := r.endpoint(e.ID); got.URL != address {
		t.Errorf("it is at %s now", got.URL)
	}
	made, own, err := r.Add(r.Context(), "app", webhook.Wish{URL: &address})
	if err != nil || !own || len(made.Secrets) != 1 || len(made.Secrets[0]) != len("whsec_")+44 {
		t.Errorf("%+v, %v", made, err)
	}
	if _, _, err := r.Add(r.Context(), "app", webhook.Wish{URL: &address}); protocol.CodeOf(err) != protocol.CodeRoomFull {
		t.Errorf("a third: %v", err)
	}
}

func TestEndpointsOfTheConfiguration(t *testing.T) {
	t.Parallel()
	r, to := newRig(t), newReceiver(t, nil)
	fixed, err := r.ReadFixed(strings.NewReader(fmt.Sprintf("# the shop\n\napp %s %s\n", to.URL, secret)))
	if err != nil || len(fixed) != 1 {
		t.Fatal(fixed, err)
	}
	r.must(r.records.FixEndpoints(r.Context(), fixed, time.Now()))
	r.start()
	r.offer()
	to.next(t)
	if err := r.Remove(r.Context(), "app", fixed[0].ID); protocol.CodeOf(err) != protocol.CodeForbidden {
		t.Errorf("removing it: %v", err)
	}
	if _, err := r.Change(r.Context(), "app", fixed[0].ID, webhook.Wish{}); protocol.CodeOf(err) != protocol.CodeForbidden {
		t.Errorf("changing it: %v", err)
	}
	line := "app https://hooks.example " + secret + "\n"
	for _, wrong := range []string{"app https://hooks.example", "app ftp://hooks.example " + secret, "app https://hooks.example secret", line + line} {
		if _, err := r.ReadFixed(strings.NewReader(wrong)); err == nil || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

// TestTLSIsVerified: a certificate that nobody vouches for is no endpoint.
func TestTLSIsVerified(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	to := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was sent something") }))
	defer to.Close()
	to.Config.ErrorLog = log.New(io.Discard, "", 0)
	e := r.add(to.URL)
	r.start()
	r.offer()
	r.until("given up", func() bool { return r.endpoint(e.ID).GivenUp == 1 })
}
