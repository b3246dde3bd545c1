package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

var webhookTests = map[string]func(*world){
	"WebhooksTellTheLifeOfAShare": webhookLife,
	"WebhooksGoToWhoWantsThem": func(w *world) {
		all, ends := w.endpoint("app"), w.endpoint("app", protocol.WebhookRevoked, protocol.WebhookRoomEnded)
		other, disabled := w.endpoint("other"), w.endpoint("app")
		w.edit(disabled, func(e *store.Endpoint) { e.DisabledAt = w.now })
		s := w.offer("a")
		w.complete(s.ID)
		_, err := w.End(w.Context(), s.ID, protocol.Revoked, "", w.now)
		w.must(err)
		w.same("all", w.types(all), []string{"share.created", "share.available", "share.revoked"})
		w.same("ends", w.types(ends), []string{"share.revoked"})
		w.same("another application", w.types(other), []string(nil))
		w.same("disabled", w.types(disabled), []string(nil))
		w.same("one id", w.sent(all)[2].Message, w.sent(ends)[0].Message)
	},
	"WebhooksAreWrittenWithTheChangeOrNotAtAll": func(w *world) {
		e := w.endpoint("app")
		w.wantCode(w.CreateShares(w.Context(), []store.Share{w.draft("a")}, store.Quota{}), protocol.CodeRoomFull)
		part := w.draft("a")
		part.Concat = store.ConcatPartial
		w.must(w.CreatePartial(w.Context(), part, generous))
		_, err := w.End(w.Context(), part.ID, protocol.Cancelled, "", w.now)
		w.must(err)
		w.same("nothing", w.types(e), []string(nil))
		w.must(w.CreateShares(w.Context(), []store.Share{w.draft("a"), w.draft("a")}, generous))
		w.same("two", w.types(e), []string{"share.created", "share.created"})
		select {
		case <-w.Hooked():
		default:
			w.Error("nobody was woken")
		}
	},
	"WebhooksAreBounded": func(w *world) {
		w.BoundDeliveries(2)
		e, quiet := w.endpoint("app"), w.endpoint("app", protocol.WebhookRoomEnded)
		for range 4 {
			w.offer("a")
		}
		w.same("kept", len(w.sent(e)), 2)
		w.same("counts", w.counts(e), "2 waiting, 2 given up")
		w.must(w.Attempted(w.Context(), w.sent(e)[0], store.Attempt{At: w.now, Delivered: true}))
		w.offer("a")
		w.same("room again", w.counts(e), "2 waiting, 2 given up")
		w.same("no other's", w.counts(quiet), "0 waiting, 0 given up")
		b, err := w.WebhookBacklog(w.Context())
		w.must(err)
		w.same("backlog", b, store.WebhookBacklog{Waiting: 2, Since: w.now, GivenUp: 2})
	},
	"WebhooksAreTriedAgainWhenTheyAreDue":         webhookRetries,
	"WebhooksEndWithTheirEndpoint":                webhookGone,
	"WebhooksOfTheConfigurationAreWhatItSays":     fixedWebhooks,
	"WebhooksGivenUpAreRememberedUpToAHundred":    webhookMemory,
	"WebhookEndpointsAreAudited":                  webhookAudit,
	"WebhookEndpointsAreOfTheirApplicationsAlone": webhookOwners,
}

// endpoint registers an endpoint that wants those types, or all.
func (w *world) endpoint(app string, events ...protocol.WebhookType) store.Endpoint {
	w.Helper()
	e := store.Endpoint{ID: protocol.NewWebhookID(), App: app, URL: "https://hooks.example/secret", Events: events, Secrets: []string{"s"}, CreatedAt: w.now}
	w.must(w.AddEndpoint(w.Context(), e, plenty))
	return e
}

func (w *world) edit(e store.Endpoint, edit func(*store.Endpoint)) {
	w.Helper()
	_, err := w.ChangeEndpoint(w.Context(), e.App, e.ID, w.now, func(e *store.Endpoint) error { edit(e); return nil })
	w.must(err)
}

// sent returns what an endpoint is to be sent now.
func (w *world) sent(e store.Endpoint) []store.Delivery {
	w.Helper()
	due, err := w.DueDeliveries(w.Context(), e.ID, w.now, plenty)
	w.must(err)
	return due
}

func (w *world) types(e store.Endpoint) (types []string) {
	w.Helper()
	for _, d := range w.sent(e) {
		types = append(types, string(d.Type))
	}
	return types
}

func (w *world) counts(e store.Endpoint) string {
	w.Helper()
	now, err := w.Endpoint(w.Context(), e.App, e.ID)
	w.must(err)
	return fmt.Sprintf("%d waiting, %d given up", now.Waiting, now.GivenUp)
}

func webhookLife(w *world) {
	w.join("a", "b")
	e := w.endpoint("app")
	s := w.offer("a", "b")
	available := w.complete(s.ID)
	for _, state := range []protocol.ReceiptState{protocol.ReceiptDownloading, protocol.ReceiptReceived, protocol.ReceiptReceived} {
		_, err := w.MoveReceipts(w.Context(), []store.ReceiptMove{{Share: s.ID, Participant: "b", Name: "Ben", State: state}}, plenty, w.now)
		w.must(err)
	}
	w.later(time.Minute)
	_, err := w.End(w.Context(), s.ID, protocol.Expired, protocol.CodeRoomEnded, w.now)
	w.must(err)
	deposit := w.draft("a")
	deposit.SHA256, deposit.Offset = "hash", 10
	_, err = w.Deposit(w.Context(), deposit, generous)
	w.must(err)
	for _, to := range []protocol.ShareState{protocol.Cancelled, protocol.Failed} {
		_, err = w.End(w.Context(), w.offer("a").ID, to, "", w.now)
		w.must(err)
	}
	w.must(w.EndRoom(w.Context(), w.room, w.now))
	w.same("types", w.types(e), []string{
		"share.created", "share.available", "share.received", "share.expired", "share.available",
		"share.created", "share.cancelled", "share.created", "share.failed", "room.ended",
	})
	due := w.sent(e)
	bodies := make([]protocol.Webhook, len(due))
	for i, d := range due {
		w.must(json.Unmarshal(d.Body, &bodies[i]))
		w.same("app", bodies[i].Data.App, "app")
		w.same("room", *bodies[i].Data.Room, protocol.WebhookRoom{ID: w.room, Name: "a room"})
		w.same("when", bodies[i].Timestamp, d.CreatedAt)
	}
	w.same("available", *bodies[1].Data.Share, available.Share)
	w.same("received", []any{*bodies[2].Data.Share, bodies[2].Data.Receipt.Participant, bodies[2].Data.Receipt.State},
		[]any{available.Share, protocol.ParticipantID("b"), protocol.ReceiptReceived})
	w.same("why", bodies[3].Data.Share.Reason, string(protocol.CodeRoomEnded))
	if bodies[9].Data.Share != nil {
		w.Error("the end of a room tells of a share")
	}
	ids := map[string]bool{}
	for _, d := range due {
		ids[d.Message] = true
	}
	w.same("ids", len(ids), len(due))
}

func webhookRetries(w *world) {
	e := w.endpoint("app")
	w.offer("a")
	d := w.sent(e)[0]
	again := w.now.Add(time.Minute)
	w.must(w.Attempted(w.Context(), d, store.Attempt{At: w.now, Problem: "answered 500", Again: again, Rest: w.now.Add(time.Second)}))
	w.same("not yet", len(w.sent(e)), 0)
	waiting, err := w.WaitingEndpoints(w.Context())
	w.must(err)
	w.same("when", []time.Time{waiting[0].DueAt, waiting[0].RestsUntil}, []time.Time{again, w.now.Add(time.Second)})
	troubled, err := w.Troubled(w.Context(), e.ID, plenty)
	w.must(err)
	w.same("trouble", []any{troubled[0].Message, troubled[0].Attempts, troubled[0].Problem}, []any{d.Message, 1, "answered 500"})
	w.later(time.Minute)
	w.same("the same", w.sent(e)[0].Message, d.Message)
	w.must(w.Attempted(w.Context(), d, store.Attempt{At: w.now, Problem: "answered 501"}))
	w.same("given up", w.counts(e), "0 waiting, 1 given up")
	w.wantErr(w.Attempted(w.Context(), d, store.Attempt{At: w.now, Delivered: true}), store.ErrNotFound)
	w.offer("a")
	d = w.sent(e)[0]
	w.must(w.Attempted(w.Context(), d, store.Attempt{At: w.now, Delivered: true}))
	w.wantErr(w.Attempted(w.Context(), d, store.Attempt{At: w.now, Delivered: true}), store.ErrNotFound)
	w.same("delivered", w.counts(e), "0 waiting, 1 given up")
}

func webhookGone(w *world) {
	e, other := w.endpoint("app"), w.endpoint("app")
	w.offer("a")
	w.offer("a")
	w.must(w.Attempted(w.Context(), w.sent(e)[0], store.Attempt{At: w.now, Problem: "answered 410", Gone: true}))
	w.offer("a")
	w.same("gone", w.counts(e), "0 waiting, 2 given up")
	w.same("the other", w.counts(other), "3 waiting, 0 given up")
	now, err := w.Endpoint(w.Context(), "app", e.ID)
	w.must(err)
	w.same("why", []any{now.DisabledAt, now.Reason}, []any{w.now, "answered 410"})
	w.wantErr(w.AddDelivery(w.Context(), "app", store.Delivery{Endpoint: e.ID, CreatedAt: w.now}), store.ErrNotFound)
	w.edit(e, func(e *store.Endpoint) { e.DisabledAt, e.Reason = time.Time{}, "" })
	w.offer("a")
	w.same("again", w.counts(e), "1 waiting, 2 given up")
	w.must(w.RemoveEndpoint(w.Context(), "app", other.ID, w.now, func(store.Endpoint) error { return nil }))
	w.same("removed", len(w.sent(other)), 0)
}

func webhookMemory(w *world) {
	e := w.endpoint("app")
	shares := make([]store.Share, 105)
	for i := range shares {
		shares[i] = w.draft("a")
	}
	w.must(w.CreateShares(w.Context(), shares, generous))
	w.edit(e, func(e *store.Endpoint) { e.DisabledAt = w.now })
	troubled, err := w.Troubled(w.Context(), e.ID, plenty)
	w.must(err)
	w.same("remembered", len(troubled), 100)
	w.same("counted", w.counts(e), "0 waiting, 105 given up")
}

func fixedWebhooks(w *world) {
	own := w.endpoint("app")
	fixed := func(id, secret string) store.Endpoint {
		return store.Endpoint{ID: id, App: "app", URL: "https://fixed.example", Secrets: []string{secret}, Fixed: true, CreatedAt: w.now}
	}
	has := func() (ids []string) {
		all, err := w.Endpoints(w.Context(), "app")
		w.must(err)
		for _, e := range all {
			if e.ID != own.ID {
				ids = append(ids, e.ID+" "+e.Secrets[0])
			}
		}
		slices.Sort(ids)
		return ids
	}
	w.must(w.FixEndpoints(w.Context(), []store.Endpoint{fixed("one", "s"), fixed("two", "s")}, w.now))
	w.same("both", has(), []string{"one s", "two s"})
	w.offer("a")
	w.must(w.FixEndpoints(w.Context(), []store.Endpoint{fixed("two", "t"), fixed("three", "s")}, w.now))
	w.same("others", has(), []string{"three s", "two t"})
	w.same("what waited waits", w.counts(fixed("two", "t")), "1 waiting, 0 given up")
	w.must(w.FixEndpoints(w.Context(), nil, w.now))
	w.same("none", has(), []string(nil))
}

func webhookAudit(w *world) {
	w.KeepNames()
	ctx := store.By(w.Context(), store.ByOperator)
	e := store.Endpoint{ID: "wh", App: "app", URL: "https://hooks.example/secret", Secrets: []string{"s"}, CreatedAt: w.now}
	w.must(w.AddEndpoint(ctx, e, plenty))
	_, err := w.ChangeEndpoint(ctx, "app", "wh", w.now, func(*store.Endpoint) error { return nil })
	w.must(err)
	w.offer("a")
	w.must(w.Attempted(w.Context(), w.sent(e)[0], store.Attempt{At: w.now, Problem: "answered 410", Gone: true}))
	w.must(w.RemoveEndpoint(ctx, "app", "wh", w.now, func(store.Endpoint) error { return nil }))
	var got []string
	for _, entry := range w.audited() {
		if entry.Webhook != "" {
			got = append(got, fmt.Sprintf("%s by %s of %s: %s at %s", entry.Kind, entry.By, entry.App, entry.Webhook, entry.Name))
		}
	}
	w.same("entries", got, []string{
		"webhook-added by @operator of app: wh at hooks.example", "webhook-changed by @operator of app: wh at hooks.example",
		"webhook-disabled by @server of app: wh at hooks.example", "webhook-removed by @operator of app: wh at hooks.example",
	})
}

func webhookOwners(w *world) {
	e := w.endpoint("app")
	nothing := func(*store.Endpoint) error { return nil }
	_, err := w.ChangeEndpoint(w.Context(), "other", e.ID, w.now, nothing)
	w.wantErr(err, store.ErrNotFound)
	w.wantErr(w.RemoveEndpoint(w.Context(), "other", e.ID, w.now, func(store.Endpoint) error { return nil }), store.ErrNotFound)
	w.wantErr(w.AddDelivery(w.Context(), "other", store.Delivery{Endpoint: e.ID, CreatedAt: w.now}), store.ErrNotFound)
	_, err = w.Endpoint(w.Context(), "other", e.ID)
	w.wantErr(err, store.ErrNotFound)
	w.wantCode(w.AddEndpoint(w.Context(), store.Endpoint{ID: "another", App: "app", CreatedAt: w.now}, 1), protocol.CodeRoomFull)
	w.must(w.AddEndpoint(w.Context(), store.Endpoint{ID: "another", App: "other", CreatedAt: w.now}, 1))
	refused := protocol.NewError(protocol.CodeForbidden, "no")
	w.wantErr(w.RemoveEndpoint(w.Context(), "app", e.ID, w.now, func(store.Endpoint) error { return refused }), refused)
	_, err = w.ChangeEndpoint(w.Context(), "app", e.ID, w.now, func(e *store.Endpoint) error { e.URL = "changed"; return refused })
	w.wantErr(err, refused)
	now, err := w.Endpoint(w.Context(), "app", e.ID)
	w.must(err)
	w.same("unchanged", now.URL, e.URL)
}
