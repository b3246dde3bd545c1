package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/handout-rtc/handout/internal/blob/s3blob"
)

// bucketMeasures are the metrics of the requests to the bucket.
type bucketMeasures struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	repeats  *prometheus.CounterVec
	bytes    *prometheus.CounterVec
}

func newBucketMeasures(registry *prometheus.Registry) bucketMeasures {
	b := bucketMeasures{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handout_bucket_requests_total", Help: "Requests to the bucket of --blobs, by kind and by how they ended: done, failed.",
		}, []string{"kind", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "handout_bucket_request_seconds", Help: "Time until the bucket answered, by kind of request.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 8),
		}, []string{"kind"}),
		repeats: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handout_bucket_repeats_total", Help: "Requests to the bucket that were made again, because they failed for no fault of their own.",
		}, []string{"kind"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "handout_bucket_bytes_total", Help: "Bytes sent to the bucket, received from it, and copied within it, by kind of request.",
		}, []string{"kind"}),
	}
	for _, kind := range s3blob.Kinds() {
		for _, outcome := range []string{"done", "failed"} {
			b.requests.WithLabelValues(kind, outcome)
		}
		b.repeats.WithLabelValues(kind)
		b.bytes.WithLabelValues(kind)
		b.seconds.WithLabelValues(kind)
	}
	registry.MustRegister(b.requests, b.seconds, b.repeats, b.bytes)
	return b
}

// Asked implements s3blob.Observer.
func (m *measures) Asked(kind string, took time.Duration, failed bool) {
	outcome := "done"
	if failed {
		outcome = "failed"
	}
	m.bucket.requests.WithLabelValues(kind, outcome).Inc()
	m.bucket.seconds.WithLabelValues(kind).Observe(took.Seconds())
}

// AskedAgain implements s3blob.Observer.
func (m *measures) AskedAgain(kind string) { m.bucket.repeats.WithLabelValues(kind).Inc() }

// Moved implements s3blob.Observer.
func (m *measures) Moved(kind string, n int64) { m.bucket.bytes.WithLabelValues(kind).Add(float64(n)) }
