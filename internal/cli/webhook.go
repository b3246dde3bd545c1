package cli

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// webhookCommand is `handout webhook`.
type webhookCommand struct {
	Add        webhookAdd        `cmd:"" help:"Have an address told what happens in the application's rooms."`
	List       webhookList       `cmd:"" help:"List the application's webhooks."`
	Set        webhookSet        `cmd:"" help:"Change a webhook: where it goes, what it tells, by which secrets it signs."`
	Remove     webhookRemove     `cmd:"" help:"Remove webhooks, with what waits for them."`
	Test       webhookTest       `cmd:"" help:"Have a test message sent."`
	Deliveries webhookDeliveries `cmd:"" help:"List what a webhook has not taken so far, and why."`
}

// webhookInfo is a webhook as the server tells the application.
type webhookInfo struct {
	ID       string                 `json:"id"`
	URL      string                 `json:"url"`
	Events   []protocol.WebhookType `json:"events"`
	Secrets  []string               `json:"secrets,omitempty"` // told once, of one that the server has made
	Created  time.Time              `json:"created"`
	Disabled *time.Time             `json:"disabled,omitempty"`
	Reason   string                 `json:"reason,omitempty"`
	Fixed    bool                   `json:"fixed"`
	Waiting  int                    `json:"waiting"`
	GivenUp  int64                  `json:"givenUp"`
}

// text is the webhook on a line.
func (w webhookInfo) text() string {
	events := "all"
	if !slices.Equal(w.Events, protocol.WebhookTypes()) {
		names := make([]string, len(w.Events))
		for i, event := range w.Events {
			names[i] = string(event)
		}
		events = strings.Join(names, ",")
	}
	line := w.ID + "  " + w.URL + "  " + events
	if w.Fixed {
		line += "  of the configuration"
	}
	if w.Disabled != nil {
		line += "  disabled: " + w.Reason
	}
	if w.Waiting > 0 {
		line += fmt.Sprintf("  %d waiting", w.Waiting)
	}
	if w.GivenUp > 0 {
		line += fmt.Sprintf("  %d given up", w.GivenUp)
	}
	return safe(line)
}

// webhookWish is what of a webhook may be chosen.
type webhookWish struct {
	Events     []string `env:"-" placeholder:"TYPE" help:"Only these, as share.available,share.received; \"all\" are also those that are yet to come."`
	SecretFile string   `env:"-" type:"path" placeholder:"FILE" help:"Secrets that sign, one to a line, whsec_…, at most four."`
}

// over puts what is chosen over what the server is told.
func (w *webhookWish) over(said map[string]any) error {
	switch {
	case slices.Equal(w.Events, []string{"all"}):
		said["events"] = []string{}
	case len(w.Events) > 0:
		said["events"] = w.Events
	}
	if w.SecretFile == "" {
		return nil
	}
	text, err := os.ReadFile(w.SecretFile)
	if err != nil {
		return usage("--secret-file: %w", err)
	}
	secrets := strings.Fields(string(text))
	if len(secrets) == 0 {
		return usage("--secret-file: %s holds no secret", w.SecretFile)
	}
	said["secrets"] = secrets
	return nil
}

type webhookAdd struct {
	back
	webhookWish
	URL string `arg:"" name:"url" help:"Where messages are sent, https://…"`
}

// Help implements kong's long help.
func (webhookAdd) Help() string {
	return `Prints the id of the webhook and, without --secret-file, the secret that the server has made for it: it is told here, and never again.`
}

// Run implements `handout webhook add`.
func (c *webhookAdd) Run() error {
	return c.ask(func(ctx context.Context, app *operator, out *output) error {
		said := map[string]any{"url": c.URL}
		if err := c.over(said); err != nil {
			return err
		}
		var answer struct{ Webhook webhookInfo }
		if err := app.webhooks(ctx, http.MethodPost, nil, said, &answer); err != nil {
			return err
		}
		out.result(answer.Webhook, safe(strings.Join(append([]string{answer.Webhook.ID}, answer.Webhook.Secrets...), "  ")))
		return nil
	})
}

type webhookList struct{ back }

// Run implements `handout webhook list`.
func (c *webhookList) Run() error {
	return c.ask(func(ctx context.Context, app *operator, out *output) error {
		var answer struct{ Webhooks []webhookInfo }
		if err := app.webhooks(ctx, http.MethodGet, nil, nil, &answer); err != nil {
			return err
		}
		for _, w := range answer.Webhooks {
			out.result(w, w.text())
		}
		return nil
	})
}

// oneWebhook is a webhook on the command line.
type oneWebhook struct {
	ID string `arg:"" name:"webhook" help:"The webhook, wh_…"`
}

// Validate implements kong's check after parsing.
func (w *oneWebhook) Validate() error { return checkWebhook(w.ID) }

func checkWebhook(id string) error {
	if !protocol.ValidWebhookID(id) {
		return fmt.Errorf("%s is no webhook's id, wh_…", safe(id))
	}
	return nil
}

type webhookSet struct {
	back
	oneWebhook
	webhookWish
	URL     string `env:"-" name:"url" placeholder:"URL" help:"Where messages are sent."`
	Disable bool   `env:"-" xor:"able" help:"Send it nothing more; what waits is given up."`
	Enable  bool   `env:"-" xor:"able" help:"Use it again."`
}

// Run implements `handout webhook set`.
func (c *webhookSet) Run() error {
	return c.ask(func(ctx context.Context, app *operator, out *output) error {
		said := map[string]any{}
		if c.URL != "" {
			said["url"] = c.URL
		}
		if c.Disable || c.Enable {
			said["disabled"] = c.Disable
		}
		if err := c.over(said); err != nil {
			return err
		}
		var answer struct{ Webhook webhookInfo }
		if err := app.webhooks(ctx, http.MethodPut, []string{c.ID}, said, &answer); err != nil {
			return err
		}
		out.result(answer.Webhook, answer.Webhook.text())
		return nil
	})
}

type webhookRemove struct {
	back
	IDs []string `arg:"" name:"webhook" help:"The webhooks, wh_…"`
}

// Validate implements kong's check after parsing.
func (c *webhookRemove) Validate() error {
	for _, id := range c.IDs {
		if err := checkWebhook(id); err != nil {
			return err
		}
	}
	return nil
}

// Run implements `handout webhook remove`.
func (c *webhookRemove) Run() error {
	return c.ask(func(ctx context.Context, app *operator, out *output) error {
		var total tally
		for _, id := range c.IDs {
			err := app.webhooks(ctx, http.MethodDelete, []string{id}, nil, nil)
			total.add(err)
			if err != nil {
				out.fail("", id, err)
				continue
			}
			out.result(map[string]string{"id": id}, id)
		}
		return total.verdict(nil)
	})
}

type webhookTest struct {
	back
	oneWebhook
}

// Help implements kong's long help.
func (webhookTest) Help() string {
	return `Prints the webhook-id of a message of the type webhook.test, which is sent like all others. "handout webhook deliveries" tells whether it was not taken.`
}

// Run implements `handout webhook test`.
func (c *webhookTest) Run() error {
	return c.ask(func(ctx context.Context, app *operator, out *output) error {
		var answer struct {
			ID string `json:"id"`
		}
		if err := app.webhooks(ctx, http.MethodPost, []string{c.ID, "test"}, nil, &answer); err != nil {
			return err
		}
		out.result(answer, safe(answer.ID))
		return nil
	})
}

type webhookDeliveries struct {
	back
	oneWebhook
}

// deliveryInfo is a message that was not taken, as the server tells the application.
type deliveryInfo struct {
	ID       string               `json:"id"`
	Type     protocol.WebhookType `json:"type"`
	Created  time.Time            `json:"created"`
	Attempts int                  `json:"attempts"`
	Tried    *time.Time           `json:"tried,omitempty"`
	Again    *time.Time           `json:"again,omitempty"` // absent: it was given up
	Problem  string               `json:"problem"`
}

// text is the message on a line.
func (d deliveryInfo) text() string {
	again := "given up"
	if d.Again != nil {
		again = "again " + d.Again.Format(time.RFC3339)
	}
	return safe(fmt.Sprintf("%s  %s  %s  %d tried  %s  %s", d.ID, d.Type, d.Created.Format(time.RFC3339), d.Attempts, again, d.Problem))
}

// Run implements `handout webhook deliveries`.
func (c *webhookDeliveries) Run() error {
	return c.ask(func(ctx context.Context, app *operator, out *output) error {
		var answer struct{ Deliveries []deliveryInfo }
		if err := app.webhooks(ctx, http.MethodGet, []string{c.ID, "deliveries"}, nil, &answer); err != nil {
			return err
		}
		for _, d := range answer.Deliveries {
			out.result(d, d.text())
		}
		return nil
	})
}
