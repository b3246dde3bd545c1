package server_test

import (
	"net/http"
	"testing"
)

func TestThePageIsServedUnderItsPolicy(t *testing.T) {
	r := newRig(t)
	r.run(t, []step{
		{
			method: "GET", path: "/", status: 200, wantBody: "<!doctype html>the page",
			wantHeader: map[string]string{
				"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff",
				"Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Content-Security-Policy": "*",
			},
			save: map[string]string{"etag": "ETag"},
		},
		{name: "asked again", method: "GET", path: "/", header: map[string]string{"If-None-Match": "{etag}"}, status: 304},
		{
			name: "what has a hash in its name is kept", method: "GET", path: "/assets/app-1.js", status: 200, wantBody: "1",
			wantHeader: map[string]string{"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "public, max-age=31536000, immutable"},
		},
		{
			name: "what makes it an app is asked for again", method: "GET", path: "/app.webmanifest", status: 200, wantBody: "{}",
			wantHeader: map[string]string{"Content-Type": "application/manifest+json", "Cache-Control": "no-cache"},
		},
		{method: "GET", path: "/.hidden", status: 404, code: "not-found"},
		{method: "GET", path: "/assets", status: 404, code: "not-found"},
		{method: "GET", path: "/assets/..%2f..%2fetc/passwd", status: 404, code: "not-found"},
		{method: "GET", path: "/nothing", status: 404, code: "not-found"},
	})
}

func TestTheSDKIsForEveryOrigin(t *testing.T) {
	r := newRig(t)
	for path, kind := range map[string]string{
		"/sdk/EnxRtc.js":        "text/javascript; charset=utf-8",
		"/sdk/handout-panel.js": "text/javascript; charset=utf-8",
		"/sdk/licenses.md":      "text/plain; charset=utf-8",
		"/sdk/handout.d.ts":     "text/plain; charset=utf-8", // machines have their own ideas of .ts
	} {
		r.run(t, []step{{
			method: http.MethodGet, path: path, header: map[string]string{"Origin": "https://elsewhere.example"}, status: 200,
			wantHeader: map[string]string{
				"Content-Type": kind, "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin",
				"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache", "ETag": "*", "Content-Security-Policy": "-",
			},
		}})
	}
	r.run(t, []step{{method: "GET", path: "/sdk/nothing.js", status: 404, code: "not-found"}})
}
