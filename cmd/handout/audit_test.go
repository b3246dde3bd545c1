package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/store"
)

// audited returns what `handout audit` prints of the log.
func audited(t *testing.T, data string, args ...string) []store.AuditEntry {
	t.Helper()
	out, code := run(t, append([]string{"audit", "--json", "--data", data}, args...)...)
	if code != 0 {
		t.Fatalf("audit ended with %d: %s", code, out)
	}
	var entries []store.AuditEntry
	for text := range strings.Lines(out) {
		var e store.AuditEntry
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatalf("a line is no JSON: %v\n%s", err, text)
		}
		entries = append(entries, e)
	}
	return entries
}

// kinds returns what happened to a share, in order.
func kinds(entries []store.AuditEntry, path string) []string {
	var all []string
	for _, e := range entries {
		if e.Share != "" && strings.HasSuffix(path, string(e.Share)) {
			all = append(all, string(e.Kind))
		}
	}
	return all
}

// TestAudit follows files through a server that is killed and started again: every
// step is in the log once, with who did it, and neither a name nor a token.
func TestAudit(t *testing.T) {
	t.Parallel()
	for _, names := range []bool{false, true} {
		t.Run(fmt.Sprintf("names %v", names), func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			args := []string{"--dev", "--data", data, fmt.Sprintf("--audit-names=%v", names)}
			server := serve(t, args...)
			ana := server.guest(t)
			revoked := server.deposit(ana, "a small file")
			cancelled := server.create(t, ana, 100)
			do(t, "DELETE", server.url+cancelled, nil, "Authorization", "Bearer "+ana, "Tus-Resumable", "1.0.0")
			content := strings.Replace(revoked, "/uploads/", "/v1/shares/", 1)
			ben := server.guest(t)
			if _, body := do(t, "GET", server.url+content+"/content", nil, "Authorization", "Bearer "+ben); body != "a small file" {
				t.Fatalf("the file reads %q", body)
			}
			server.end(t, syscall.SIGKILL) // at any moment of the log's

			server = serve(t, args...)
			response, _ := do(t, "DELETE", server.url+content, nil, "Authorization", "Bearer "+ana)
			if response.StatusCode != http.StatusNoContent {
				t.Fatalf("revoking: %s", response.Status)
			}
			if err := server.end(t, syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}

			all := audited(t, data)
			for i, e := range all {
				if e.N != int64(i+1) {
					t.Fatalf("entry %d stands where %d should", e.N, i+1)
				}
			}
			got := kinds(all, revoked)
			got = slices.DeleteFunc(got, func(kind string) bool { return kind == "downloading" }) // noted a moment later, or not
			if want := []string{"available", "revoked", "purged"}; !slices.Equal(got, want) {
				t.Errorf("of the file the log tells %v, want %v", got, want)
			}
			if got, want := kinds(all, cancelled), []string{"offered", "cancelled", "purged"}; !slices.Equal(got, want) {
				t.Errorf("of the cancelled upload the log tells %v, want %v", got, want)
			}
			share := strings.TrimPrefix(revoked, "/uploads/")
			one := audited(t, data, "--share", share, "--kind", "revoked", "--since", "1h")
			if len(one) != 1 || one[0].SHA256 == "" || one[0].By == "" || one[0].By != string(one[0].Sender) {
				t.Errorf("the revocation is told as %+v", one)
			}
			if some := audited(t, data, "--until", "1h"); len(some) != 0 {
				t.Errorf("an hour ago there was %+v", some)
			}
			text := logText(t, data)
			for secret, may := range map[string]bool{`"name":"test"`: names, ana: false, ben: false, "devkey": false} {
				if strings.Contains(text, secret) != may {
					t.Errorf("the log says %q: %v", secret, !may)
				}
			}
			if out, code := run(t, "audit", "--check", "--data", data); code != 0 {
				t.Errorf("the check ended with %d: %s", code, out)
			}
			verified(t, data, 0)
		})
	}
}

func logText(t *testing.T, data string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(data, auditDir, "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no log: %v", err)
	}
	var text strings.Builder
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(body)
	}
	return text.String()
}

// TestAuditFollows prints what comes while the server runs, and finds out a line
// that was changed.
func TestAuditFollows(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	server := serve(t, "--dev", "--data", data)
	follow := command("audit", "--follow", "--kind", "available", "--data", data)
	out, err := follow.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := follow.Start(); err != nil {
		t.Fatal(err)
	}
	defer follow.Process.Kill()
	path := server.deposit(server.guest(t), "followed")
	told := make(chan string, 1)
	go func() {
		buffer := make([]byte, 4096)
		n, _ := out.Read(buffer)
		told <- string(buffer[:n])
	}()
	select {
	case line := <-told:
		if !strings.Contains(line, "available") || !strings.Contains(line, strings.TrimPrefix(path, "/uploads/")) {
			t.Errorf("it was told %q", line)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("nothing was told")
	}
	if err := follow.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := follow.Wait(); err != nil {
		t.Errorf("following ended with %v", err)
	}

	files, _ := filepath.Glob(filepath.Join(data, auditDir, "*.jsonl"))
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], []byte(strings.Replace(string(text), `"kind":"available"`, `"kind":"received"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := run(t, "audit", "--check", "--data", data); code != exitDamage || !strings.Contains(out, "chain") {
		t.Errorf("a log that was changed: %d, %s", code, out)
	}
	if _, code := run(t, "audit", "--data", data); code != exitDamage {
		t.Errorf("reading a log that was changed ended with %d", code)
	}
	verified(t, data, exitDamage)
}
