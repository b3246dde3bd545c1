package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/handout-rtc/handout/internal/verify"
)

// run runs the program to its end and returns what it printed and its exit code.
func run(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	c := command(args...)
	var printed, said strings.Builder
	c.Stdout, c.Stderr = &printed, &said
	err := c.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	t.Logf("%s: %d\n%s", strings.Join(args, " "), c.ProcessState.ExitCode(), said.String())
	return printed.String(), c.ProcessState.ExitCode()
}

// verified runs `handout verify` and returns its report.
func verified(t *testing.T, data string, want int, args ...string) verify.Report {
	t.Helper()
	out, code := run(t, append([]string{"verify", "--json", "--data", data}, args...)...)
	if code != want {
		t.Fatalf("verify ended with %d, want %d: %s", code, want, out)
	}
	var report verify.Report
	if want != exitUnknown {
		if err := json.Unmarshal([]byte(out), &report); err != nil {
			t.Fatalf("the report is no JSON: %v\n%s", err, out)
		}
	}
	return report
}

// TestVerify checks a data directory beside the server, after it was killed, and
// after somebody took a file away; and mends it.
func TestVerify(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	server := serve(t, "--dev", "--data", data)
	bearer := server.guest(t)
	small, large := "a small file", strings.Repeat("a large file ", 1<<16)
	if server.deposit(bearer, small) == "" {
		t.Fatal("the small file was not taken")
	}
	path := server.create(t, bearer, len(large))
	server.patch(t, bearer, path, 0, strings.NewReader(large))
	half := server.create(t, bearer, 100)
	server.patch(t, bearer, half, 0, strings.NewReader("half of it"))

	if r := verified(t, data, 0); len(r.Findings) != 0 || r.Shares != 3 || r.Blobs != 3 || r.Bytes < int64(len(large)) {
		t.Errorf("beside the server: %+v", r)
	}
	verified(t, data, exitUnknown, "--repair") // the server has the directory
	server.end(t, syscall.SIGKILL)
	if r := verified(t, data, 0); len(r.Findings) != 0 {
		t.Errorf("after the server was killed: %+v", r)
	}

	id := strings.TrimPrefix(path, "/uploads/")
	file := filepath.Join(data, "files", "blobs", id[len(id)-2:], id)
	if err := os.Rename(file, filepath.Join(data, "files", "staging", "sh_orphan")); err != nil {
		t.Fatal(err)
	}
	r := verified(t, data, exitDamage, "--quick")
	if len(r.Findings) != 2 || r.Findings[0].Kind != verify.Missing || string(r.Findings[0].Share) != id || r.Findings[1].Kind != verify.Orphan {
		t.Errorf("with a file missing: %+v", r.Findings)
	}
	verified(t, data, exitLeftover, "--repair") // the orphan is too young
	verified(t, data, 0, "--repair", "--orphan-age", "0s")
	if r := verified(t, data, 0); len(r.Findings) != 0 || r.Shares != 3 || r.Blobs != 2 {
		t.Errorf("after the repair: %+v", r)
	}
	again := serve(t, "--dev", "--data", data)
	if response, _ := do(t, "HEAD", again.url+half, nil, "Authorization", "Bearer "+bearer, "Tus-Resumable", "1.0.0"); response.Header.Get("Upload-Offset") != "10" {
		t.Errorf("what was whole is at offset %q after the repair", response.Header.Get("Upload-Offset"))
	}
	if response, _ := do(t, "GET", again.url+"/v1/shares/"+id+"/content", nil, "Authorization", "Bearer "+bearer); response.StatusCode != 410 {
		t.Errorf("what was lost answers %s", response.Status)
	}
}

// TestVerifyRefusesWhatItCannotCheck: another directory, or another schema.
func TestVerifyRefusesWhatItCannotCheck(t *testing.T) {
	t.Parallel()
	verified(t, t.TempDir(), exitUnknown)
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, recordsFile), []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	verified(t, data, exitUnknown)
}
