package cluster_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TestOnlyNodesAreAnswered: by a credential that the secret of the cluster has signed,
// for this very request, a moment ago.
func TestOnlyNodesAreAnswered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.node()
	id := a.offer(10)
	target := "/v1/uploads/" + string(id) + "/yield"
	signed := func(key, subject string, from, to time.Duration) string {
		claims := jwt.RegisteredClaims{Issuer: "nd_x", Subject: subject}
		if from < to {
			claims.IssuedAt, claims.ExpiresAt = jwt.NewNumericDate(time.Now().Add(from)), jwt.NewNumericDate(time.Now().Add(to))
		}
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(key))
		r.must(err)
		return "Bearer " + token
	}
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.RegisteredClaims{Subject: "POST " + target, ExpiresAt: jwt.NewNumericDate(time.Now().Add(10 * time.Second))}).
		SignedString(jwt.UnsafeAllowNoneSignatureType)
	r.must(err)
	good := signed(secret, "POST "+target, 0, 10*time.Second)
	for name, c := range map[string]struct {
		method, target, credential string
		status                     int
	}{
		"as it must be":        {"POST", target, good, http.StatusNoContent},
		"none":                 {"POST", target, "", http.StatusUnauthorized},
		"another scheme":       {"POST", target, strings.Replace(good, "Bearer", "Basic", 1), http.StatusUnauthorized},
		"another secret":       {"POST", target, signed(strings.Repeat("x", 40), "POST "+target, 0, 10*time.Second), http.StatusUnauthorized},
		"no algorithm":         {"POST", target, "Bearer " + none, http.StatusUnauthorized},
		"for another method":   {"POST", target, signed(secret, "GET "+target, 0, 10*time.Second), http.StatusUnauthorized},
		"for another upload":   {"POST", target, signed(secret, "POST /v1/uploads/sh_x/yield", 0, 10*time.Second), http.StatusUnauthorized},
		"with another query":   {"POST", target + "?from=1", good, http.StatusUnauthorized},
		"over":                 {"POST", target, signed(secret, "POST "+target, -time.Minute, -20*time.Second), http.StatusUnauthorized},
		"from the future":      {"POST", target, signed(secret, "POST "+target, time.Minute, time.Minute+10*time.Second), http.StatusUnauthorized},
		"for too long":         {"POST", target, signed(secret, "POST "+target, 0, time.Hour), http.StatusUnauthorized},
		"for ever":             {"POST", target, signed(secret, "POST "+target, 0, 0), http.StatusUnauthorized},
		"of no such address":   {"POST", "/v1/uploads", signed(secret, "POST /v1/uploads", 0, 10*time.Second), http.StatusNotFound},
		"a stream of nonsense": {"GET", "/v1/uploads/x/stream?from=-1", signed(secret, "GET /v1/uploads/x/stream?from=-1", 0, 10*time.Second), http.StatusBadRequest},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, a.server.URL+c.target, nil)
		r.must(err)
		if c.credential != "" {
			request.Header.Set("Authorization", c.credential)
		}
		answer, err := a.server.Client().Do(request)
		r.must(err)
		answer.Body.Close()
		if answer.StatusCode != c.status {
			t.Errorf("%s: %s, want %d", name, answer.Status, c.status)
		}
	}
}
