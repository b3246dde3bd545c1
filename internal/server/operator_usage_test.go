package server_test

import (
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/server"
)

// TestUsage: by day, with what is no day refused.
func TestUsage(t *testing.T) {
	o := newOffice(t, func(c *server.Config) {
		c.Now = func() time.Time { return time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC) }
	})
	o.run(t, []call{
		{as: dev, method: "GET", path: "/v1/usage", status: 200, has: []string{`"from":"2026-02-13","to":"2026-03-14","total":{"files":0,`, `"rooms":[]`}},
		{as: dev, method: "GET", path: "/v1/usage?from=2026-01-01", status: 200, has: []string{`"from":"2026-01-01","to":"2026-03-14"`}},
		{as: dev, method: "GET", path: "/v1/usage?to=2025-12-31", status: 200, has: []string{`"from":"2025-12-02","to":"2025-12-31"`}},
		{as: dev, method: "GET", path: "/v1/usage?from=2026-03-15", status: 400, result: 400, has: []string{`"code":"invalid-request"`}},
		{as: dev, method: "GET", path: "/v1/usage?from=yesterday", status: 400, result: 400},
		{as: dev, method: "GET", path: "/v1/usage?to=2026-02-30", status: 400, result: 400},
		{method: "GET", path: "/v1/usage", status: 401, result: 401},
	})
	r := newRig(t)
	today := time.Now().UTC().Format(time.DateOnly)
	r.run(t, r.fill(asApp([]step{
		{method: "POST", path: "/uploads?room={room}&userRef=u-ben", body: "hello", status: 200, save: map[string]string{"id": ".id", "sum": ".sha256"}},
		{method: "POST", path: "/v1/rooms/{room}/receipts", as: "ben", body: `{"receipts":[{"share":"{id}","state":"received","sha256":"{sum}"}]}`, status: 200},
		{name: "of two rooms", method: "GET", path: "/v1/usage", status: 200, wantHas: `"total":{"files":1,"bytesIn":5,"bytesOut":5,"receipts":1,"joins":6,"peak":5}`},
		{name: "of one", method: "GET", path: "/v1/usage", status: 200, wantHas: `","files":1,"bytesIn":5,"bytesOut":5,"receipts":1,"joins":5,"peak":5}`},
		{name: "of before", method: "GET", path: "/v1/usage?to=2026-01-01", status: 200, wantHas: `"rooms":[]`},
		{name: "of today", method: "GET", path: "/v1/usage?from=" + today, status: 200, wantHas: `"files":1`},
	})))
}
