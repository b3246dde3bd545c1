package webhook

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

const (
	secretPrefix            = "whsec_"
	leastSecret, mostSecret = 24, 64 // bytes, by Standard Webhooks
	madeSecret              = 32     // bytes of one that we make
	mostSecrets             = 4
	mostURL                 = 2048 // bytes
	mostTroubled            = 100
)

// Wish is what an application says of an endpoint; nil says nothing of it.
type Wish struct {
	URL      *string                 `json:"url"`
	Events   *[]protocol.WebhookType `json:"events"` // empty for all
	Secrets  *[]string               `json:"secrets"`
	Disabled *bool                   `json:"disabled"`
}

// Add registers an endpoint of an application. Without secrets in the wish it gets
// one of its own, which made says.
func (s *Service) Add(ctx context.Context, app string, w Wish) (e store.Endpoint, made bool, err error) {
	if w.URL == nil {
		return e, false, invalid("a webhook needs a url")
	}
	if w.Secrets == nil {
		w.Secrets, made = &[]string{newSecret()}, true
	}
	e = store.Endpoint{ID: protocol.NewWebhookID(), App: app, CreatedAt: s.Now()}
	if err := s.grant(w, &e); err != nil {
		return e, false, err
	}
	if !e.DisabledAt.IsZero() {
		return e, false, invalid("a new webhook is not disabled")
	}
	if err := s.Registry.AddEndpoint(ctx, e, s.MaxPerApp); err != nil {
		return e, false, fmt.Errorf("adding a webhook: %w", err)
	}
	s.Log.Info("webhook added", "webhook", e.ID, "app", app)
	return e, made, nil
}

// Change does what the wish says to an endpoint of the application.
func (s *Service) Change(ctx context.Context, app, id string, w Wish) (store.Endpoint, error) {
	e, err := s.Registry.ChangeEndpoint(ctx, app, id, s.Now(), func(e *store.Endpoint) error {
		if err := changeable(*e); err != nil {
			return err
		}
		return s.grant(w, e)
	})
	return e, known(err)
}

// Remove removes an endpoint of the application, with what waits for it.
func (s *Service) Remove(ctx context.Context, app, id string) error {
	return known(s.Registry.RemoveEndpoint(ctx, app, id, s.Now(), changeable))
}

// List returns the endpoints of the application.
func (s *Service) List(ctx context.Context, app string) ([]store.Endpoint, error) {
	return s.Registry.Endpoints(ctx, app)
}

// Test has an endpoint of the application be sent a message that tells of nothing,
// and returns its webhook-id. One that is disabled is not found.
func (s *Service) Test(ctx context.Context, app, id string) (string, error) {
	now := s.Now()
	body, err := json.Marshal(protocol.Webhook{Type: protocol.WebhookTest, Timestamp: now.UTC(), Data: protocol.WebhookData{App: app}})
	if err != nil {
		return "", err
	}
	d := store.Delivery{Endpoint: id, Message: protocol.NewMessageID(), Type: protocol.WebhookTest, Body: body, CreatedAt: now}
	return d.Message, known(s.Registry.AddDelivery(ctx, app, d))
}

// Troubled returns those deliveries of an endpoint of the application that failed
// so far, or were given up, newest first.
func (s *Service) Troubled(ctx context.Context, app, id string) ([]store.Delivery, error) {
	endpoints, err := s.Registry.Endpoints(ctx, app)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(endpoints, func(e store.Endpoint) bool { return e.ID == id }) {
		return nil, notFound()
	}
	return s.Registry.Troubled(ctx, id, mostTroubled)
}

// grant puts a wish over an endpoint, or says what is wrong with it.
func (s *Service) grant(w Wish, e *store.Endpoint) error {
	if w.URL != nil {
		if err := s.checkURL(*w.URL); err != nil {
			return err
		}
		e.URL = *w.URL
	}
	if w.Events != nil {
		for _, event := range *w.Events {
			if !slices.Contains(protocol.WebhookTypes(), event) {
				return invalid(fmt.Sprintf("%q is no type of webhooks", event))
			}
		}
		e.Events = *w.Events
	}
	if w.Secrets != nil {
		if err := checkSecrets(*w.Secrets); err != nil {
			return err
		}
		e.Secrets = *w.Secrets
	}
	switch {
	case w.Disabled == nil:
	case !*w.Disabled:
		e.DisabledAt, e.Reason, e.RestsUntil = time.Time{}, "", time.Time{}
	case e.DisabledAt.IsZero():
		e.DisabledAt, e.Reason = s.Now(), "disabled by the application"
	}
	return nil
}

// checkURL refuses what can never be asked. Whether a name leads to an address that
// may be asked shows when it is.
func (s *Service) checkURL(text string) error {
	to, err := url.Parse(text)
	switch {
	case err != nil, to.Host == "", to.Opaque != "", len(text) > mostURL, strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return invalid("the url of a webhook must be https://…, in ASCII")
	case to.User != nil, to.Fragment != "":
		return invalid("the url of a webhook has neither a user nor a fragment")
	case to.Scheme == "http" && len(s.Networks) == 0, to.Scheme != "http" && to.Scheme != "https":
		return invalid("the url of a webhook must be https://…")
	}
	permits := s.mayAsk
	if to.Scheme == "http" {
		permits = s.named
	}
	if address, err := netip.ParseAddr(to.Hostname()); err == nil && !permits(address) {
		return protocol.WrapError(protocol.CodeInvalidRequest, errAddress.Error(), errAddress)
	}
	return nil
}

func checkSecrets(secrets []string) error {
	if len(secrets) < 1 || len(secrets) > mostSecrets {
		return invalid(fmt.Sprintf("a webhook has 1 to %d secrets", mostSecrets))
	}
	for _, secret := range secrets {
		text, ok := strings.CutPrefix(secret, secretPrefix)
		key, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil || len(key) < leastSecret || len(key) > mostSecret {
			return invalid(fmt.Sprintf("a secret is %s and the base64 of %d to %d bytes", secretPrefix, leastSecret, mostSecret))
		}
	}
	return nil
}

func newSecret() string {
	var key [madeSecret]byte
	rand.Read(key[:]) // never fails: it aborts the program instead
	return secretPrefix + base64.StdEncoding.EncodeToString(key[:])
}

// changeable refuses to change what the server's configuration says.
func changeable(e store.Endpoint) error {
	if e.Fixed {
		return protocol.NewError(protocol.CodeForbidden, "the webhook stands in the server's configuration")
	}
	return nil
}

// known says what it means that the store has no such endpoint.
func known(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return notFound()
	}
	return err
}

func notFound() error { return protocol.NewError(protocol.CodeNotFound, "there is no such webhook") }

func invalid(message string) error { return protocol.NewError(protocol.CodeInvalidRequest, message) }
