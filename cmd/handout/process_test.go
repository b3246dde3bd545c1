package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// asProgram tells the test binary to be the program.
const asProgram = "HANDOUT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a running `handout serve` of its own.
type process struct {
	*exec.Cmd
	url    string
	exited chan error
	log    *transcript
}

// transcript is what a process has said so far.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
}

func (t *transcript) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text.WriteString(line + "\n")
}

func (p *process) said() string {
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	return p.log.text.String()
}

func command(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), asProgram+"=1")
	return c
}

// serve starts a server on a free port and waits until it listens.
func serve(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: command(append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...), exited: make(chan error, 1), log: new(transcript)}
	stderr, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	listening := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			p.log.add(lines.Text())
			if _, url, ok := strings.Cut(lines.Text(), "msg=listening url="); ok {
				listening <- strings.TrimSuffix(strings.Fields(url)[0], "/")
			}
		}
		p.exited <- p.Wait()
	}()
	t.Cleanup(func() { p.Process.Kill() })
	select {
	case p.url = <-listening:
	case err := <-p.exited:
		t.Fatalf("the server ended at its start: %v\n%s", err, p.said())
	}
	return p
}

// end sends a signal and waits for the exit.
func (p *process) end(t *testing.T, signal os.Signal) error {
	t.Helper()
	if err := p.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.exited:
		return err
	case <-time.After(30 * time.Second):
		t.Fatalf("the server does not end by %v", signal)
		return nil
	}
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
