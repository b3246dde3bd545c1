package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// hook is what a change has to tell the webhooks of a room's application.
type hook struct {
	of      protocol.WebhookType
	at      time.Time
	room    protocol.RoomID
	id      protocol.ShareID  // of the share it is about; "" for none
	share   *protocol.Share   // nil: to be read if somebody wants to know
	receipt *protocol.Receipt // of a protocol.WebhookReceived
}

// shareHooks are the types that tell of a share's states.
var shareHooks = map[protocol.ShareState]protocol.WebhookType{
	protocol.Uploading: protocol.WebhookCreated, protocol.Available: protocol.WebhookAvailable, protocol.Cancelled: protocol.WebhookCancelled,
	protocol.Failed: protocol.WebhookFailed, protocol.Revoked: protocol.WebhookRevoked, protocol.Expired: protocol.WebhookExpired,
}

// hookShare has webhooks tell of the state that a share has come to. Who calls it
// sees to it that it is no partial upload.
func (c *change) hookShare(s Share, at time.Time) {
	c.hook(hook{of: shareHooks[s.State], at: at, room: s.Room, id: s.ID, share: &s.Share})
}

// hookReceipt has webhooks tell of a receipt, if they tell of such.
func (c *change) hookReceipt(e *ledgerEntry, at time.Time) {
	if e.State == protocol.ReceiptReceived {
		receipt := e.Receipt
		c.hook(hook{of: protocol.WebhookReceived, at: at, room: e.room, id: e.Share, receipt: &receipt})
	}
}

// hook has webhooks tell of something, with the change or not at all.
func (c *change) hook(h hook) { c.hooks = append(c.hooks, h) }

// listener is an endpoint that may want to know, and of which room.
type listener struct {
	endpoint string
	events   []protocol.WebhookType // none for all
	app      string
	room     protocol.WebhookRoom
}

func (l listener) wants(of protocol.WebhookType) bool {
	return len(l.events) == 0 || slices.Contains(l.events, of)
}

// saveHooks writes a delivery for each endpoint that wants to know of what the
// change did.
func (c *change) saveHooks(ctx context.Context) error {
	var listeners []listener
	for i, h := range c.hooks {
		var err error
		if i == 0 || h.room != c.hooks[i-1].room {
			if listeners, err = c.listeners(ctx, h.room); err != nil {
				return fmt.Errorf("looking for webhooks: %w", err)
			}
		}
		if err := c.saveHook(ctx, h, listeners); err != nil {
			return fmt.Errorf("writing a webhook: %w", err)
		}
	}
	return nil
}

// listeners returns the endpoints of a room's application that are used.
func (c *change) listeners(ctx context.Context, room protocol.RoomID) ([]listener, error) {
	scan := func(r row) (l listener, err error) {
		err = r.Scan(&l.endpoint, jsonColumn{&l.events}, &l.app, &l.room.ID, &l.room.Name, &l.room.OwnerRef)
		return l, err
	}
	return list(ctx, c, scan, `SELECT e.id, e.events, r.app, r.id, r.name, r.owner_ref
		FROM rooms r JOIN endpoints e ON e.app = r.app WHERE r.id = $1 AND e.disabled_at = 0 ORDER BY e.id`, room)
}

// saveHook writes one message for those of the listeners that want it. It is the
// same to all of them, and has the same id.
func (c *change) saveHook(ctx context.Context, h hook, listeners []listener) error {
	var body, message string
	for _, l := range listeners {
		if !l.wants(h.of) {
			continue
		}
		if body == "" {
			var err error
			if body, err = c.hookText(ctx, h, l); err != nil {
				return err
			}
			message = protocol.NewMessageID()
		}
		if err := c.saveDelivery(ctx, Delivery{Endpoint: l.endpoint, Message: message, Type: h.of, Body: []byte(body), CreatedAt: h.at}); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) hookText(ctx context.Context, h hook, l listener) (string, error) {
	if h.share == nil && h.id != "" {
		s, err := share(ctx, c, h.id)
		if err != nil {
			return "", err
		}
		h.share = &s.Share
	}
	text, err := json.Marshal(protocol.Webhook{Type: h.of, Timestamp: rounded(h.at), Data: protocol.WebhookData{
		App: l.app, Room: &l.room, Share: h.share, Receipt: h.receipt,
	}})
	return string(text), err
}

// saveDelivery writes a delivery that is due at once, unless as many as may wait
// for its endpoint already: then it is counted as given up. Of changes that are made
// at once each may be the last that has a place.
func (c *change) saveDelivery(ctx context.Context, d Delivery) error {
	c.hooked = true // also to have it told that one was given up
	if c.mostDeliveries > 0 {
		waiting, err := one(ctx, c, column[int], `SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE endpoint = $1 AND due_at > 0 LIMIT $2) AS waiting`,
			d.Endpoint, c.mostDeliveries)
		if err != nil {
			return err
		}
		if waiting >= c.mostDeliveries {
			_, err := c.exec(ctx, `UPDATE endpoints SET given_up = given_up + 1 WHERE id = $1`, d.Endpoint)
			return err
		}
	}
	for {
		n, err := c.exec(ctx, `INSERT INTO deliveries (`+deliveryColumns+`) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $6, '') ON CONFLICT (id) DO NOTHING`,
			c.deliveryIDs.next(d.CreatedAt), d.Endpoint, d.Message, d.Type, string(d.Body), micros(d.CreatedAt))
		if err != nil || n == 1 {
			return err
		}
	}
}

// deliveryIDs makes ids of deliveries, in the order of their times: by themselves, so
// that no two changes wait for each other to have one.
type deliveryIDs struct{ last atomic.Int64 }

// next returns another id. Another process may have made the same.
func (ids *deliveryIDs) next(now time.Time) int64 {
	for {
		last := ids.last.Load()
		id := max(last+1, micros(now)<<10+rand.Int64N(1<<10))
		if ids.last.CompareAndSwap(last, id) {
			return id
		}
	}
}
