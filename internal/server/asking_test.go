package server_test

import (
	"net/http"
	"testing"

	"github.com/handout-rtc/handout/internal/limit"
	"github.com/handout-rtc/handout/internal/server"
)

// slowly asks for so much that one request more is too many for a long time.
func slowly(burst int) limit.Rate { return limit.Rate{PerSecond: 0.01, Burst: burst} }

func (r *rig) refused(t *testing.T, name string) float64 {
	t.Helper()
	families, err := r.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "handout_refusals_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			if metric.GetLabel()[0].GetValue() == name {
				return metric.GetCounter().GetValue()
			}
		}
	}
	return 0
}

// TestWhoAsksTooFastWaits: each participant, each room and each address has its own
// pace; tus clients are told in the way that makes them come back.
func TestWhoAsksTooFastWaits(t *testing.T) {
	list := func(who, room string, status int, code string) step {
		return step{method: "GET", path: "/v1/rooms/" + room + "/shares", as: who, status: status, code: code}
	}
	for name, row := range map[string]struct {
		asking  server.Asking
		counted string
		steps   []step
	}{
		"a participant": {server.Asking{Participant: slowly(2)}, "request-rate", []step{
			list("ana", "{room}", 200, ""), list("ana", "{room}", 200, ""),
			{method: "GET", path: "/v1/rooms/{room}/shares", as: "ana", status: 429, code: "too-many-requests", wantHeader: map[string]string{"Retry-After": "60"}},
			{method: "POST", path: "/uploads", as: "ana", header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "1"},
				status: 503, code: "too-many-requests", wantHeader: map[string]string{"Retry-After": "60"}},
			{method: "POST", path: "/uploads", as: "ana", header: map[string]string{"Upload-Complete": "?0"},
				status: 503, code: "too-many-requests", wantHeader: map[string]string{"Retry-After": "60"}},
			list("ben", "{room}", 200, ""),
		}},
		"a room": {server.Asking{Participant: slowly(3), Room: slowly(4)}, "room-request-rate", []step{
			list("ana", "{room}", 200, ""), list("ana", "{room}", 200, ""), list("ana", "{room}", 200, ""),
			list("ana", "{room}", 429, "too-many-requests"), // of its own pace: the room's is not touched
			list("ben", "{room}", 200, ""), list("ben", "{room}", 429, "too-many-requests"),
			list("zoe", "{other}", 200, ""),
		}},
		"an address": {server.Asking{Address: slowly(2)}, "address-request-rate", []step{
			list("", "{room}", 401, "unauthenticated"), list("ana", "{room}", 200, ""),
			list("ana", "{room}", 429, "too-many-requests"), list("zoe", "{other}", 429, "too-many-requests"),
			{method: "GET", path: "/healthz", status: 200}, {method: "GET", path: "/readyz", status: 200},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(b *build) { b.Asking = row.asking })
			r.run(t, r.fill(row.steps))
			if r.refused(t, row.counted) == 0 {
				t.Errorf("nothing is counted as %s", row.counted)
			}
		})
	}
}

// TestAProxysClientsAreTheirOwn: behind a trusted proxy each client has its own
// pace, and nobody has another by saying so itself.
func TestAProxysClientsAreTheirOwn(t *testing.T) {
	proxies, err := server.ParseProxies([]string{"127.0.0.0/8", "::1"})
	if err != nil {
		t.Fatal(err)
	}
	from := func(address string, status int) step {
		return step{method: "GET", path: "/", header: map[string]string{"X-Forwarded-For": address}, status: status, code: map[int]string{429: "too-many-requests"}[status]}
	}
	r := newRig(t, func(b *build) { b.Asking = server.Asking{Address: slowly(1), Proxies: proxies} })
	r.run(t, []step{
		from("203.0.113.9", http.StatusOK), from("203.0.113.10", http.StatusOK),
		from("203.0.113.11, 203.0.113.9", http.StatusTooManyRequests),
	})
}
