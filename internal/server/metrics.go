package server

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/handout-rtc/handout/protocol"
)

// Metrics counts what the HTTP edge does. Its registry is the server's own, so
// that two servers can live in one process.
type Metrics struct {
	Registry *prometheus.Registry

	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	sent     *prometheus.CounterVec
	received prometheus.Counter
	running  prometheus.Gauge
	refused  *prometheus.CounterVec

	problems  *prometheus.CounterVec
	downloads *prometheus.CounterVec
}

// NewMetrics returns metrics registered with the registry.
func NewMetrics(registry *prometheus.Registry) *Metrics {
	m := &Metrics{
		Registry: registry,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handout_http_requests_total", Help: "Requests answered, by method, route and status.",
		}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "handout_http_request_seconds", Help: "Time to answer a request, transfers included.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 9),
		}, []string{"method", "route"}),
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handout_http_sent_bytes_total", Help: "Bytes of response bodies, by route.",
		}, []string{"route"}),
		received: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "handout_upload_received_bytes_total", Help: "Bytes received by uploads.",
		}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "handout_http_requests_running", Help: "Requests being answered.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handout_refusals_total", Help: "What a limit has refused, by the limit's flag.",
		}, []string{"limit"}),
		problems: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handout_problems_total", Help: "Answers that are an error, by its code.",
		}, []string{"code"}),
		downloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handout_downloads_total", Help: "Downloads that have ended, by how: complete, gone (the client left), or the code of what ended it.",
		}, []string{"outcome"}),
	}
	registry.MustRegister(m.requests, m.seconds, m.sent, m.received, m.running, m.refused, m.problems, m.downloads)
	// What is there from the start can be watched before it happens.
	m.problems.WithLabelValues(string(protocol.CodeInternal))
	m.downloads.WithLabelValues(downloadComplete)
	return m
}

// begin counts a request in, and returns what counts it out. The route is the
// pattern that matched, never the address: addresses are many and hold ids.
func (m *Metrics) begin() func(method, route string, status int, sent int64, took time.Duration) {
	m.running.Inc()
	return func(method, route string, status int, sent int64, took time.Duration) {
		m.running.Dec()
		if route == "" {
			route, method = "none", "any"
		}
		m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
		m.seconds.WithLabelValues(method, route).Observe(took.Seconds())
		m.sent.WithLabelValues(route).Add(float64(sent))
	}
}

// Refused counts what a limit, named by its flag without the dashes, has refused.
func (m *Metrics) Refused(limit string) { m.refused.WithLabelValues(limit).Inc() }

// problem counts an answer that is an error.
func (m *Metrics) problem(code protocol.Code) {
	m.problems.WithLabelValues(string(code)).Inc()
}

const downloadComplete = "complete"

// downloaded counts a download that has ended with err. One that was too slow is
// counted as refused too: nothing is answered that would be.
func (m *Metrics) downloaded(err error) {
	if errors.Is(err, errSlow) {
		m.Refused("min-rate")
	}
	outcome := downloadComplete
	var coded *protocol.Error
	switch {
	case errors.As(err, &coded):
		outcome = string(coded.Code)
	case errors.Is(err, errCut):
		outcome = string(protocol.CodeShareEnded)
	case err != nil:
		outcome = "gone"
	}
	m.downloads.WithLabelValues(outcome).Inc()
}

// receive counts bytes of an upload's body.
func (m *Metrics) receive(n int) { m.received.Add(float64(n)) }

// AboutHandler serves who looks after the server: /metrics, /healthz, /readyz.
func (s *Server) AboutHandler() http.Handler {
	mux := &addresses{ServeMux: http.NewServeMux()}
	s.aboutRoutes(mux)
	mux.Handle("GET /metrics", s.MetricsHandler())
	return mux
}

// MetricsHandler serves the registry to Prometheus.
func (s *Server) MetricsHandler() http.Handler {
	return promhttp.HandlerFor(s.Metrics.Registry, promhttp.HandlerOpts{})
}
