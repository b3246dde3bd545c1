package server_test

import (
	"strings"
	"testing"
)

// TestOffersAreMadeOnce: a request whose reply was lost is sent again.
func TestOffersAreMadeOnce(t *testing.T) {
	const body = `{"files": [{"name": "a.txt", "size": 5, "type": "text/plain"}], "to": ["ben"]}`
	offer := func(name, key, body string, status int, code string) step {
		return step{
			name: name, method: "POST", path: "/v1/rooms/{room}/shares", as: "ana", body: body,
			header: map[string]string{"Idempotency-Key": key}, status: status, code: code,
		}
	}
	first := offer("the first", `"8e03978e-40d5-43e8-bc93-6894a57f9324"`, body, 201, "")
	first.save = map[string]string{"id": ".shares.0.id"}
	again := offer("again, without the quotes", `8e03978e-40d5-43e8-bc93-6894a57f9324`, body, 201, "")
	again.wantHas = `"id":"{id}"`
	ended := offer("when its share has ended", `"8e03978e-40d5-43e8-bc93-6894a57f9324"`, body, 201, "")
	ended.wantHas = `"state":"cancelled"`
	list := step{method: "GET", path: "/v1/rooms/{room}/shares", as: "ben", status: 200, wantHas: `"id":"{id}"`, save: map[string]string{"seq": ".seq"}}
	steps := []step{
		first, list, again,
		offer("another body", `"8e03978e-40d5-43e8-bc93-6894a57f9324"`, strings.Replace(body, "a.txt", "b.txt", 1), 422, "key-reused"),
		offer("no file", `"8e03978e-40d5-43e8-bc93-6894a57f9324"`, `{"files": [], "to": ["ben"]}`, 422, "key-reused"),
		{name: "nothing came of them", method: "GET", path: "/v1/rooms/{room}/shares?since={seq}", as: "ben", status: 200, wantHas: `"shares":[]`},
		{method: "DELETE", path: "/v1/shares/{id}", as: "ana", status: 204},
		ended,
		offer("another key", `"k"`, body, 201, ""),
		offer("as long as it may be", strings.Repeat("k", 64), body, 201, ""),
	}
	for _, key := range []string{"", `""`, `"`, `"open`, "two words", "ä", `"a"b"`, `a\b`, "a\nb", strings.Repeat("k", 65)} {
		steps = append(steps, offer("key "+key, key, body, 400, "invalid-request"))
	}
	steps = append(steps, step{
		name: "a page of another origin may send one", method: "OPTIONS", path: "/v1/rooms/{room}/shares", status: 200,
		header: map[string]string{
			"Origin": "https://app.example", "Access-Control-Request-Method": "POST",
			"Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
		},
		wantHeader: map[string]string{"Access-Control-Allow-Headers": "authorization,content-type,idempotency-key"},
	})
	rig := newRig(t)
	rig.run(t, rig.fill(steps))
}
