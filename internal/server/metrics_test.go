package server

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestASlowDownloadIsARefusal, and one whose client left is none.
func TestASlowDownloadIsARefusal(t *testing.T) {
	m := NewMetrics(prometheus.NewRegistry())
	m.downloaded(nil)
	m.downloaded(errors.New("the client left"))
	m.downloaded(errSlow)
	said := httptest.NewRecorder()
	(&Server{Config: Config{Metrics: m}}).MetricsHandler().ServeHTTP(said, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{`handout_refusals_total{limit="min-rate"} 1`, `handout_downloads_total{outcome="too-slow"} 1`, `handout_downloads_total{outcome="gone"} 1`} {
		if !strings.Contains(said.Body.String(), want) {
			t.Errorf("the metrics do not say %s", want)
		}
	}
}
