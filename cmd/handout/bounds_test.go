package main

import (
	"net/http"
	"strings"
	"testing"
)

// TestAFullDiskTakesNoNewFiles asks more space to be left free than any disk has.
func TestAFullDiskTakesNoNewFiles(t *testing.T) {
	t.Parallel()
	p := serve(t, "--dev", "--data", t.TempDir(), "--min-free", "1EiB")
	bearer := p.guest(t)
	for name, header := range map[string][]string{
		"of a known length": {"Upload-Length", "10"},
		"of an unknown one": {"Upload-Defer-Length", "1"},
		"a part":            {"Upload-Length", "10", "Upload-Concat", "partial"},
	} {
		header = append(header, "Authorization", "Bearer "+bearer, "Tus-Resumable", "1.0.0")
		response, body := do(t, "POST", p.url+"/uploads", nil, header...)
		if response.StatusCode != http.StatusInsufficientStorage || !strings.Contains(body, `"code":"storage-full"`) {
			t.Errorf("%s: %s %s", name, response.Status, body)
		}
	}
	if response, body := do(t, "GET", p.url+"/readyz", nil); response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "the disk is full") {
		t.Errorf("it is ready: %s %s", response.Status, body)
	}
	if response, _ := do(t, "GET", p.url+"/healthz", nil); response.StatusCode != http.StatusOK {
		t.Errorf("it is not alive: %s", response.Status)
	}
}

// TestWhoOffersTooFastWaits makes and cancels uploads beyond a burst.
func TestWhoOffersTooFastWaits(t *testing.T) {
	t.Parallel()
	p := serve(t, "--dev", "--data", t.TempDir(), "--create-rate", "0.001", "--create-burst", "100")
	bearer := p.guest(t)
	for range 100 {
		path := p.create(t, bearer, 10)
		if response, _ := do(t, "DELETE", p.url+path, nil, "Authorization", "Bearer "+bearer, "Tus-Resumable", "1.0.0"); response.StatusCode != http.StatusNoContent {
			t.Fatal(response.Status)
		}
	}
	response, body := do(t, "POST", p.url+"/uploads", nil, "Authorization", "Bearer "+bearer, "Tus-Resumable", "1.0.0", "Upload-Length", "10")
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" || !strings.Contains(body, `"code":"too-many-requests"`) {
		t.Errorf("it is answered %s, Retry-After %q: %s", response.Status, response.Header.Get("Retry-After"), body)
	}
	if response, body := do(t, "POST", p.url+"/v1/rooms", strings.NewReader(`{"name": "x", "owner_ref": "x"}`), "Authorization", "Basic ZGV2OmRldmtleQ=="); response.StatusCode != http.StatusOK {
		t.Errorf("others have to wait too: %s %s", response.Status, body)
	}
}
