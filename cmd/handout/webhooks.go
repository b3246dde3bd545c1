package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"

	"github.com/handout-rtc/handout/internal/webhook"
)

// ownMachine is what webhooks may be sent to in development, where the
// application's back end is.
var ownMachine = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// webhookNetworks returns the networks that webhooks may be sent to beside the
// public internet.
func (c *serveCommand) webhookNetworks() ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, text := range c.WebhookNet {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("--webhook-network: %w", err)
		}
		networks = append(networks, network.Masked())
	}
	if c.Dev {
		networks = append(networks, ownMachine...)
	}
	return networks, nil
}

// openWebhooks puts together what tells applications.
func (p *parts) openWebhooks(ctx context.Context, c *serveCommand) error {
	networks, err := c.webhookNetworks()
	if err != nil {
		return err
	}
	p.records.BoundDeliveries(c.Limits.WebhookQueue)
	p.webhooks = webhook.New(webhook.Config{
		LookEvery: p.lookEvery(), Registry: p.records, Queue: p.records, Networks: networks, MaxPerApp: c.Limits.MaxWebhooks, Parallel: c.Limits.WebhookParallel,
		Timeout: c.Limits.WebhookTimeout, MaxAge: c.Limits.WebhookAge, Agent: "Handout/" + version, Observer: p.measures, Now: p.clock.Now, Log: p.log,
	})
	return p.readWebhooks(ctx, c)
}

// readWebhooks makes the endpoints of --webhook-file, as it is now, those of the
// configuration. A file that is no good changes nothing.
func (p *parts) readWebhooks(ctx context.Context, c *serveCommand) error {
	if c.WebhookFile == "" {
		return p.records.FixEndpoints(ctx, nil, p.clock.Now())
	}
	file, err := os.Open(c.WebhookFile)
	if err != nil {
		return fmt.Errorf("--webhook-file: %w", err)
	}
	defer file.Close()
	fixed, err := p.webhooks.ReadFixed(file)
	if err != nil {
		return fmt.Errorf("--webhook-file: %w", err)
	}
	return p.records.FixEndpoints(ctx, fixed, p.clock.Now())
}
