package main

import (
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/handout-rtc/handout/internal/faulttest"
)

// TestCommandLinesAreStopped: Ctrl-C takes back what is sent, and every other signal
// leaves it to be gone on with, if that is possible.
func TestCommandLinesAreStopped(t *testing.T) {
	t.Parallel()
	s := newTerminals(t, "--data", t.TempDir())
	network := faulttest.StartProxy(t, s.Server)
	s.through(network.URL())
	for _, c := range []struct {
		name   string
		args   []string
		signal syscall.Signal
		says   string
		stays  bool
	}{
		{"a file, Ctrl-C", []string{"big.bin"}, syscall.SIGINT, "big.bin is taken back", false},
		{"a file, SIGTERM", []string{"big.bin"}, syscall.SIGTERM, "big.bin is not finished; go on with: handout send --resume sh_", true},
		{"a file, SIGHUP", []string{"big.bin"}, syscall.SIGHUP, "big.bin is not finished; go on with: handout send --resume sh_", true},
		{"a folder, SIGTERM", []string{"tree"}, syscall.SIGTERM, "big.bin is not finished; go on with: handout send --resume sh_", true},
		{"an archive, SIGTERM", []string{"--zip", "tree"}, syscall.SIGTERM, "tree.zip is taken back", false},
		{"standard input, Ctrl-C", []string{"--as", "piped.bin", "-"}, syscall.SIGINT, "piped.bin is taken back", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if signal.Ignored(c.signal) {
				t.Skip("this process was told to ignore the signal, as by nohup, and so are those that it starts")
			}
			makeFile(t, filepath.Join(s.dir, "big.bin"), 8<<20)
			if err := os.MkdirAll(filepath.Join(s.dir, "tree"), 0o700); err != nil {
				t.Fatal(err)
			}
			makeFile(t, filepath.Join(s.dir, "tree", "big.bin"), 8<<20)
			network.Worsen(t, "bandwidth", map[string]int{"rate": 256}) // KB a second
			defer network.Mend()
			stdin, open := io.Pipe()
			defer open.Close()
			sender := s.startWith(t, stdin, append([]string{"send"}, c.args...)...)
			id := strings.Fields(sender.says(t, "sending "))[1]
			if err := sender.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			sender.says(t, c.says)
			open.Close()
			if out, code := s.done(t, sender); code != 130 || out != "" {
				t.Errorf("it ended with %d: %s", code, out)
			}
			network.Mend()
			listed, _ := s.done(t, s.start(t, "ls"))
			if strings.Contains(listed, id) != c.stays {
				t.Errorf("afterwards the room has:\n%s", listed)
			}
			notes, _ := filepath.Glob(filepath.Join(s.dir, "handout", "uploads", id+".json"))
			if (len(notes) > 0) != c.stays {
				t.Errorf("what is remembered: %v", notes)
			}
			if !c.stays {
				return
			}
			if out, code := s.done(t, s.start(t, "send", "--resume", id)); code != 0 || !strings.HasPrefix(out, id) {
				t.Errorf("going on ended with %d: %s", code, out)
			}
			if _, code := s.done(t, s.start(t, "rm", id)); code != 0 {
				t.Errorf("withdrawing ended with %d", code)
			}
		})
	}
}

// TestResumeRefusesAnotherFile: what has changed since is not sent under the old id.
func TestResumeRefusesAnotherFile(t *testing.T) {
	t.Parallel()
	s := newTerminals(t, "--data", t.TempDir())
	network := faulttest.StartProxy(t, s.Server)
	network.Worsen(t, "bandwidth", map[string]int{"rate": 256}) // KB a second
	s.through(network.URL())
	makeFile(t, filepath.Join(s.dir, "big.bin"), 8<<20)
	sender := s.start(t, "send", "big.bin")
	id := strings.Fields(sender.says(t, "sending "))[1]
	s.kill(t, sender)
	makeFile(t, filepath.Join(s.dir, "big.bin"), 9<<20)
	again := s.start(t, "send", "--resume", id)
	again.says(t, "handout: error: "+filepath.Join(s.dir, "big.bin")+" has changed since")
	if _, code := s.done(t, again); code != 2 {
		t.Errorf("it ended with %d", code)
	}
	other := s.start(t, "send", "--resume", "sh_aaaaaaaaaaaaaaaaaaaaaaaaaa")
	other.says(t, "handout: error: nothing is known here of sh_")
	if _, code := s.done(t, other); code != 2 {
		t.Errorf("it ended with %d", code)
	}
}
