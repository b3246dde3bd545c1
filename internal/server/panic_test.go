package server_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

// panicking is a push edge with a fault.
type panicking struct {
	noPush
	with func()
}

func (p panicking) EmulationHandler() http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { p.with() })
}

// TestAPanicTellsNoSecrets: it is answered, the server goes on, and the log says
// where it was, and nothing of what it held.
func TestAPanicTellsNoSecrets(t *testing.T) {
	const secret = "eyJhbGciOiJIUzI1NiJ9"
	for name, c := range map[string]struct {
		with func()
		says string
	}{
		"an error":            {func() { panic(errors.New("bad token " + secret)) }, "errorString"},
		"a text":              {func() { panic("bad token " + secret) }, "string"},
		"a value":             {func() { panic(struct{ Token string }{secret}) }, "struct"},
		"a fault of the code": {func() { var none []int; none[len(secret)]++ }, "index out of range"},
	} {
		var said bytes.Buffer
		r := newRig(t, func(b *build) {
			b.Log = slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug}))
			b.Push = panicking{with: c.with}
		})
		w := r.serve("", "POST", "/v1/push/emulation?token="+secret, http.Header{"Authorization": {"Bearer " + secret}}, secret)
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), `"code":"internal"`) || strings.Contains(w.Body.String(), secret) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		log := said.String()
		if strings.Contains(log, secret) || !strings.Contains(log, "handler panicked") || !strings.Contains(log, c.says) || !strings.Contains(log, "panic_test.go") {
			t.Errorf("%s is logged as\n%s", name, log)
		}
		if w := r.serve("", "GET", "/healthz", nil, ""); w.Code != http.StatusOK {
			t.Errorf("%s: afterwards it answers %d", name, w.Code)
		}
	}
}
