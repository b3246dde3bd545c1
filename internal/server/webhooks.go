package server

import (
	"net/http"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/webhook"
	"github.com/handout-rtc/handout/protocol"
)

// webhookRoutes adds the addresses by which an application says where it wants to
// be told of what happens in its rooms.
func (o operatorAPI) webhookRoutes(mux *addresses) {
	for _, end := range []string{"", "/{$}"} {
		mux.Handle("POST /v1/webhooks"+end, o.app(o.addWebhook))
		mux.Handle("GET /v1/webhooks"+end, o.app(o.listWebhooks))
		mux.Handle("PUT /v1/webhooks/{webhook}"+end, o.app(o.changeWebhook))
		mux.Handle("DELETE /v1/webhooks/{webhook}"+end, o.app(o.removeWebhook))
		mux.Handle("POST /v1/webhooks/{webhook}/test"+end, o.app(o.testWebhook))
		mux.Handle("GET /v1/webhooks/{webhook}/deliveries"+end, o.app(o.listDeliveries))
	}
}

// webhookReply is an endpoint as its application knows it. The secrets are told
// once: when the server has made one.
type webhookReply struct {
	ID       string                 `json:"id"`
	URL      string                 `json:"url"`
	Events   []protocol.WebhookType `json:"events"` // all there are, if it wants all
	Secrets  []string               `json:"secrets,omitempty"`
	Created  time.Time              `json:"created"`
	Disabled *time.Time             `json:"disabled,omitempty"`
	Reason   string                 `json:"reason,omitempty"`
	Fixed    bool                   `json:"fixed"` // it stands in the server's configuration
	Waiting  int                    `json:"waiting"`
	GivenUp  int64                  `json:"givenUp"`
}

func replyWebhook(e store.Endpoint) webhookReply {
	r := webhookReply{ID: e.ID, URL: e.URL, Events: e.Events, Created: e.CreatedAt.UTC(), Disabled: present(e.DisabledAt), Reason: e.Reason, Fixed: e.Fixed, Waiting: e.Waiting, GivenUp: e.GivenUp}
	if len(r.Events) == 0 {
		r.Events = protocol.WebhookTypes()
	}
	return r
}

// present is a time that may be absent.
func present(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

func (o operatorAPI) addWebhook(w http.ResponseWriter, r *http.Request, app string) error {
	var wish webhook.Wish
	if err := readJSON(w, r, &wish); err != nil {
		return err
	}
	added, made, err := o.Webhooks.Add(r.Context(), app, wish)
	if err != nil {
		return err
	}
	reply := replyWebhook(added)
	if made {
		reply.Secrets = added.Secrets
	}
	writeJSON(w, http.StatusOK, map[string]any{"result": 0, "webhook": reply})
	return nil
}

func (o operatorAPI) listWebhooks(w http.ResponseWriter, r *http.Request, app string) error {
	all, err := o.Webhooks.List(r.Context(), app)
	if err != nil {
		return err
	}
	replies := make([]webhookReply, len(all))
	for i, each := range all {
		replies[i] = replyWebhook(each)
	}
	writeJSON(w, http.StatusOK, map[string]any{"result": 0, "webhooks": replies})
	return nil
}

func (o operatorAPI) changeWebhook(w http.ResponseWriter, r *http.Request, app string) error {
	var wish webhook.Wish
	if err := readJSON(w, r, &wish); err != nil {
		return err
	}
	changed, err := o.Webhooks.Change(r.Context(), app, r.PathValue("webhook"), wish)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"result": 0, "webhook": replyWebhook(changed)})
	return nil
}

func (o operatorAPI) removeWebhook(w http.ResponseWriter, r *http.Request, app string) error {
	if err := o.Webhooks.Remove(r.Context(), app, r.PathValue("webhook")); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]int{"result": 0})
	return nil
}

func (o operatorAPI) testWebhook(w http.ResponseWriter, r *http.Request, app string) error {
	message, err := o.Webhooks.Test(r.Context(), app, r.PathValue("webhook"))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"result": 0, "id": message})
	return nil
}

// deliveryReply is a message that an endpoint has not taken so far.
type deliveryReply struct {
	ID       string               `json:"id"` // the webhook-id
	Type     protocol.WebhookType `json:"type"`
	Created  time.Time            `json:"created"`
	Attempts int                  `json:"attempts"`
	Tried    *time.Time           `json:"tried,omitempty"`
	Again    *time.Time           `json:"again,omitempty"` // absent: it was given up
	Problem  string               `json:"problem"`
}

func (o operatorAPI) listDeliveries(w http.ResponseWriter, r *http.Request, app string) error {
	troubled, err := o.Webhooks.Troubled(r.Context(), app, r.PathValue("webhook"))
	if err != nil {
		return err
	}
	replies := make([]deliveryReply, len(troubled))
	for i, d := range troubled {
		replies[i] = deliveryReply{d.Message, d.Type, d.CreatedAt.UTC(), d.Attempts, present(d.TriedAt), present(d.DueAt), d.Problem}
	}
	writeJSON(w, http.StatusOK, map[string]any{"result": 0, "deliveries": replies})
	return nil
}
