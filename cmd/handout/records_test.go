package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/enginetest"
)

const storePassword = "MarkedPasswordOfTheStore"

// storeFile names a new database, with a password that it does not ask for.
func storeFile(t *testing.T, of *enginetest.Postgres) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "store")
	at := strings.Replace(of.Database(t), "handout@", "handout:"+storePassword+"@", 1)
	if err := os.WriteFile(file, []byte(at+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestRecordsInPostgres: the same server with its records in a database, which the
// commands that read them read too.
func TestRecordsInPostgres(t *testing.T) {
	t.Parallel()
	data, file := t.TempDir(), storeFile(t, enginetest.SharedPostgres(t))
	server := serve(t, "--dev", "--data", data, "--store-file", file, "--log-level", "debug")
	bearer := server.guest(t)
	large := strings.Repeat("a large file ", 1<<16)
	path := server.create(t, bearer, len(large))
	server.patch(t, bearer, path, 0, strings.NewReader(large))
	if server.deposit(bearer, "a small file") == "" {
		t.Fatal("the small file was not taken")
	}
	half := server.create(t, bearer, 100)
	server.patch(t, bearer, half, 0, strings.NewReader("half of it"))
	if r := verified(t, data, 0, "--store-file", file); len(r.Findings) != 0 || r.Shares != 3 {
		t.Errorf("beside the server: %+v", r)
	}
	server.end(t, syscall.SIGKILL)
	again := serve(t, "--dev", "--data", data, "--store-file", file, "--log-level", "debug")
	again.wantContent(t, bearer, path, []byte(large))
	if at := again.offset(t, bearer, half); at != "10" {
		t.Errorf("the upload goes on at %q", at)
	}
	if err := again.end(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if said := server.said() + again.said(); strings.Contains(said, storePassword) {
		t.Errorf("the log has the password:\n%s", said)
	}
	if _, err := os.Stat(filepath.Join(data, recordsFile)); !os.IsNotExist(err) {
		t.Errorf("there are records in the directory: %v", err)
	}
	verified(t, data, 0, "--repair", "--store-file", file)
	if out, code := run(t, "audit", "--check", "--data", data, "--store-file", file); code != 0 || !strings.Contains(out, " entries, ") || strings.Contains(out, "without the records") {
		t.Errorf("the audit log: %d %s", code, out)
	}
	if _, code := run(t, "backup", "--data", data, "--store-file", file, filepath.Join(t.TempDir(), "all")); code == 0 {
		t.Error("a backup without the records passes for one with them")
	}
	files := filepath.Join(t.TempDir(), "files")
	if _, code := run(t, "backup", "--files-only", "--data", data, "--store-file", file, files); code != 0 {
		t.Error("the files were not copied")
	}
	if _, code := run(t, "restored", "--store-file", file); code != 0 {
		t.Error("it was not noted that the database was restored")
	}
	restored := serve(t, "--dev", "--data", files, "--store-file", file)
	restored.wantContent(t, bearer, path, []byte(large))
}

// TestTheDatabaseGoesAway: who asks meanwhile is told to come again, and is served
// when it is back; nothing that was acknowledged is lost.
func TestTheDatabaseGoesAway(t *testing.T) {
	t.Parallel()
	own, err := enginetest.NewPostgres()
	if err != nil {
		enginetest.SharedPostgres(t) // skips the test where there is none
		t.Fatal(err)
	}
	data, file := t.TempDir(), storeFile(t, own)
	server := serve(t, "--dev", "--data", data, "--store-file", file)
	bearer := server.guest(t)
	before := server.create(t, bearer, 10)
	if err := own.Kill(); err != nil {
		t.Fatal(err)
	}
	for what, request := range map[string][2]string{
		"making an upload": {"POST", "/uploads"}, "reading one": {"HEAD", before}, "reading a share": {"GET", "/v1/shares/" + strings.TrimPrefix(before, "/uploads/")},
	} {
		response, answer := do(t, request[0], server.url+request[1], nil, "Authorization", "Bearer "+bearer, "Tus-Resumable", "1.0.0", "Upload-Length", "10")
		if response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s without the database: %s %s", what, response.Status, answer)
		}
	}
	if response, _ := do(t, "GET", server.url+"/readyz", nil); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("without the database it is ready: %s", response.Status)
	}
	if err := own.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); server.offset(t, bearer, before) != "0"; {
		if time.Now().After(deadline) {
			t.Fatal("it does not find the database again")
		}
	}
	if response := server.patch(t, bearer, before, 0, strings.NewReader("ten bytes.")); response.StatusCode != http.StatusNoContent {
		t.Errorf("the upload does not go on: %s", response.Status)
	}
	if strings.Contains(server.said(), storePassword) {
		t.Error("the log has the password")
	}
}

// TestTheStoreThatCannotBeRead: what is said of it is not what it says.
func TestTheStoreThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, at := range []string{
		"mysql://handout:" + storePassword + "@127.0.0.1/db", "postgres://handout:" + storePassword + "@127.0.0.1:no/db",
		"postgres://handout:" + storePassword + "@127.0.0.1:1/db", "handout:" + storePassword, "postgres://handout:" + storePassword + "%zz@127.0.0.1:1/db",
	} {
		c := command("serve", "--dev", "--listen", "127.0.0.1:0", "--data", t.TempDir())
		c.Env = append(c.Env, "HANDOUT_STORE="+at)
		said, err := c.CombinedOutput()
		if err == nil {
			t.Errorf("it runs with %s", at)
		}
		if len(said) == 0 || strings.Contains(string(said), storePassword) {
			t.Errorf("with %s it says %q", at, said)
		}
	}
}
