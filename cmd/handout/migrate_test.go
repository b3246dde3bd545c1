package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/migrate"
)

// moves is a server's directory with files of every kind, and what clients know of
// them.
type moves struct {
	data, bearer, half string
	files              map[string]string // by the path of the upload
}

const halfSent = 300_000

// fillForMove runs a server until it has something to move, and kills it.
func fillForMove(t *testing.T, files int) *moves {
	t.Helper()
	m := &moves{data: t.TempDir(), files: make(map[string]string)}
	server := serve(t, "--dev", "--data", m.data)
	m.bearer = server.guest(t)
	for i := range files {
		text := strings.Repeat(fmt.Sprint("file ", i, " "), 1+i*i*40)
		path := server.create(t, m.bearer, len(text))
		server.patch(t, m.bearer, path, 0, strings.NewReader(text))
		m.files[path] = text
	}
	small := "a small file"
	m.files[server.deposit(m.bearer, small)] = small
	m.half = server.create(t, m.bearer, 2*halfSent)
	server.patch(t, m.bearer, m.half, 0, strings.NewReader(strings.Repeat("0", halfSent)))
	server.end(t, syscall.SIGKILL)
	return m
}

// works starts a server on what was moved, and has its clients go on.
func (m *moves) works(t *testing.T, args ...string) *process {
	t.Helper()
	server := serve(t, append([]string{"--dev"}, args...)...)
	for path, text := range m.files {
		server.wantContent(t, m.bearer, path, []byte(text))
	}
	if m.half == "" {
		return server
	}
	if got := server.offset(t, m.bearer, m.half); got != fmt.Sprint(halfSent) {
		t.Errorf("the upload stands at %s, and stood at %d", got, halfSent)
	}
	server.patch(t, m.bearer, m.half, halfSent, strings.NewReader(strings.Repeat("1", halfSent)))
	whole := strings.Repeat("0", halfSent) + strings.Repeat("1", halfSent)
	server.wantContent(t, m.bearer, m.half, []byte(whole))
	m.files[m.half], m.half = whole, ""
	return server
}

// startFails fails unless a server does not start, and says why.
func startFails(t *testing.T, why string, args ...string) {
	t.Helper()
	c := command(args...)
	late := time.AfterFunc(20*time.Second, func() { c.Process.Kill() })
	said, err := c.CombinedOutput()
	if !late.Stop() || err == nil || !strings.Contains(string(said), why) {
		t.Errorf("a server started: %v\n%s", err, said)
	}
}

// TestMigrate moves a directory to another one: its server is refused before, the
// old one's start afterwards, and clients go on.
func TestMigrate(t *testing.T) {
	t.Parallel()
	m := fillForMove(t, 3)
	to := filepath.Join(t.TempDir(), "new")
	running := serve(t, "--dev", "--data", m.data)
	if out, code := run(t, "migrate", "--from", m.data, "--to", to); code != exitRefused {
		t.Fatalf("beside a running server it ended with %d: %s", code, out)
	}
	running.end(t, syscall.SIGTERM)
	if out, code := run(t, "migrate", "--from", m.data); code != exitRefused {
		t.Fatalf("without a target it ended with %d: %s", code, out)
	}
	out, code := run(t, "migrate", "--json", "--from", m.data, "--to", to)
	if code != 0 {
		t.Fatalf("it ended with %d: %s", code, out)
	}
	var report migrate.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("the report is no JSON: %v\n%s", err, out)
	}
	if report.Files != 4 || report.Uploads != 1 || report.Copied != report.Bytes || report.Bytes < halfSent {
		t.Errorf("the report is %+v", report)
	}
	verified(t, to, 0)
	if out, code := run(t, "migrate", "--from", m.data, "--to", to); code != 0 || !strings.Contains(out, "finished before") {
		t.Errorf("when it is asked for again it ends with %d: %s", code, out)
	}
	half := m.half
	m.works(t, "--data", to)

	startFails(t, "remove this file", "serve", "--dev", "--listen", "127.0.0.1:0", "--data", m.data)
	if err := os.Remove(filepath.Join(m.data, movedFile)); err != nil {
		t.Fatal(err)
	}
	if out, code := run(t, "migrate", "--from", m.data, "--to", to); code != exitRefused {
		t.Errorf("a second migration ended with %d: %s", code, out)
	}
	delete(m.files, half)
	m.half = half
	m.works(t, "--data", m.data)
}

// migrateKilled runs a migration, which is killed until it has been left alone for
// long enough.
func migrateKilled(t *testing.T, args ...string) {
	t.Helper()
	for killed, patience := 0, 10*time.Millisecond; ; patience += 10 * time.Millisecond {
		c := command(append([]string{"migrate"}, args...)...)
		var said strings.Builder
		c.Stderr = &said
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		death := time.AfterFunc(patience/2+rand.N(patience), func() { c.Process.Kill() })
		err := c.Wait()
		switch {
		case death.Stop() && err != nil:
			t.Fatalf("it ended with %d:\n%s", c.ProcessState.ExitCode(), said.String())
		case err != nil:
			killed++
			continue
		case killed < 3:
			t.Errorf("it was killed %d times", killed)
		}
		return
	}
}

// TestMigrateThatIsKilled at any time goes on.
func TestMigrateThatIsKilled(t *testing.T) {
	t.Parallel()
	m := fillForMove(t, 12)
	to := filepath.Join(t.TempDir(), "new")
	migrateKilled(t, "--from", m.data, "--to", to)
	verified(t, to, 0)
	m.works(t, "--data", to)
}

// TestMigrateToPostgres, killed on its way, and back.
func TestMigrateToPostgres(t *testing.T) {
	t.Parallel()
	file := storeFile(t, enginetest.SharedPostgres(t))
	m := fillForMove(t, 8)
	to, back := filepath.Join(t.TempDir(), "new"), filepath.Join(t.TempDir(), "back")
	migrateKilled(t, "--from", m.data, "--to", to, "--to-store-file", file)
	verified(t, to, 0, "--store-file", file)
	server := m.works(t, "--data", to, "--store-file", file)
	server.end(t, syscall.SIGKILL)
	if out, code := run(t, "migrate", "--from", to, "--from-store-file", file, "--to", back); code != 0 {
		t.Fatalf("the way back ended with %d: %s", code, out)
	}
	verified(t, back, 0)
	m.works(t, "--data", back)
}

// TestMigrateToCluster, killed on its way: the records to PostgreSQL, the files to a
// bucket, and back.
func TestMigrateToCluster(t *testing.T) {
	for _, pair := range enginetest.S3Env() {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	file, s3 := storeFile(t, enginetest.SharedPostgres(t)), enginetest.SharedS3(t)
	bucket := s3.URL(s3.Bucket(t))
	m := fillForMove(t, 8)
	to, back := filepath.Join(t.TempDir(), "new"), filepath.Join(t.TempDir(), "back")
	migrateKilled(t, "--from", m.data, "--to", to, "--to-store-file", file, "--to-blobs", bucket)
	verified(t, to, 0, "--store-file", file, "--blobs", bucket)
	server := m.works(t, "--data", to, "--store-file", file, "--blobs", bucket)
	server.end(t, syscall.SIGKILL)
	if out, code := run(t, "migrate", "--from", to, "--from-store-file", file, "--from-blobs", bucket, "--to", back); code != 0 {
		t.Fatalf("the way back ended with %d: %s", code, out)
	}
	verified(t, back, 0)
	m.works(t, "--data", back)
}

// TestMigrateOfDamage names the file, and goes on once it is mended. No server starts
// on what has come so far.
func TestMigrateOfDamage(t *testing.T) {
	t.Parallel()
	m := fillForMove(t, 4)
	to := filepath.Join(t.TempDir(), "new")
	var broken string
	for path, text := range m.files {
		if len(text) > 2000 {
			broken = path
		}
	}
	id := strings.TrimPrefix(broken, "/uploads/")
	file := filepath.Join(m.data, filesDir, "blobs", id[len(id)-2:], id)
	if err := os.WriteFile(file, []byte(strings.Repeat("x", len(m.files[broken]))), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code := run(t, "migrate", "--from", m.data, "--to", to)
	if code != exitUnsound || !strings.Contains(out, id) {
		t.Fatalf("it ended with %d: %s", code, out)
	}
	startFails(t, "finish the migration first", "serve", "--dev", "--listen", "127.0.0.1:0", "--metrics-listen", "", "--data", to)
	verified(t, m.data, 0, "--repair")
	if out, code := run(t, "migrate", "--from", m.data, "--to", to); code != 0 {
		t.Fatalf("after the repair it ended with %d: %s", code, out)
	}
	delete(m.files, broken)
	m.works(t, "--data", to)
}
