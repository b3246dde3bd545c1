package main

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

// terminals are several people at their command lines, at one server.
type terminals struct {
	*process
	dir  string
	room protocol.RoomID
	env  []string
}

func newTerminals(t *testing.T, serverFlags ...string) *terminals {
	t.Helper()
	s := &terminals{process: serve(t, append([]string{"--dev"}, serverFlags...)...), dir: t.TempDir()}
	s.env = []string{"HANDOUT_SERVER=" + s.url, "HANDOUT_APP=dev:devkey", "XDG_STATE_HOME=" + s.dir}
	id, code := s.done(t, s.start(t, "room", "create", "Physics 101"))
	if code != 0 {
		t.Fatal("there is no room")
	}
	s.room = protocol.RoomID(strings.TrimSpace(id))
	s.env = append(s.env, "HANDOUT_ROOM="+string(s.room))
	return s
}

// through has who comes from now on come through a network.
func (s *terminals) through(url string) { s.env[0] = "HANDOUT_SERVER=" + url }

// running is a command, with what it prints.
type running struct {
	*exec.Cmd
	out  strings.Builder
	said *bufio.Scanner // lines of standard error
}

// start starts a command in the directory of the test. The end of the test kills it.
func (s *terminals) start(t *testing.T, args ...string) *running {
	t.Helper()
	return s.startWith(t, nil, args...)
}

// startWith is start with a standard input.
func (s *terminals) startWith(t *testing.T, stdin io.Reader, args ...string) *running {
	t.Helper()
	r := &running{Cmd: command(args...)}
	r.Env = append(r.Env, s.env...)
	r.Dir, r.Stdin, r.Stdout = s.dir, stdin, &r.out
	said, err := r.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.said = bufio.NewScanner(said)
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Process.Kill() }) // it may have ended
	return r
}

// says returns the first line from now on that begins so.
func (r *running) says(t *testing.T, prefix string) string {
	t.Helper()
	for r.said.Scan() {
		t.Logf("%s: %s", r.Args[1], r.said.Text())
		if strings.HasPrefix(r.said.Text(), prefix) {
			return r.said.Text()
		}
	}
	t.Fatalf("%s never says %q", r.Args[1], prefix)
	return ""
}

// kill ends a command as kill -9 does.
func (s *terminals) kill(t *testing.T, r *running) {
	t.Helper()
	r.Process.Kill()
	s.done(t, r)
}

// done waits for the end of a command, and returns what it printed.
func (s *terminals) done(t *testing.T, r *running) (out string, code int) {
	t.Helper()
	for r.said.Scan() {
		t.Logf("%s: %s", r.Args[1], r.said.Text())
	}
	r.Wait() // the code says it
	return r.out.String(), r.ProcessState.ExitCode()
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Duration(faulttest.Amount(1, 10)) * patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: it never came to that", what)
		}
	}
}

// sizeOf is how large the only file is that a pattern names, 0 if there is none.
func sizeOf(pattern string) int64 {
	found, _ := filepath.Glob(pattern)
	if len(found) != 1 {
		return 0
	}
	info, err := os.Stat(found[0])
	if err != nil {
		return 0
	}
	return info.Size()
}

// TestCommandLinesSurvive sends a file from one command line to another, while the sender,
// the server and the receiver are killed.
func TestCommandLinesSurvive(t *testing.T) {
	t.Parallel()
	size := int64(faulttest.Amount(12<<20, 5<<30))
	s := newTerminals(t, "--data", t.TempDir(), "--max-file-size", "6GiB")
	if !faulttest.Long() {
		network := faulttest.StartProxy(t, s.Server)
		network.Worsen(t, "bandwidth", map[string]int{"rate": 4 << 10}) // KB a second, so that there is a middle
		s.through(network.URL())
	}
	want := makeFile(t, filepath.Join(s.dir, "big.bin"), size)
	begun := time.Now()

	sender := s.start(t, "send", "--name", "Ben", "big.bin")
	id := strings.Fields(sender.says(t, "sending "))[1]
	receiver := s.start(t, "receive", "--name", "Ana", "--dir", "in", id)
	part := filepath.Join(s.dir, "in", "big.bin."+id+".part")
	eventually(t, "the receiver has some of it", func() bool { return sizeOf(part) > size/8 })
	s.kill(t, sender)
	has := sizeOf(part)
	if has >= size {
		t.Fatal("the sender was too fast to be killed")
	}
	sender = s.start(t, "send", "--resume", id)
	if line := sender.says(t, "sending "); !strings.Contains(line, id) {
		t.Errorf("it goes on with another: %s", line)
	}
	eventually(t, "the receiver has more of it", func() bool { return sizeOf(part) > size/4 })
	s.Kill(t)
	s.Restart(t)
	eventually(t, "the receiver goes on", func() bool { return sizeOf(part) > size/2 })
	s.kill(t, receiver)
	before := sizeOf(part)
	receiver = s.start(t, "receive", "--name", "Ana", "--dir", "in", id)

	if out, code := s.done(t, sender); code != 0 || !strings.HasPrefix(out, id) {
		t.Errorf("sending ended with %d: %s", code, out)
	}
	if out, code := s.done(t, receiver); code != 0 || !strings.HasPrefix(out, id) {
		t.Errorf("receiving ended with %d: %s", code, out)
	}
	if got := hashOfFile(t, filepath.Join(s.dir, "in", "big.bin")); got != want {
		t.Errorf("the hash is %s, not %s", got, want)
	}
	if before < size/2 {
		t.Errorf("the second receiver had only %d bytes to go on from", before)
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, "in", "*.part")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	t.Logf("%d bytes, the sender killed at %d, the receiver at %d, the server between: %v", size, has, before, time.Since(begun).Round(time.Millisecond))
}

// makeFile makes a file that no other is like, and returns its SHA-256.
func makeFile(t *testing.T, path string, size int64) string {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(file, hash), rand.Reader, size); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func hashOfFile(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(hash.Sum(nil))
}
