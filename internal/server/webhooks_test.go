package server_test

import (
	"strings"
	"testing"
)

// TestWebhooksOfTheOperator registers, changes, tests and removes endpoints.
func TestWebhooksOfTheOperator(t *testing.T) {
	const hooks, secret = "/v1/webhooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	o := newOffice(t, nil)
	o.run(t, []call{
		{as: dev, method: "GET", path: hooks, status: 200, has: []string{`"webhooks":[]`}},
		{name: "a secret is made and told", as: dev, method: "POST", path: hooks, body: `{"url":"https://hooks.example/"}`, status: 200,
			has: []string{`"secrets":["whsec_`, `"events":["share.created",`, `"fixed":false`}, save: map[string]string{"hook": "webhook.id"}},
		{name: "one that is given is not", as: dev, method: "POST", path: hooks + "/", body: `{"url":"https://hooks.example/","events":["room.ended"],"secrets":["` + secret + `"]}`,
			status: 200, has: []string{`"events":["room.ended"]`}, save: map[string]string{"other": "webhook.id"}},
		{name: "no more than may be", as: dev, method: "POST", path: hooks, body: `{"url":"https://hooks.example/"}`, status: 429, result: 429},
		{as: dev, method: "GET", path: hooks, status: 200, has: []string{`"id":"{hook}"`, `"id":"{other}"`, `"waiting":0`}},
		{as: dev, method: "POST", path: hooks + "/{hook}/test", status: 200, has: []string{`"id":"msg_`}},
		{as: dev, method: "PUT", path: hooks + "/{hook}", body: `{"disabled":true}`, status: 200, has: []string{`"disabled":"20`, `"reason":"disabled by the application"`, `"givenUp":1`}},
		{as: dev, method: "GET", path: hooks + "/{hook}/deliveries", status: 200, has: []string{`"type":"webhook.test"`, `"problem":"disabled"`}},
		{name: "one that is disabled is not tested", as: dev, method: "POST", path: hooks + "/{hook}/test", status: 404, result: 404},
		{as: dev, method: "PUT", path: hooks + "/{hook}", body: `{"disabled":false,"url":"https://other.example/"}`, status: 200, has: []string{`"url":"https://other.example/"`}},
		{as: dev, method: "DELETE", path: hooks + "/{hook}", status: 200},
		{as: dev, method: "DELETE", path: hooks + "/{hook}", status: 404, result: 404},
		{as: "other:otherkey", method: "DELETE", path: hooks + "/{other}", status: 404, result: 404},
		{name: "what is inside", as: dev, method: "POST", path: hooks, body: `{"url":"https://127.0.0.1/"}`, status: 400, result: 400},
		{name: "no JSON", as: dev, method: "POST", path: hooks, body: `url`, status: 400, result: 400},
		{name: "no url", as: dev, method: "POST", path: hooks, body: `{}`, status: 400, result: 400},
		{name: "nobody", method: "GET", path: hooks, status: 401, result: 401},
	})
	for _, c := range []call{{as: dev, method: "GET", path: hooks}, {as: dev, method: "PUT", path: hooks + "/{other}", body: `{}`}} {
		if _, body := o.send(t, c); strings.Contains(string(body), "whsec_") {
			t.Errorf("%s tells a secret: %s", c.method, body)
		}
	}
}
