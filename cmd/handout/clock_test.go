package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/handout-rtc/handout/internal/clock"
)

const tenYears = 10 * 365 * 24 * time.Hour

// times is a machine whose clock can be set, and whose time can be skipped.
type times struct {
	began        time.Time
	set, skipped atomic.Int64
}

func newTimes() *times { return &times{began: time.Now()} }

func (m *times) elapsed() time.Duration { return time.Since(m.began) + time.Duration(m.skipped.Load()) }
func (m *times) wall() time.Time        { return m.began.Add(m.elapsed() + time.Duration(m.set.Load())) }
func (m *times) skip(d time.Duration)   { m.skipped.Add(int64(d)) }

// hearing passes on the address that a server says it listens on.
type hearing struct{ url chan string }

// Write implements io.Writer for one line of the log.
func (h hearing) Write(line []byte) (int, error) {
	if _, after, ok := strings.Cut(string(line), "msg=listening url="); ok {
		h.url <- strings.TrimSuffix(strings.Fields(after)[0], "/")
	}
	return len(line), nil
}

// serveHere starts a server in this process, on the given machine.
func serveHere(t *testing.T, on *times, args ...string) (p *process, stop func()) {
	t.Helper()
	var c commands
	parser, err := kong.New(&c, options()...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"serve", "--dev", "--listen", "127.0.0.1:0"}, args...)); err != nil {
		t.Fatal(err)
	}
	c.Serve.clock = clock.Of(on.wall, on.elapsed)
	heard := hearing{make(chan string, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Serve.serve(ctx, slog.New(slog.NewTextHandler(heard, nil))) }()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
		ended <- nil // it may be stopped again
	}
	t.Cleanup(stop)
	select {
	case url := <-heard.url:
		return &process{url: url}, stop
	case err := <-ended:
		t.Fatalf("the server ended at its start: %v", err)
	}
	return nil, nil
}

// swept returns when the server has looked at all records once more: it ends
// rooms, whose files go with the next sweep, one after the other, for the first of
// the sweeps may have begun before.
func (p *process) swept(t *testing.T, data string) {
	t.Helper()
	for range 2 {
		_, body := do(t, "POST", p.url+"/v1/rooms", strings.NewReader(`{"name": "x", "owner_ref": "x"}`), "Authorization", "Basic ZGV2OmRldmtleQ==")
		_, rest, _ := strings.Cut(body, `"room_id":"`)
		room, _, _ := strings.Cut(rest, `"`)
		_, body = do(t, "POST", p.url+"/v1/rooms/"+room+"/tokens", strings.NewReader(`{"name": "x", "role": "participant", "user_ref": "x"}`), "Authorization", "Basic ZGV2OmRldmtleQ==")
		_, rest, _ = strings.Cut(body, `"token":"`)
		bearer, _, _ := strings.Cut(rest, `"`)
		path := p.create(t, bearer, 10)
		p.patch(t, bearer, path, 0, strings.NewReader("12345"))
		do(t, "DELETE", p.url+"/v1/rooms/"+room, nil, "Authorization", "Basic ZGV2OmRldmtleQ==")
		until(t, "the bytes of a room that ended are gone", func() bool {
			_, err := os.Stat(stagedFile(data, path))
			return os.IsNotExist(err)
		})
	}
}

func stagedFile(data, path string) string {
	return filepath.Join(data, "files", "staging", strings.TrimPrefix(path, "/uploads/"))
}

// patching sends the body and tells the offset of the answer, "" for none.
func (p *process) patching(t *testing.T, bearer, path string, body io.Reader) <-chan string {
	t.Helper()
	request, err := http.NewRequest("PATCH", p.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		"Authorization": "Bearer " + bearer, "Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream",
	} {
		request.Header.Set(key, value)
	}
	offset := make(chan string, 1)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			offset <- ""
			return
		}
		response.Body.Close()
		offset <- response.Header.Get("Upload-Offset")
	}()
	return offset
}

func (p *process) status(t *testing.T, method, path, bearer string) int {
	t.Helper()
	header := []string{"Tus-Resumable", "1.0.0"}
	if bearer != "" {
		header = append(header, "Authorization", "Bearer "+bearer)
	}
	response, _ := do(t, method, p.url+path, nil, header...)
	return response.StatusCode
}

// ticket returns an address that lets one download begin.
func (p *process) ticket(t *testing.T, bearer, path string) string {
	t.Helper()
	response, body := do(t, "POST", p.url+strings.Replace(path, "/uploads/", "/v1/shares/", 1)+"/tickets", nil, "Authorization", "Bearer "+bearer)
	_, rest, _ := strings.Cut(body, `"url":"`)
	address, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("no ticket: %s %s", response.Status, body)
	}
	return address
}

// TestF15_TheClockIsSetWhileTheServerRuns: nothing that lasts goes by it, and no
// credential lives longer.
func TestF15_TheClockIsSetWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{time.Hour, -time.Hour, tenYears, -tenYears} {
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			data, on := t.TempDir(), newTimes()
			p, _ := serveHere(t, on, "--data", data, "--token-lifetime", "3h", "--empty-room", "24h")
			bearer := p.guest(t)
			whole, resting, running := p.create(t, bearer, 5), p.create(t, bearer, 10), p.create(t, bearer, 10)
			p.patch(t, bearer, whole, 0, strings.NewReader("12345"))
			p.patch(t, bearer, resting, 0, strings.NewReader("12345"))
			body, sender := io.Pipe()
			appended := p.patching(t, bearer, running, body)
			if _, err := sender.Write([]byte("12345")); err != nil {
				t.Fatal(err)
			}
			until(t, "an append runs", func() bool {
				info, err := os.Stat(stagedFile(data, running))
				return err == nil && info.Size() == 5
			})
			old, late := p.ticket(t, bearer, whole), p.ticket(t, bearer, whole)

			on.set.Store(int64(by))
			p.swept(t, data)
			if by < tenYears {
				if got := p.offset(t, bearer, resting); got != "5" {
					t.Errorf("the upload is at %q", got)
				}
			} else if got := p.status(t, "HEAD", resting, bearer); got != http.StatusUnauthorized {
				t.Errorf("a token that is over by the system's clock: %d", got)
			}
			if got := p.status(t, "GET", old, ""); got != http.StatusOK {
				t.Errorf("a ticket of a moment ago: %d", got)
			}
			if _, err := sender.Write([]byte("67890")); err != nil {
				t.Fatal(err)
			}
			sender.Close()
			if got := <-appended; got != "10" {
				t.Errorf("the running upload is at %q", got)
			}
			on.skip(61 * time.Second)
			if got := p.status(t, "GET", late, ""); got != http.StatusNotFound {
				t.Errorf("a ticket of a minute ago: %d", got)
			}

			on.set.Store(int64(min(by, time.Hour))) // ten years ahead, nobody gets in
			p.swept(t, data)
			if response := p.patch(t, bearer, resting, 5, strings.NewReader("67890")); response.Header.Get("Upload-Offset") != "10" {
				t.Errorf("the rest of the upload: %s", response.Status)
			}
			for _, path := range []string{resting, running, whole} {
				if got := p.status(t, "GET", strings.Replace(path, "/uploads/", "/v1/shares/", 1)+"/content", bearer); got != http.StatusOK {
					t.Errorf("downloading: %d", got)
				}
			}
			left := p.create(t, bearer, 10)
			on.skip(time.Hour + time.Minute)
			on.set.Store(0)
			until(t, "an upload that rests for too long is given up", func() bool { return p.status(t, "HEAD", left, bearer) == http.StatusGone })
			on.skip(2 * time.Hour)
			on.set.Store(int64(min(by, 0)))
			if got := p.status(t, "HEAD", whole, bearer); got != http.StatusUnauthorized {
				t.Errorf("a token of more than its three hours: %d", got)
			}
		})
	}
}

// TestF15_TheClockIsSetBetweenTwoServers: what was begun before the start goes on.
func TestF15_TheClockIsSetBetweenTwoServers(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{2 * time.Hour, -30 * time.Second, -time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			data, on := t.TempDir(), newTimes()
			first, stop := serveHere(t, on, "--data", data, "--empty-room", "24h")
			bearer := first.guest(t)
			whole, resting := first.create(t, bearer, 5), first.create(t, bearer, 10)
			first.patch(t, bearer, whole, 0, strings.NewReader("12345"))
			first.patch(t, bearer, resting, 0, strings.NewReader("12345"))
			ticket := first.ticket(t, bearer, whole)
			stop()

			on.set.Store(int64(by))
			second, _ := serveHere(t, on, "--data", data, "--empty-room", "24h")
			again := second.guest(t) // the room is the same, the participant another one
			if got := second.status(t, "GET", ticket, ""); got != http.StatusNotFound {
				t.Errorf("a ticket of another time: %d", got)
			}
			second.swept(t, data)
			if got := second.status(t, "HEAD", whole, again); got == http.StatusUnauthorized {
				t.Errorf("a token of this time: %d", got)
			}
			on.set.Store(0) // tokens of before count again
			if got := second.offset(t, bearer, resting); got != "5" {
				t.Errorf("the upload is at %q", got)
			}
		})
	}
}
