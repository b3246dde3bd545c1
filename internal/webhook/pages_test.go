package webhook_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// block returns the first block of that language in docs/webhooks.md.
func block(t *testing.T, language string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, begun := strings.Cut(string(page), "```"+language+"\n")
	text, _, ended := strings.Cut(rest, "```\n")
	if !begun || !ended {
		t.Fatalf("the page has no block of %s", language)
	}
	return text
}

// TestThePagesReceiversReceive: the receiver in Go is that of the example, and the
// one in JavaScript takes what is sent, and nothing that is not.
func TestThePagesReceiversReceive(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if text := block(t, "go"); !strings.Contains(string(example), text) {
		t.Errorf("the example has not what the page has:\n%s", text)
	}

	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node")
	}
	script := filepath.Join(t.TempDir(), "receiver.mjs")
	if err := os.WriteFile(script, []byte(block(t, "js")), 0o600); err != nil {
		t.Fatal(err)
	}
	program := exec.Command(node, script)
	program.Env = append(os.Environ(), "WEBHOOK_SECRET="+secret, "PORT=0")
	program.Stderr = os.Stderr
	out, err := program.StdoutPipe()
	if err == nil {
		err = program.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer program.Wait()
	defer program.Process.Kill()
	said := lines(out)
	url, listening := strings.CutPrefix(next(t, said), "listening on ")
	if !listening {
		t.Fatal("it does not say where it listens")
	}
	r := newRig(t)
	e := r.add(url)
	other := r.add(url)
	foreign := "whsec_" + strings.Repeat("A", 32)
	_, err = r.Change(r.Context(), "app", other.ID, wishSecret(foreign))
	r.must(err)
	r.start()
	r.offer()
	r.until("the forged one is given up", func() bool { return r.endpoint(other.ID).GivenUp == 1 })
	r.until("the signed one is delivered", func() bool { return r.endpoint(e.ID).Waiting == 0 })
	if line := next(t, said); line != "share.created a.txt" {
		t.Errorf("it says %q", line)
	}
}

// lines reads what a program says until it ends.
func lines(from io.Reader) <-chan string {
	said := make(chan string, 100)
	go func() {
		defer close(said)
		for scanner := bufio.NewScanner(from); scanner.Scan(); {
			said <- scanner.Text()
		}
	}()
	return said
}

func next(t *testing.T, said <-chan string) string {
	t.Helper()
	select {
	case line := <-said:
		return line
	case <-time.After(30 * time.Second):
		t.Fatal("it says nothing")
		return ""
	}
}
