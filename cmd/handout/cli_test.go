package main

import (
	"archive/zip"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestCLI runs the transcripts in testdata/script: each is a session at a shell, with
// the program as handout, a server of the test's own and its room, $ROOM.
func TestCLI(t *testing.T) {
	t.Parallel()
	server := serve(t, "--dev", "--data", t.TempDir())
	bin, keys := t.TempDir(), filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(keys, []byte("dev:devkey\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(executable(t), filepath.Join(bin, "handout")); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		RequireUniqueNames: true,
		Cmds:               map[string]func(*testscript.TestScript, bool, []string){"await": await, "present": present, "random": random, "unzip": unzip},
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", bin+string(os.PathListSeparator)+e.Getenv("PATH"))
			e.Setenv(asProgram, "1")
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("HANDOUT_SERVER", server.url)
			e.Setenv("HANDOUT_APP", "dev:devkey")
			room, code := run(t, "room", "create", "--server", server.url, "--app-file", keys, "Physics 101")
			if code != 0 {
				return errors.New("there is no room")
			}
			e.Setenv("ROOM", strings.TrimSpace(room))
			e.Setenv("HANDOUT_ROOM", strings.TrimSpace(room))
			return nil
		},
	})
}

func executable(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// patience is how long a transcript waits for what another process does.
const patience = time.Minute

// await waits until files are there, or with ! until they are not: await FILE…
func await(ts *testscript.TestScript, not bool, files []string) {
	for _, file := range files {
		for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
			found, err := filepath.Glob(ts.MkAbs(file))
			ts.Check(err)
			if (len(found) > 0) != not {
				break
			}
			if time.Now().After(end) {
				ts.Fatalf("%s: it never came to that", file)
			}
		}
	}
}

// random makes a file of so many bytes that no other has: random FILE BYTES
func random(ts *testscript.TestScript, _ bool, args []string) {
	var n int
	_, err := fmt.Sscan(args[1], &n)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), noise(n), 0o666))
}

// noise returns n bytes that no other call returns.
func noise(n int) []byte {
	text := make([]byte, n)
	rand.Read(text) // never fails
	return text
}

// present waits until somebody is in the room: present NAME
func present(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		ts.Check(ts.Exec("handout", "room", "users", ts.Getenv("ROOM")))
		if strings.Contains(ts.ReadFile("stdout"), "  "+args[0]+"\n") {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s never came", args[0])
		}
	}
}

// unzip unpacks an archive: unzip ARCHIVE DIR
func unzip(ts *testscript.TestScript, _ bool, args []string) {
	archive, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	defer archive.Close()
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), archive))
}
