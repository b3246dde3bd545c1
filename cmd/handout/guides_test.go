package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/protocol"
)

// commandsOf returns the blocks of a page that are commands, in their order.
func commandsOf(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(string(text), -1) {
		script.WriteString(block[1])
	}
	if !strings.Contains(script.String(), "curl ") {
		t.Fatalf("%s has no commands", page)
	}
	return script.String()
}

// follow runs the commands of a page against a server, in a directory of their own.
func (p *process) follow(t *testing.T, page string) (said, dir string) {
	t.Helper()
	for _, needed := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skipf("there is no %s", needed)
		}
	}
	dir = t.TempDir()
	shell := exec.Command("bash", "-euo", "pipefail", "-c", commandsOf(t, page)+"\necho \"room: ${ROOM:-}\"\n")
	shell.Dir, shell.Env = dir, append(os.Environ(), "SERVER="+p.url, "APP="+devApp, "KEY="+devKey)
	var out, problems bytes.Buffer
	shell.Stdout, shell.Stderr = &out, &problems
	if err := shell.Run(); err != nil {
		t.Fatalf("%s: %v\n%s\n%s", page, err, out.String(), problems.String())
	}
	return out.String(), dir
}

// TestTheGuidesAreFollowed runs every command of the guides, and looks at what has
// come of it.
func TestTheGuidesAreFollowed(t *testing.T) {
	p := serve(t, "--dev", "--data", t.TempDir())

	said, dir := p.follow(t, "uploads-from-anywhere.md")
	sent, err := os.ReadFile(filepath.Join(dir, "visit.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(sent)
	_, room, _ := strings.Cut(strings.TrimSpace(said), "room: ")
	_, answer := do(t, "GET", p.url+"/v1/rooms/"+room+"/files", nil, "Authorization", "Basic ZGV2OmRldmtleQ==")
	var files struct{ Files []protocol.Share }
	if err := json.Unmarshal([]byte(answer), &files); err != nil || len(files.Files) != 4 {
		t.Fatalf("%v: %s", err, answer)
	}
	for _, f := range files.Files {
		if f.Name != "visit.mp4" || f.Type != "video/mp4" || f.State != protocol.Available || f.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%+v", f)
		}
	}

	said, _ = p.follow(t, "migrate-from-enablex.md")
	if !strings.Contains(said, `"users":[]`) || !strings.Contains(said, `{"result":0}`) {
		t.Errorf("moving: %s", said)
	}
}
