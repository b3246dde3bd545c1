package store

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// Endpoint is where an application wants to be told of what happens in its rooms.
type Endpoint struct {
	ID  string
	App string
	URL string
	// Events are the types it wants; none means all.
	Events []protocol.WebhookType
	// Secrets sign each message, each of them. They are kept as they are.
	Secrets []string
	// Fixed: it stands in the server's configuration, and only that changes it.
	Fixed     bool
	CreatedAt time.Time
	// DisabledAt is when it was last disabled; zero while it is used.
	DisabledAt time.Time
	Reason     string // why it is disabled
	// RestsUntil is when it wants to be asked again.
	RestsUntil time.Time
	Waiting    int   // deliveries still to be made
	GivenUp    int64 // deliveries that never will be, since it is there
}

// endpointColumns are of an endpoint e.
const endpointColumns = `e.id, e.app, e.url, e.events, e.secrets, e.fixed, e.created_at, e.disabled_at, e.reason, e.rests_until,
	(SELECT COUNT(*) FROM deliveries WHERE endpoint = e.id AND due_at > 0), e.given_up`

func endpointFields(e *Endpoint) []any {
	return []any{&e.ID, &e.App, &e.URL, jsonColumn{&e.Events}, jsonColumn{&e.Secrets}, &e.Fixed, timeColumn{&e.CreatedAt},
		timeColumn{&e.DisabledAt}, &e.Reason, timeColumn{&e.RestsUntil}, &e.Waiting, &e.GivenUp}
}

func scanEndpoint(r row) (e Endpoint, err error) {
	err = r.Scan(endpointFields(&e)...)
	return e, err
}

// Endpoints returns an application's endpoints, oldest first.
func (db *DB) Endpoints(ctx context.Context, app string) ([]Endpoint, error) {
	all, err := list(ctx, db.engine.Reader(), scanEndpoint, `SELECT `+endpointColumns+` FROM endpoints e WHERE app = $1 ORDER BY created_at, id`, app)
	if err != nil {
		return nil, fmt.Errorf("reading webhooks: %w", err)
	}
	return all, nil
}

// Endpoint returns one endpoint of an application.
func (db *DB) Endpoint(ctx context.Context, app, id string) (Endpoint, error) {
	e, err := endpoint(ctx, db.engine.Reader(), app, id)
	if err != nil {
		return e, fmt.Errorf("reading a webhook: %w", err)
	}
	return e, nil
}

func endpoint(ctx context.Context, q querier, app, id string) (Endpoint, error) {
	return one(ctx, q, scanEndpoint, `SELECT `+endpointColumns+` FROM endpoints e WHERE app = $1 AND id = $2`, app, id)
}

// AddEndpoint adds an endpoint of an application that has fewer than most; else it
// fails with protocol.CodeRoomFull.
func (db *DB) AddEndpoint(ctx context.Context, e Endpoint, most int) error {
	return db.update(ctx, "adding a webhook", func(ctx context.Context, c *change) error {
		has, err := one(ctx, c, column[int], `SELECT COUNT(*) FROM endpoints WHERE app = $1`, e.App)
		if err != nil {
			return err
		}
		if has >= most {
			return protocol.LimitError(protocol.CodeRoomFull, "max-webhooks", "the application has as many webhooks as it may")
		}
		return c.addEndpoint(ctx, e)
	})
}

func (c *change) addEndpoint(ctx context.Context, e Endpoint) error {
	events, secrets, err := e.lists()
	if err != nil {
		return err
	}
	c.noteEndpoint(AuditWebhookAdded, e, e.CreatedAt)
	_, err = c.exec(ctx, `INSERT INTO endpoints (id, app, url, events, secrets, fixed, created_at, disabled_at, reason, rests_until, given_up)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '', 0, 0)`,
		e.ID, e.App, e.URL, events, secrets, flag(e.Fixed), micros(e.CreatedAt))
	return err
}

// lists returns how the lists of the endpoint are kept.
func (e Endpoint) lists() (events, secrets string, err error) {
	if len(e.Events) > 0 {
		text, err := json.Marshal(e.Events)
		if err != nil {
			return "", "", err
		}
		events = string(text)
	}
	text, err := json.Marshal(e.Secrets)
	return events, string(text), err
}

// noteEndpoint notes for the audit log what was done to an endpoint. Of its address
// it is the host: the rest may be a secret.
func (c *change) noteEndpoint(kind AuditKind, e Endpoint, now time.Time) {
	entry := AuditEntry{Kind: kind, Time: now, App: e.App, Webhook: e.ID, Reason: e.Reason}
	if at, err := url.Parse(e.URL); err == nil {
		entry.Name = at.Host
	}
	c.note(entry)
}

// ChangeEndpoint lets edit change the URL, the events, the secrets and DisabledAt of
// an application's endpoint, and returns it as it is then. Without such it is
// ErrNotFound. An error of edit changes nothing. What waits for an endpoint that
// is disabled is given up.
func (db *DB) ChangeEndpoint(ctx context.Context, app, id string, now time.Time, edit func(*Endpoint) error) (Endpoint, error) {
	var after Endpoint
	err := db.update(ctx, "changing a webhook", func(ctx context.Context, c *change) error {
		e, err := endpoint(ctx, c, app, id)
		if err != nil {
			return err
		}
		if err := edit(&e); err != nil {
			return err
		}
		c.noteEndpoint(AuditWebhookChanged, e, now)
		if err := c.saveEndpoint(ctx, e); err != nil {
			return err
		}
		if !e.DisabledAt.IsZero() {
			if err := c.giveUpAll(ctx, e.ID); err != nil {
				return err
			}
		}
		after, err = endpoint(ctx, c, app, id)
		return err
	})
	return after, err
}

func (c *change) saveEndpoint(ctx context.Context, e Endpoint) error {
	events, secrets, err := e.lists()
	if err != nil {
		return err
	}
	_, err = c.exec(ctx, `UPDATE endpoints SET url = $1, events = $2, secrets = $3, disabled_at = $4, reason = $5, rests_until = $6 WHERE id = $7`,
		e.URL, events, secrets, micros(e.DisabledAt), e.Reason, micros(e.RestsUntil), e.ID)
	return err
}

// RemoveEndpoint removes an endpoint of an application, with what waits for it; the
// check may refuse. Without such it is ErrNotFound.
func (db *DB) RemoveEndpoint(ctx context.Context, app, id string, now time.Time, check func(Endpoint) error) error {
	return db.update(ctx, "removing a webhook", func(ctx context.Context, c *change) error {
		e, err := endpoint(ctx, c, app, id)
		if err != nil {
			return err
		}
		if err := check(e); err != nil {
			return err
		}
		return c.removeEndpoint(ctx, e, now)
	})
}

func (c *change) removeEndpoint(ctx context.Context, e Endpoint, now time.Time) error {
	c.noteEndpoint(AuditWebhookRemoved, e, now)
	_, err := c.exec(ctx, `DELETE FROM endpoints WHERE id = $1`, e.ID)
	return err
}

// FixEndpoints makes these the endpoints that stand in the server's configuration,
// whichever were before. What waits for one that stays goes on waiting.
func (db *DB) FixEndpoints(ctx context.Context, fixed []Endpoint, now time.Time) error {
	return db.update(ctx, "reading the webhooks of the configuration", func(ctx context.Context, c *change) error {
		before, err := list(ctx, c, scanEndpoint, `SELECT `+endpointColumns+` FROM endpoints e WHERE fixed = 1`)
		if err != nil {
			return err
		}
		for _, e := range before {
			at := slices.IndexFunc(fixed, func(f Endpoint) bool { return f.ID == e.ID })
			switch {
			case at < 0:
				err = c.removeEndpoint(ctx, e, now)
			case !slices.Equal(fixed[at].Secrets, e.Secrets):
				e.Secrets = fixed[at].Secrets
				c.noteEndpoint(AuditWebhookChanged, e, now)
				err = c.saveEndpoint(ctx, e)
			}
			if err != nil {
				return err
			}
		}
		for _, f := range fixed {
			if slices.ContainsFunc(before, func(e Endpoint) bool { return e.ID == f.ID }) {
				continue
			}
			if err := c.addEndpoint(ctx, f); err != nil {
				return err
			}
		}
		return nil
	})
}
