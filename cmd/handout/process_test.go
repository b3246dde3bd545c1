package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/internal/store/sqlite/sqlitetest"
)

// asProgram tells the test binary to be the program.
const asProgram = "HANDOUT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	enginetest.Exit(m.Run())
}

// process is a running `handout serve` of its own.
type process struct {
	*faulttest.Server
	url string
}

func (p *process) said() string { return p.Said() }

func command(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), asProgram+"=1")
	return c
}

// serve starts a server on a free port and waits until it listens. Where it would make
// its records, it finds empty ones: the race detector makes that take longer than most
// tests. The program without it makes its own, in each test of internal/faulttest.
func serve(t *testing.T, args ...string) *process {
	t.Helper()
	data := t.TempDir()
	if at := slices.Index(args, "--data"); at >= 0 {
		data = args[at+1]
	} else {
		args = append(slices.Clip(args), "--data", data)
	}
	elsewhere := slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--store") })
	if entries, err := os.ReadDir(data); err == nil && len(entries) == 0 && !elsewhere {
		sqlitetest.Make(t, filepath.Join(data, recordsFile))
	}
	s := faulttest.Start(t, faulttest.Config{Path: os.Args[0], Env: []string{asProgram + "=1"}, Args: args})
	return &process{s, s.URL()}
}

// end sends a signal and waits for the exit.
func (p *process) end(t *testing.T, signal syscall.Signal) error {
	t.Helper()
	err := p.End(signal, 30*time.Second)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return err
}

// do sends a request and returns the answer with its body read.
func do(t *testing.T, method, url string, body io.Reader, header ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequest(method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := client(request).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(answer)
}

// guest makes a room of the development application and returns a token to it.
func (p *process) guest(t *testing.T) string {
	t.Helper()
	_, answer := do(t, "POST", p.url+"/api/join", strings.NewReader(`{"room": "test", "name": "Ana"}`))
	var reply struct{ Token string }
	if err := json.Unmarshal([]byte(answer), &reply); err != nil || reply.Token == "" {
		t.Fatalf("no token: %s, %v", answer, err)
	}
	return reply.Token
}

// create makes an upload by tus and returns its path.
func (p *process) create(t *testing.T, bearer string, length int) string {
	t.Helper()
	response, answer := do(t, "POST", p.url+"/uploads", nil,
		"Authorization", "Bearer "+bearer, "Tus-Resumable", "1.0.0", "Upload-Length", fmt.Sprint(length))
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("creating: %s %s", response.Status, answer)
	}
	return response.Header.Get("Location")
}

func (p *process) patch(t *testing.T, bearer, path string, offset int, body io.Reader) *http.Response {
	t.Helper()
	response, _ := do(t, "PATCH", p.url+path, body, "Authorization", "Bearer "+bearer, "Tus-Resumable", "1.0.0",
		"Upload-Offset", fmt.Sprint(offset), "Content-Type", "application/offset+octet-stream")
	return response
}

func (p *process) offset(t *testing.T, bearer, path string) string {
	t.Helper()
	response, _ := do(t, "HEAD", p.url+path, nil, "Authorization", "Bearer "+bearer, "Tus-Resumable", "1.0.0")
	return response.Header.Get("Upload-Offset")
}
