package main

import (
	"context"
	"runtime"
	"time"

	"github.com/alecthomas/kong"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/handout-rtc/handout/internal/server"
	"github.com/handout-rtc/handout/internal/webhook"
	"github.com/handout-rtc/handout/protocol"
)

// limitsGroup is the group of the flags that are limits.
const limitsGroup = "Limits"

// docs/metrics.md lists every metric there is; a test holds the two together.

// measures are the metrics of what is no request: they are told of what happens,
// and read the parts when Prometheus asks. They implement sqlite.Observer,
// postgres.Observer, s3blob.Observer and webhook.Observer.
type measures struct {
	registry *prometheus.Registry

	waiting   prometheus.Gauge
	group     prometheus.Histogram
	commit    prometheus.Histogram
	repeats   prometheus.Counter
	sync      prometheus.Histogram
	announced *prometheus.CounterVec
	webhooks  *prometheus.CounterVec
	bucket    bucketMeasures
}

// eventTypes are the types of the events that go through the outbox.
var eventTypes = []protocol.EventType{
	protocol.ParticipantJoined, protocol.ParticipantLeft, protocol.SharesCreated, protocol.SharesAvailable, protocol.SharesEnded,
	protocol.ReceiptsChanged, protocol.RoomEnded,
}

func newMeasures() *measures {
	fromTenthOfMilli := prometheus.ExponentialBuckets(0.0001, 4, 9) // seconds, up to 6.5
	m := &measures{
		registry: prometheus.NewRegistry(),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "handout_store_changes_waiting", Help: "Changes that wait for the store's writer.",
		}),
		group: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "handout_store_group_changes", Help: "Changes in one transaction: those that wait together share one.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 8),
		}),
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "handout_store_commit_seconds", Help: "Time of a transaction of the store, its sync included.", Buckets: fromTenthOfMilli,
		}),
		repeats: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "handout_store_repeats_total", Help: "Changes that were made again, because the database refused them for the sake of others or its connection was lost. With SQLite there are none.",
		}),
		sync: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "handout_disk_sync_seconds", Help: "Time of a sync of a file or a directory of the files; of the records, see the store.", Buckets: fromTenthOfMilli,
		}),
		announced: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handout_events_announced_total", Help: "Events published to one stream each, by type.",
		}, []string{"type"}),
	}
	m.webhooks = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "handout_webhook_attempts_total", Help: "Attempts to send a webhook, by how they ended: delivered, failed, refused (an address that may not be asked), gone, given-up.",
	}, []string{"outcome"})
	for _, outcome := range webhook.Outcomes() {
		m.webhooks.WithLabelValues(outcome)
	}
	for _, of := range eventTypes {
		m.announced.WithLabelValues(string(of))
	}
	m.bucket = newBucketMeasures(m.registry)
	m.registry.MustRegister(m.waiting, m.group, m.commit, m.repeats, m.sync, m.announced, m.webhooks, buildInfo(),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Waiting implements sqlite.Observer and postgres.Observer.
func (m *measures) Waiting(n int) { m.waiting.Add(float64(n)) }

// Committed implements sqlite.Observer and postgres.Observer.
func (m *measures) Committed(changes int, took time.Duration) {
	m.group.Observe(float64(changes))
	m.commit.Observe(took.Seconds())
}

// Repeated implements postgres.Observer.
func (m *measures) Repeated() { m.repeats.Inc() }

func (m *measures) synced(took time.Duration) { m.sync.Observe(took.Seconds()) }

func (m *measures) told(of protocol.EventType) { m.announced.WithLabelValues(string(of)).Inc() }

// Attempted implements webhook.Observer.
func (m *measures) Attempted(outcome string) { m.webhooks.WithLabelValues(outcome).Inc() }

func buildInfo() prometheus.Collector {
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "handout_build_info", Help: "1, with what was built as labels.",
	}, []string{"version", "go_version"})
	info.WithLabelValues(version, runtime.Version()).Set(1)
	return info
}

// watch has the metrics read the parts, which must be all there when somebody asks
// for the first time.
func (m *measures) watch(p *parts) {
	gauge := func(name, help string, read func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
	}
	count := func(name, help string, read func() int) {
		gauge(name, help, func() float64 { return float64(read()) })
	}
	count("handout_push_connections", "Push connections, those included that are joining their room.", p.edge.Connections)
	count("handout_push_connecting", "Push connections that are joining their room; 64 may at a time, others wait.", p.edge.Connecting)
	count("handout_uploads_receiving", "Uploads that a request is at work on.", p.uploads.Receiving)
	count("handout_uploads_joining", "Uploads that come in parts and are being put together.", p.uploads.Joining)
	count("handout_followers_waiting", "Downloads that wait for bytes of an upload.", p.uploads.Waiting)
	count("handout_downloads_running", "Downloads that are being sent, those of uploads included.", p.shares.Downloading)
	count("handout_receipt_steps_waiting", "Steps of receipts that wait for their commit; 10,000 may.", p.shares.ReceiptSteps)
	gauge("handout_sweep_age_seconds", "Time since the last sweep, which ends what is due and removes what has ended, was done; 0 at a node that is not the one to sweep.", func() float64 {
		if p.node != nil && !p.node.OnDuty(dutySweep) {
			return 0
		}
		if at := p.shares.Swept(); !at.IsZero() {
			return p.clock.Now().Sub(at).Seconds()
		}
		return 0
	})
	count("handout_cluster_nodes", "Nodes of the cluster that are alive, as this one sees them; 1 where it serves alone.", func() int {
		if p.node == nil {
			return 1
		}
		return p.node.Nodes()
	})
	count("handout_cluster_streams", "Uploads that are read at other nodes, where they come in.", func() int {
		if p.node == nil {
			return 0
		}
		return p.node.Streams()
	})
	gauge("handout_disk_healthy", "1 while the files can be written, 0 after a failed sync.", func() float64 {
		return truth(p.healthy() == nil)
	})
	gauge("handout_spool_bytes", "Bytes of the spool set aside for segments on their way to the bucket of --blobs.", func() float64 {
		if p.bucket == nil {
			return 0
		}
		return float64(p.bucket.Spooled())
	})
	m.registry.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "handout_upload_takeovers_total", Help: "Requests that took an upload over from another one, and ends of uploads that one was at work on.",
		}, func() float64 { return float64(p.uploads.Takeovers()) }),
		newUsageCollector(p), readyCollector{p.ready},
	)
}

// limits tells the limits, so that a rule can say how near to one something is.
func (m *measures) limits(of map[string]float64) {
	limit := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "handout_limit", Help: "The limits, by their flag: numbers, bytes, seconds.",
	}, []string{"flag"})
	for flag, value := range of {
		limit.WithLabelValues(flag).Set(value)
	}
	m.registry.MustRegister(limit)
}

// limitsOf returns the limits among the flags: numbers, bytes, seconds.
func limitsOf(flags []*kong.Flag) map[string]float64 {
	limits := make(map[string]float64)
	for _, flag := range flags {
		if flag.Group == nil || flag.Group.Key != limitsGroup {
			continue
		}
		switch v := flag.Target.Interface().(type) {
		case time.Duration:
			limits[flag.Name] = v.Seconds()
		case size:
			limits[flag.Name] = float64(v)
		case int:
			limits[flag.Name] = float64(v)
		case float64:
			limits[flag.Name] = v
		}
	}
	return limits
}

// readyCollector tells what /readyz tells.
type readyCollector struct{ ready *server.Readiness }

var readyDesc = prometheus.NewDesc("handout_ready", "1 while the check of /readyz holds.", []string{"check"}, nil)

// Describe implements prometheus.Collector.
func (c readyCollector) Describe(out chan<- *prometheus.Desc) { out <- readyDesc }

// Collect implements prometheus.Collector.
func (c readyCollector) Collect(out chan<- prometheus.Metric) {
	for _, state := range c.ready.States(context.Background()) {
		out <- prometheus.MustNewConstMetric(readyDesc, prometheus.GaugeValue, truth(state.OK), state.Name)
	}
}

func truth(of bool) float64 {
	if of {
		return 1
	}
	return 0
}
