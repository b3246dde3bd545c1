package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/handout-rtc/handout/internal/enginetest"
)

// bucketArgs are the flags of a server with a bucket of its own, and its environment is
// made so that it may use it.
func bucketArgs(t *testing.T, data string, more ...string) []string {
	t.Helper()
	engine := enginetest.SharedS3(t)
	for _, pair := range enginetest.S3Env() {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	return append([]string{"--dev", "--data", data, "--blobs", engine.URL(engine.Bucket(t))}, more...)
}

func contentPath(upload string) string {
	return strings.Replace(upload, "/uploads/", "/v1/shares/", 1) + "/content"
}

// wantBytes downloads a file, whole and from the middle, and compares.
func (p *process) wantBytes(t *testing.T, bearer, upload string, want []byte) {
	t.Helper()
	response, body := do(t, "GET", p.url+contentPath(upload), nil, "Authorization", "Bearer "+bearer)
	if response.StatusCode != http.StatusOK || body != string(want) {
		t.Fatalf("a download of %d bytes: %s, %d bytes", len(want), response.Status, len(body))
	}
	from := len(want) / 2
	response, body = do(t, "GET", p.url+contentPath(upload), nil, "Authorization", "Bearer "+bearer, "Range", fmt.Sprintf("bytes=%d-", from))
	if response.StatusCode != http.StatusPartialContent || body != string(want[from:]) {
		t.Fatalf("the second half: %s, %d bytes", response.Status, len(body))
	}
}

// verifyBucket holds the bucket against the records: nothing is lost, and nothing is
// there that should not be.
func verifyBucket(t *testing.T, args []string) {
	t.Helper()
	flags := []string{"verify"}
	for i, arg := range args {
		if arg == "--data" || arg == "--blobs" {
			flags = append(flags, arg, args[i+1])
		}
	}
	if said, err := command(flags...).CombinedOutput(); err != nil {
		t.Errorf("verify: %v\n%s", err, said)
	}
}

// TestFilesInABucket takes a server with a bucket through what a server does: files of
// all sizes, a resumed upload after its death, a follower, an end, and a check.
func TestFilesInABucket(t *testing.T) {
	args := bucketArgs(t, t.TempDir())
	p := serve(t, args...)
	bearer := p.guest(t)
	files := map[string][]byte{}
	for _, size := range []int{1, 10 << 10, 300 << 10, 20<<20 + 5} {
		path := p.create(t, bearer, size)
		files[path] = randomBytes(size, 7)
		if response := p.patch(t, bearer, path, 0, bytes.NewReader(files[path])); response.StatusCode != http.StatusNoContent {
			t.Fatalf("%d bytes: %s", size, response.Status)
		}
	}
	data := randomBytes(30<<20, 7)
	path := p.create(t, bearer, len(data))
	p.patch(t, bearer, path, 0, bytes.NewReader(data[:11<<20]))
	if p.end(t, syscall.SIGKILL) == nil {
		t.Fatal("it ended by itself")
	}
	p.Restart(t)
	if at := p.offset(t, bearer, path); at != fmt.Sprint(11<<20) {
		t.Fatalf("after the death of the server the offset is %s", at)
	}
	follow := make(chan string, 1)
	go func() {
		_, body := do(t, "GET", p.url+contentPath(path), nil, "Authorization", "Bearer "+bearer)
		follow <- body
	}()
	p.patch(t, bearer, path, 11<<20, bytes.NewReader(data[11<<20:20<<20]))
	p.patch(t, bearer, path, 20<<20, bytes.NewReader(data[20<<20:]))
	if got := <-follow; got != string(data) {
		t.Errorf("who followed got %d bytes that are others", len(got))
	}
	files[path] = data
	for path, data := range files {
		p.wantBytes(t, bearer, path, data)
	}
	ended := p.create(t, bearer, 20<<20)
	p.patch(t, bearer, ended, 0, bytes.NewReader(data[:9<<20]))
	for _, gone := range []string{ended, path} { // one cancelled, one revoked
		response, answer := do(t, "DELETE", p.url+strings.Replace(gone, "/uploads/", "/v1/shares/", 1), nil, "Authorization", "Bearer "+bearer)
		if response.StatusCode != http.StatusNoContent {
			t.Fatalf("ending: %s %s", response.Status, answer)
		}
	}
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("stopping: %v", err)
	}
	verifyBucket(t, args)
}

// TestABucketThatIsNotThere: the server does not start, and says why.
func TestABucketThatIsNotThere(t *testing.T) {
	engine := enginetest.SharedS3(t)
	good := engine.URL(engine.Bucket(t))
	for name, c := range map[string]struct {
		url, key, want string
	}{
		"no bucket":      {engine.URL("nowhere-to-be-found"), enginetest.S3SecretKey, "there is no such bucket"},
		"a wrong key":    {good, "wrong", "Access Denied"},
		"no credentials": {good, "", "there are no credentials"},
		"no URL":         {"http://bucket", enginetest.S3SecretKey, "s3://BUCKET"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c0 := command("serve", "--dev", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--blobs", c.url)
			access := enginetest.S3AccessKey
			if c.key == "" {
				access = ""
			}
			c0.Env = append(c0.Env, "AWS_ACCESS_KEY_ID="+access, "AWS_SECRET_ACCESS_KEY="+c.key, "AWS_EC2_METADATA_DISABLED=true", "HOME="+t.TempDir())
			said, err := c0.CombinedOutput()
			if err == nil || !strings.Contains(string(said), c.want) {
				t.Errorf("it says %s, %v; want %q", said, err, c.want)
			}
			if strings.Contains(string(said), enginetest.S3SecretKey) {
				t.Error("it says the secret")
			}
		})
	}
}

// repeats returns how often requests to the bucket were made again, as metrics say it.
func (p *process) repeats(t *testing.T) string {
	t.Helper()
	_, text := do(t, "GET", p.url+"/metrics", nil)
	return strings.Join(regexp.MustCompile(`handout_bucket_repeats_total.*`).FindAllString(text, -1), "\n")
}

// TestAnOutageOfTheBucket: what is sent meanwhile waits, or is refused so that the client
// comes back; nothing is acknowledged that is not kept.
func TestAnOutageOfTheBucket(t *testing.T) {
	engine, err := enginetest.NewS3()
	if err != nil {
		t.Skip(err)
	}
	for _, pair := range enginetest.S3Env() {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	args := []string{"--dev", "--data", t.TempDir(), "--blobs", engine.URL(engine.Bucket(t)), "--bucket-patience", "2s"}
	p := serve(t, args...)
	bearer := p.guest(t)
	data := randomBytes(24<<20, 7)
	path := p.create(t, bearer, len(data))
	p.patch(t, bearer, path, 0, bytes.NewReader(data[:10<<20]))
	if err := engine.Kill(); err != nil {
		t.Fatal(err)
	}
	// It answers at last: the bytes cannot be kept.
	response := p.patch(t, bearer, path, 10<<20, bytes.NewReader(data[10<<20:12<<20]))
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("during the outage: %s", response.Status)
	}
	eventually(t, "it is not ready without its bucket", func() bool {
		ready, _ := do(t, "GET", p.url+"/readyz", nil)
		return ready.StatusCode == http.StatusServiceUnavailable
	})
	// One that is sent while it comes back waits and is kept.
	waiting := make(chan *http.Response, 1)
	go func() { waiting <- p.patch(t, bearer, path, 10<<20, bytes.NewReader(data[10<<20:])) }()
	before := p.repeats(t)
	eventually(t, "it is sent again", func() bool { return p.repeats(t) != before })
	if err := engine.Start(); err != nil {
		t.Fatal(err)
	}
	if response := <-waiting; response.StatusCode != http.StatusNoContent {
		t.Fatalf("after the outage: %s", response.Status)
	}
	p.wantBytes(t, bearer, path, data)
	p.end(t, syscall.SIGTERM)
	verifyBucket(t, args)
}

// TestLinksLeadToTheBucket: who comes with a ticket is sent to the one object that has the
// file, who has credentials is not, and none is where there is no one object.
func TestLinksLeadToTheBucket(t *testing.T) {
	p := serve(t, bucketArgs(t, t.TempDir(), "--download-redirect")...)
	bearer := p.guest(t)
	for _, size := range []int{1, 10 << 10, 3 << 20, 21 << 20} { // the last is joined first
		data := randomBytes(size, byte(size>>10))
		path := p.create(t, bearer, size)
		link := func() string {
			_, answer := do(t, "POST", p.url+strings.TrimSuffix(contentPath(path), "/content")+"/tickets", nil, "Authorization", "Bearer "+bearer)
			var ticket struct{ URL string }
			if err := json.Unmarshal([]byte(answer), &ticket); err != nil {
				t.Fatalf("a ticket: %s, %v", answer, err)
			}
			return ticket.URL
		}
		p.patch(t, bearer, path, 0, bytes.NewReader(data[:size/2]))
		p.patch(t, bearer, path, size/2, bytes.NewReader(data[size/2:]))
		p.wantBytes(t, bearer, path, data) // with credentials it comes from here
		var at string
		eventually(t, "a link leads elsewhere", func() bool {
			response, body := p.unfollowed(t, link())
			if at = response.Header.Get("Location"); at == "" && body != string(data) {
				t.Fatalf("a link that leads nowhere: %s", response.Status)
			}
			return response.StatusCode == http.StatusTemporaryRedirect
		})
		response, body := do(t, "GET", at, nil, "Range", "bytes=0-")
		if body != string(data) || response.Header.Get("Content-Disposition") == "" {
			t.Fatalf("%d bytes elsewhere: %s, %d bytes, %q", size, response.Status, len(body), response.Header)
		}
		ticket := link()
		do(t, "DELETE", p.url+strings.TrimSuffix(contentPath(path), "/content"), nil, "Authorization", "Bearer "+bearer)
		if response, _ := p.unfollowed(t, ticket); response.StatusCode != http.StatusGone {
			t.Errorf("a link to what was revoked: %s", response.Status)
		}
		eventually(t, "the bytes are gone", func() bool {
			response, _ := do(t, "GET", at, nil)
			return response.StatusCode == http.StatusNotFound
		})
	}
}

// unfollowed asks for a path and follows no redirect.
func (p *process) unfollowed(t *testing.T, link string) (*http.Response, string) {
	t.Helper()
	if strings.HasPrefix(link, "/") {
		link = p.url + link
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}
