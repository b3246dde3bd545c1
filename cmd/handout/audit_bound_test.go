package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAnAuditLogThatCannotBeWritten has entries pile up to their bound: nothing new
// begins then, what was accepted goes on and ends, and readiness says why. When the
// log can be written again, nothing is missing from it.
func TestAnAuditLogThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := serve(t, "--dev", "--data", data, "--max-unaudited", "4")
	log := filepath.Join(data, auditDir)
	// A file in the place of the directory stops root too.
	if err := errors.Join(os.Remove(log), os.WriteFile(log, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	ana := p.guest(t) // with the room: an entry
	small := strings.Replace(p.deposit(ana, "a small file"), "/uploads/", "/v1/shares/", 1)
	open, other := p.create(t, ana, 5), p.create(t, ana, 5)

	response, said := do(t, "POST", p.url+"/uploads", nil, "Authorization", "Bearer "+ana, "Tus-Resumable", "1.0.0", "Upload-Length", "5")
	if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(said, `"code":"unavailable"`) || response.Header.Get("Retry-After") == "" {
		t.Errorf("a new upload: %s %s", response.Status, said)
	}
	if _, said := do(t, "GET", p.url+"/metrics", nil); !strings.Contains(said, `handout_refusals_total{limit="max-unaudited"} 1`) {
		t.Error("the refusal is not counted")
	}
	if response, said := do(t, "GET", p.url+"/readyz", nil); response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(said, "audit: the audit log cannot be written: nothing new begins") {
		t.Errorf("/readyz: %s %s", response.Status, said)
	}

	if response := p.patch(t, ana, open, 0, strings.NewReader("12345")); response.StatusCode != http.StatusNoContent {
		t.Errorf("an upload that had begun: %s", response.Status)
	}
	if status := p.status(t, "DELETE", small, ana); status != http.StatusNoContent {
		t.Errorf("revoking: %d", status)
	}
	if status := p.status(t, "DELETE", other, ana); status != http.StatusNoContent {
		t.Errorf("cancelling: %d", status)
	}
	if status := p.status(t, "GET", small+"/content", ana); status != http.StatusGone {
		t.Errorf("what was revoked: %d", status)
	}

	if err := errors.Join(os.Remove(log), os.Mkdir(log, 0o700)); err != nil {
		t.Fatal(err)
	}
	until(t, "the server is ready again", func() bool { return p.status(t, "GET", "/readyz", "") == http.StatusOK })
	p.deposit(ana, "another one")
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	all := audited(t, data)
	for i, e := range all {
		if e.N != int64(i+1) {
			t.Fatalf("entry %d stands where %d should", e.N, i+1)
		}
	}
	if got := strings.Join(kinds(all, small), " "); got != "available revoked purged" {
		t.Errorf("of the revoked file the log tells %s", got)
	}
	if out, code := run(t, "audit", "--check", "--data", data); code != 0 {
		t.Errorf("the check ended with %d: %s", code, out)
	}
}
