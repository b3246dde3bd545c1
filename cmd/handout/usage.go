package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// usageCollector reads from the store how much there is of everything that is
// bounded, when Prometheus asks.
type usageCollector struct {
	parts *parts
	descs map[string]*prometheus.Desc
}

func newUsageCollector(p *parts) *usageCollector {
	c := &usageCollector{parts: p, descs: make(map[string]*prometheus.Desc)}
	for name, help := range map[string]string{
		"handout_rooms":                  "Rooms that have not ended.",
		"handout_participants":           "Participants on the rosters.",
		"handout_participants_connected": "Participants with a push connection.",
		"handout_shares_live":            "Shares that are uploading or available.",
		"handout_uploads_open":           "Shares that are uploading.",
		"handout_downloads_running":      "Downloads that are being sent, those of uploads included.",
		"handout_followers_waiting":      "Downloads that wait for bytes of an upload.",
		"handout_reserved_bytes":         "Bytes that live shares have reserved.",
		"handout_outbox_events":          "Events committed and not announced yet.",
		"handout_purge_backlog":          "Shares and parts that have ended and whose bytes are not gone yet.",
		"handout_purge_oldest_seconds":   "Time since the first of them ended; 0 for none.",
		"handout_audit_backlog":          "Entries that are not in the audit log yet.",
		"handout_audit_healthy":          "1 while the audit log can be written.",
		"handout_disk_free_bytes":        "Bytes left on the file system of the files.",
		"handout_disk_healthy":           "1 while the files can be written, 0 after a failed sync or write.",
	} {
		c.descs[name] = prometheus.NewDesc(name, help, nil, nil)
	}
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
	gauge := func(name string, value float64) {
		out <- prometheus.MustNewConstMetric(c.descs[name], prometheus.GaugeValue, value)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if usage, err := c.parts.records.Usage(ctx); err != nil {
		c.parts.log.Error("reading usage", "err", err)
	} else {
		gauge("handout_rooms", float64(usage.Rooms))
		gauge("handout_participants", float64(usage.Members))
		gauge("handout_participants_connected", float64(usage.Connected))
		gauge("handout_shares_live", float64(usage.LiveShares))
		gauge("handout_uploads_open", float64(usage.OpenUploads))
		gauge("handout_reserved_bytes", float64(usage.ReservedBytes))
		gauge("handout_outbox_events", float64(usage.Outbox))
		gauge("handout_audit_backlog", float64(usage.Unaudited))
		gauge("handout_purge_backlog", float64(usage.Unpurged))
		oldest := time.Duration(0)
		if !usage.UnpurgedSince.IsZero() {
			oldest = max(0, time.Since(usage.UnpurgedSince))
		}
		gauge("handout_purge_oldest_seconds", oldest.Seconds())
	}
	gauge("handout_downloads_running", float64(c.parts.shares.Downloading()))
	gauge("handout_followers_waiting", float64(c.parts.uploads.Waiting()))
	if free, err := c.parts.blobs.FreeBytes(); err == nil {
		gauge("handout_disk_free_bytes", float64(free))
	}
	gauge("handout_disk_healthy", healthy(c.parts.blobs.Healthy()))
	gauge("handout_audit_healthy", healthy(c.parts.audit.Healthy()))
}

// healthy is a gauge of something that may have failed.
func healthy(err error) float64 {
	if err != nil {
		return 0
	}
	return 1
}
