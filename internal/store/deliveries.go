package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// Delivery is one message to one endpoint.
type Delivery struct {
	ID        int64
	Endpoint  string
	Message   string // the webhook-id: the same at each attempt
	Type      protocol.WebhookType
	Body      []byte // a protocol.Webhook
	CreatedAt time.Time
	Attempts  int
	TriedAt   time.Time // zero before the first
	DueAt     time.Time // when it is tried next; zero for one that was given up
	Problem   string    // what became of the last attempt
}

const (
	deliveryColumns = `id, endpoint, message, type, body, created_at, attempts, tried_at, due_at, problem`

	// keptGivenUp is how many of the deliveries that were given up are remembered of
	// each endpoint.
	keptGivenUp = 100
)

func scanDelivery(r row) (d Delivery, err error) {
	var body string
	err = r.Scan(&d.ID, &d.Endpoint, &d.Message, &d.Type, &body, timeColumn{&d.CreatedAt}, &d.Attempts, timeColumn{&d.TriedAt},
		timeColumn{&d.DueAt}, &d.Problem)
	d.Body = []byte(body)
	return d, err
}

// BoundDeliveries has at most so many deliveries wait for one endpoint; what is
// more is given up. Zero bounds nothing. Call it before the first change.
func (db *DB) BoundDeliveries(most int) { db.mostDeliveries = most }

// Hooked wakes up whoever delivers: a value is there after a commit that wrote
// deliveries. Several commits may be one value.
func (db *DB) Hooked() <-chan struct{} { return db.hooked }

// WaitingEndpoint is an endpoint that deliveries wait for, and when the first of
// them is due.
type WaitingEndpoint struct {
	Endpoint
	DueAt time.Time
}

// WaitingEndpoints returns the endpoints that are used and that deliveries wait for.
func (db *DB) WaitingEndpoints(ctx context.Context) ([]WaitingEndpoint, error) {
	scan := func(r row) (w WaitingEndpoint, err error) {
		err = r.Scan(append(endpointFields(&w.Endpoint), timeColumn{&w.DueAt})...)
		return w, err
	}
	all, err := list(ctx, db.engine.Reader(), scan, `SELECT `+endpointColumns+`,
		(SELECT COALESCE(MIN(due_at), 0) FROM deliveries WHERE endpoint = e.id AND due_at > 0) FROM endpoints e
		WHERE disabled_at = 0 AND EXISTS (SELECT 1 FROM deliveries WHERE endpoint = e.id AND due_at > 0) ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("reading whom webhooks wait for: %w", err)
	}
	return all, nil
}

// DueDeliveries returns deliveries of an endpoint that are due at now, those first
// that have been due for longest.
func (db *DB) DueDeliveries(ctx context.Context, endpoint string, now time.Time, limit int) ([]Delivery, error) {
	due, err := list(ctx, db.engine.Reader(), scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries
		WHERE endpoint = $1 AND due_at > 0 AND due_at <= $2 ORDER BY due_at, id LIMIT $3`, endpoint, micros(now), limit)
	if err != nil {
		return nil, fmt.Errorf("reading due webhooks: %w", err)
	}
	return due, nil
}

// Troubled returns the deliveries of an endpoint that failed at least once or were
// given up, newest first.
func (db *DB) Troubled(ctx context.Context, endpoint string, limit int) ([]Delivery, error) {
	all, err := list(ctx, db.engine.Reader(), scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries
		WHERE endpoint = $1 AND (attempts > 0 OR due_at = 0) ORDER BY id DESC LIMIT $2`, endpoint, limit)
	if err != nil {
		return nil, fmt.Errorf("reading failed webhooks: %w", err)
	}
	return all, nil
}

// AddDelivery has one endpoint of an application be sent a message that is about no
// change. Without such an endpoint, and for one that is disabled, it is ErrNotFound.
func (db *DB) AddDelivery(ctx context.Context, app string, d Delivery) error {
	return db.updateIn(ctx, ofEndpoint(d.Endpoint), "writing a webhook", func(ctx context.Context, c *change) error {
		e, err := endpoint(ctx, c, app, d.Endpoint)
		if err == nil && !e.DisabledAt.IsZero() {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		return c.saveDelivery(ctx, d)
	})
}

// Attempt is what became of an attempt to make a delivery.
type Attempt struct {
	At        time.Time
	Delivered bool
	Problem   string // why it was not
	// Again is when to try again; zero gives up.
	Again time.Time
	// Rest is until when the endpoint wants to be left alone; zero for no wish.
	Rest time.Time
	// Gone: the endpoint is never to be asked again.
	Gone bool
}

// Attempted notes what became of an attempt. It is ErrNotFound when the delivery is
// not there any more: its endpoint was removed, or disabled, meanwhile.
func (db *DB) Attempted(ctx context.Context, d Delivery, a Attempt) error {
	of := ofEndpoint(d.Endpoint)
	if a.Gone {
		of = Scope{} // rooms read whom to tell
	}
	return db.updateIn(ctx, of, "noting an attempt of a webhook", func(ctx context.Context, c *change) error {
		if !a.Rest.IsZero() {
			if _, err := c.exec(ctx, `UPDATE endpoints SET rests_until = $1 WHERE id = $2 AND rests_until < $1`, micros(a.Rest), d.Endpoint); err != nil {
				return err
			}
		}
		n, err := c.settle(ctx, d, a)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		if err != nil || !a.Gone {
			return err
		}
		return c.disable(ctx, d.Endpoint, a)
	})
}

// settle notes what became of the delivery itself, and returns whether it waited.
func (c *change) settle(ctx context.Context, d Delivery, a Attempt) (int64, error) {
	if a.Delivered {
		return c.exec(ctx, `DELETE FROM deliveries WHERE id = $1 AND due_at > 0`, d.ID)
	}
	n, err := c.exec(ctx, `UPDATE deliveries SET attempts = attempts + 1, tried_at = $1, due_at = $2, problem = $3 WHERE id = $4 AND due_at > 0`,
		micros(a.At), micros(a.Again), a.Problem, d.ID)
	if err != nil || n == 0 || !a.Again.IsZero() {
		return n, err
	}
	if _, err := c.exec(ctx, `UPDATE endpoints SET given_up = given_up + 1 WHERE id = $1`, d.Endpoint); err != nil {
		return n, err
	}
	return n, c.forgetGivenUp(ctx, d.Endpoint)
}

// disable ends the use of an endpoint that has said so itself.
func (c *change) disable(ctx context.Context, id string, a Attempt) error {
	e, err := one(ctx, c, scanEndpoint, `SELECT `+endpointColumns+` FROM endpoints e WHERE id = $1 AND disabled_at = 0`, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	e.DisabledAt, e.Reason = a.At, a.Problem
	c.noteEndpoint(AuditWebhookDisabled, e, a.At)
	if err := c.saveEndpoint(ctx, e); err != nil {
		return err
	}
	return c.giveUpAll(ctx, id)
}

// giveUpAll gives up what waits for an endpoint.
func (c *change) giveUpAll(ctx context.Context, id string) error {
	n, err := c.exec(ctx, `UPDATE deliveries SET due_at = 0, problem = CASE WHEN problem = '' THEN 'disabled' ELSE problem END
		WHERE endpoint = $1 AND due_at > 0`, id)
	if err != nil {
		return err
	}
	if _, err := c.exec(ctx, `UPDATE endpoints SET given_up = given_up + $1 WHERE id = $2`, n, id); err != nil {
		return err
	}
	return c.forgetGivenUp(ctx, id)
}

// forgetGivenUp forgets the oldest of an endpoint's deliveries that were given up,
// when there are many.
func (c *change) forgetGivenUp(ctx context.Context, id string) error {
	_, err := c.exec(ctx, `DELETE FROM deliveries WHERE endpoint = $1 AND due_at = 0 AND id NOT IN
		(SELECT id FROM deliveries WHERE endpoint = $1 AND due_at = 0 ORDER BY id DESC LIMIT $2)`, id, keptGivenUp)
	return err
}

// WebhookBacklog is how much waits for endpoints.
type WebhookBacklog struct {
	Waiting int
	Since   time.Time // when the oldest of it was written; zero for none
	GivenUp int64     // of all endpoints that there are
}

// WebhookBacklog counts what waits for endpoints.
func (db *DB) WebhookBacklog(ctx context.Context) (WebhookBacklog, error) {
	scan := func(r row) (b WebhookBacklog, err error) {
		err = r.Scan(&b.Waiting, &b.GivenUp, timeColumn{&b.Since})
		return b, err
	}
	b, err := one(ctx, db.engine.Reader(), scan, `SELECT (SELECT COUNT(*) FROM deliveries WHERE due_at > 0), CAST(COALESCE(SUM(given_up), 0) AS BIGINT),
		COALESCE((SELECT created_at FROM deliveries WHERE due_at > 0 ORDER BY id LIMIT 1), 0) FROM endpoints`)
	if err != nil {
		return b, fmt.Errorf("counting webhooks: %w", err)
	}
	return b, nil
}
