package signal

import "github.com/prometheus/client_golang/prometheus"

// measure registers what there is to measure of a node of a cluster. A process that
// serves alone always hears itself.
func (e *Edge) measure() {
	hints := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "handout_hints_total", Help: "What nodes have told each other, by whether this one sent, heard or lost it.",
	}, []string{"way"})
	for _, way := range []string{"sent", "heard", "lost"} {
		hints.WithLabelValues(way)
	}
	e.hinted = func(way string) { hints.WithLabelValues(way).Inc() }
	e.Metrics.MustRegister(hints,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "handout_push_connected", Help: "1 while this node of a cluster hears itself through Redis, 0 while it does not.",
		}, func() float64 {
			if e.remote == nil || e.remote.connected() {
				return 1
			}
			return 0
		}),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "handout_push_failures_total", Help: "Publications that did not reach Redis.",
		}, func() float64 {
			if e.remote == nil {
				return 0
			}
			return float64(e.remote.failures.Load())
		}),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "handout_push_retold_total", Help: "Times that followers of a stream were told how far it is, because no push may have.",
		}, func() float64 { return float64(e.retold.Load()) }),
	)
}
