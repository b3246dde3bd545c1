package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/handout-rtc/handout/protocol"
)

const webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// hookReceiver is an application's back end: it hangs until it answers, and
// verifies what it is sent.
type hookReceiver struct {
	*httptest.Server
	answers atomic.Bool
	got     chan hooked
}

type hooked struct {
	id   string
	body protocol.Webhook
}

func newHookReceiver(t *testing.T) *hookReceiver {
	t.Helper()
	key, err := standardwebhooks.NewWebhook(webhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	r := &hookReceiver{got: make(chan hooked, 100)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, asked *http.Request) {
		text, err := io.ReadAll(asked.Body)
		if err != nil {
			return
		}
		h := hooked{id: asked.Header.Get("webhook-id")}
		if err := key.Verify(text, asked.Header); err != nil || json.Unmarshal(text, &h.body) != nil {
			t.Errorf("%v: %s", err, text)
		}
		r.got <- h
		if !r.answers.Load() {
			<-asked.Context().Done()
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *hookReceiver) next(t *testing.T) hooked {
	t.Helper()
	select {
	case h := <-r.got:
		return h
	case <-time.After(30 * time.Second):
		t.Fatal("no webhook came")
		return hooked{}
	}
}

// TestWebhooksSurviveAKill kills the server while the receivers hang, with changes
// committed that nobody was told of: after the restart each is told of, those that
// were under way under the id that they had.
func TestWebhooksSurviveAKill(t *testing.T) {
	registered, fixed := newHookReceiver(t), newHookReceiver(t)
	file := filepath.Join(t.TempDir(), "webhooks")
	if err := os.WriteFile(file, []byte("dev "+fixed.URL+" "+webhookSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	args := []string{"--dev", "--data", data, "--webhook-file", file, "--webhook-parallel", "1"}
	p := serve(t, args...)
	basic := []string{"Authorization", "Basic ZGV2OmRldmtleQ==", "Content-Type", "application/json"}
	response, answer := do(t, "POST", p.url+"/v1/webhooks", strings.NewReader(`{"url":"`+registered.URL+`","secrets":["`+webhookSecret+`"]}`), basic...)
	if response.StatusCode != http.StatusOK || strings.Contains(answer, webhookSecret) {
		t.Fatal(response.Status, answer)
	}
	bearer := p.guest(t)
	p.patch(t, bearer, p.create(t, bearer, 5), 0, strings.NewReader("12345"))
	begun := []hooked{registered.next(t), fixed.next(t)}
	if err := p.end(t, syscall.SIGKILL); err == nil {
		t.Fatal("it was not killed")
	}
	for _, r := range []*hookReceiver{registered, fixed} {
		r.answers.Store(true)
	}
	p = serve(t, args...)
	for i, r := range []*hookReceiver{registered, fixed} {
		var ids []string
		var types []protocol.WebhookType
		for range 2 {
			h := r.next(t)
			ids, types = append(ids, h.id), append(types, h.body.Type)
		}
		slices.Sort(types)
		if !slices.Equal(types, []protocol.WebhookType{protocol.WebhookAvailable, protocol.WebhookCreated}) || !slices.Contains(ids, begun[i].id) {
			t.Errorf("after the restart came %v, %v; before it %s", types, ids, begun[i].id)
		}
	}
	p.end(t, syscall.SIGTERM)
	said := audited(t, data, "--kind", "webhook-added")
	if len(said) != 2 {
		t.Errorf("the audit log has %d registrations", len(said))
	}
}
