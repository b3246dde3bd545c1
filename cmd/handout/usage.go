package main

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/handout-rtc/handout/protocol"
)

// usageCollector reads from the store and the disk how much there is of everything
// that is bounded, when Prometheus asks. What cannot be read is missing from the
// answer, and never a zero.
type usageCollector struct {
	parts *parts
	descs map[string]*prometheus.Desc
}

// readPatience is how long Prometheus waits for the store.
const readPatience = 5 * time.Second

const sharesName = "handout_shares"

func newUsageCollector(p *parts) *usageCollector {
	c := &usageCollector{parts: p, descs: make(map[string]*prometheus.Desc)}
	for name, help := range map[string]string{
		"handout_rooms":                  "Rooms that have not ended.",
		"handout_participants":           "Participants on the rosters.",
		"handout_participants_connected": "Participants with a push connection.",
		"handout_shares_live":            "Shares that are uploading or available.",
		"handout_uploads_open":           "Shares that are uploading.",
		"handout_reserved_bytes":         "Bytes that live shares have reserved, and ended ones whose bytes are there.",
		"handout_promised_bytes":         "Bytes that are still to come of the open uploads.",
		"handout_outbox_events":          "Events committed and not announced yet.",
		"handout_purge_backlog":          "Shares and parts that have ended and whose bytes are not gone yet.",
		"handout_purge_oldest_seconds":   "Time since the first of them ended; 0 for none.",
		"handout_audit_backlog":          "Entries that are not in the audit log yet.",
		"handout_audit_healthy":          "1 while the audit log can be written.",
		"handout_disk_free_bytes":        "Bytes left on the file system of the files.",
		"handout_outbox_age_seconds":     "Age of the oldest of them.",
		"handout_webhooks_waiting":       "Webhooks that are still to be delivered.",
		"handout_webhooks_age_seconds":   "Age of the oldest of them.",
		"handout_webhooks_given_up":      "Webhooks that were given up, of the endpoints that there are.",
		"handout_tickets":                "Tickets that are neither used nor cleared away.",
	} {
		c.descs[name] = prometheus.NewDesc(name, help, nil, nil)
	}
	c.descs[sharesName] = prometheus.NewDesc(sharesName, "Shares that are remembered, by state.", []string{"state"}, nil)
	return c
}

// Describe implements prometheus.Collector.
func (c *usageCollector) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range c.descs {
		out <- desc
	}
}

// Collect implements prometheus.Collector.
func (c *usageCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readPatience)
	defer cancel()
	gauge := func(name string, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(c.descs[name], prometheus.GaugeValue, value, labels...)
	}
	if err := c.records(ctx, gauge); err != nil {
		c.parts.log.Error("reading usage", "err", err)
	}
	if free, err := c.parts.blobs.FreeBytes(); err == nil {
		gauge("handout_disk_free_bytes", float64(free))
	}
	gauge("handout_audit_healthy", truth(c.parts.audit.Healthy() == nil))
}

func (c *usageCollector) records(ctx context.Context, gauge func(name string, value float64, labels ...string)) error {
	usage, err := c.parts.records.Usage(ctx)
	if err != nil {
		return err
	}
	gauge("handout_rooms", float64(usage.Rooms))
	gauge("handout_participants", float64(usage.Members))
	gauge("handout_participants_connected", float64(usage.Connected))
	gauge("handout_shares_live", float64(usage.LiveShares))
	gauge("handout_uploads_open", float64(usage.OpenUploads))
	gauge("handout_reserved_bytes", float64(usage.ReservedBytes))
	gauge("handout_outbox_events", float64(usage.Outbox))
	promised, err := c.parts.records.Promised(ctx)
	if err != nil {
		return err
	}
	gauge("handout_promised_bytes", float64(promised))
	backlog, err := c.parts.records.Backlog(ctx)
	if err != nil {
		return err
	}
	gauge("handout_outbox_age_seconds", c.ageSeconds(backlog.OldestEvent))
	gauge("handout_tickets", float64(backlog.Tickets))
	gauge("handout_audit_backlog", float64(usage.Unaudited))
	gauge("handout_purge_backlog", float64(usage.Unpurged))
	gauge("handout_purge_oldest_seconds", c.ageSeconds(usage.UnpurgedSince))
	hooks, err := c.parts.records.WebhookBacklog(ctx)
	if err != nil {
		return err
	}
	gauge("handout_webhooks_waiting", float64(hooks.Waiting))
	gauge("handout_webhooks_age_seconds", c.ageSeconds(hooks.Since))
	gauge("handout_webhooks_given_up", float64(hooks.GivenUp))
	shares, err := c.parts.records.Shares(ctx)
	if err != nil {
		return fmt.Errorf("counting by state: %w", err)
	}
	for _, state := range protocol.ShareStates() {
		gauge(sharesName, float64(shares[state]), string(state))
	}
	return nil
}

// ageSeconds is how long ago something was; zero if it never was.
func (c *usageCollector) ageSeconds(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return c.parts.clock.Now().Sub(at).Seconds()
}
