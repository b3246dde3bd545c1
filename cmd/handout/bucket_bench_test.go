package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/faulttest"
)

// cost is what moving bytes has taken.
type cost struct {
	bytes    int64
	took     time.Duration
	cpu      time.Duration // of the process that is measured
	requests float64       // to the bucket
}

func (c *cost) report(b *testing.B, of string) {
	gib := float64(c.bytes) / (1 << 30)
	b.ReportMetric(float64(c.bytes)/1e6/c.took.Seconds(), of+"-MB/s")
	b.ReportMetric(c.cpu.Seconds()/gib, of+"-cpu-s/GiB")
	if c.requests > 0 {
		b.ReportMetric(c.requests/gib, of+"-requests/GiB")
	}
}

// add measures one more run of move.
func (c *cost) add(n int, cpu func() time.Duration, requests func() float64, move func()) {
	before, asked, began := cpu(), requests(), time.Now()
	move()
	c.took += time.Since(began)
	c.cpu += cpu() - before
	c.requests += requests() - asked
	c.bytes += int64(n)
}

// BenchmarkBucket moves files through a server to a bucket and back, and, in turns with
// that, the same bytes in objects of the size of a segment with the bare client library:
//
//	go test ./cmd/handout -run '^$' -bench Bucket -benchtime 8x
func BenchmarkBucket(b *testing.B) {
	const size = 128 << 20
	engine := enginetest.SharedS3(b)
	bucket := engine.Bucket(b)
	server := faulttest.Start(b, faulttest.Config{Path: os.Args[0], Env: append(enginetest.S3Env(), asProgram+"=1"),
		Args: []string{"--dev", "--data", b.TempDir(), "--blobs", engine.URL(bucket)}})
	at := newBenchedServer(b, server)
	bare, err := minio.NewCore(strings.TrimPrefix(engine.Endpoint(), "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(enginetest.S3AccessKey, enginetest.S3SecretKey, ""), Region: enginetest.S3Region,
	})
	if err != nil {
		b.Fatal(err)
	}
	data := randomBytes(size, 1)
	var up, down, put, get cost
	for b.Loop() {
		put.add(size, cpuOfSelf, none, func() { barePut(b, bare, bucket, data) })
		var path string
		up.add(size, at.cpu, at.requests, func() { path = at.upload(b, data) })
		get.add(size, cpuOfSelf, none, func() { bareGet(b, bare, bucket, size) })
		down.add(size, at.cpu, at.requests, func() { at.download(b, path, size) })
		at.ask(b, "DELETE", strings.Replace(path, "/uploads/", "/v1/shares/", 1), nil)
	}
	up.report(b, "upload")
	down.report(b, "download")
	put.report(b, "bare-put")
	get.report(b, "bare-get")
}

func none() float64 { return 0 }

const benchedObject = 8 << 20

func barePut(b *testing.B, client *minio.Core, bucket string, data []byte) {
	for i := 0; i < len(data); i += benchedObject {
		part := data[i : i+benchedObject]
		if _, err := client.PutObject(b.Context(), bucket, fmt.Sprint("bare/", i), bytes.NewReader(part), int64(len(part)), "", "", minio.PutObjectOptions{DisableContentSha256: true}); err != nil {
			b.Fatal(err)
		}
	}
}

func bareGet(b *testing.B, client *minio.Core, bucket string, size int) {
	for i := 0; i < size; i += benchedObject {
		body, _, _, err := client.GetObject(b.Context(), bucket, fmt.Sprint("bare/", i), minio.GetObjectOptions{})
		if err != nil {
			b.Fatal(err)
		}
		_, err = io.Copy(io.Discard, body)
		body.Close()
		if err != nil {
			b.Fatal(err)
		}
	}
}

// benchedServer is a server that is measured.
type benchedServer struct {
	url, bearer string
	pid         int
	tb          testing.TB
}

func newBenchedServer(b *testing.B, s *faulttest.Server) *benchedServer {
	at := &benchedServer{url: s.URL(), pid: s.PID(), tb: b}
	var reply struct{ Token string }
	answer := at.ask(b, "POST", "/api/join", strings.NewReader(`{"room": "test", "name": "Ana"}`))
	if err := json.NewDecoder(answer.Body).Decode(&reply); err != nil {
		b.Fatal(err)
	}
	answer.Body.Close()
	at.bearer = "Bearer " + reply.Token
	return at
}

func (s *benchedServer) ask(b testing.TB, method, path string, body io.Reader, header ...string) *http.Response {
	request, err := http.NewRequest(method, s.url+path, body)
	if err != nil {
		b.Fatal(err)
	}
	header = append(header, "Authorization", s.bearer, "Tus-Resumable", "1.0.0")
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	if response.StatusCode >= 300 {
		b.Fatalf("%s %s: %s", method, path, response.Status)
	}
	return response
}

func (s *benchedServer) upload(b testing.TB, data []byte) string {
	created := s.ask(b, "POST", "/uploads", nil, "Upload-Length", fmt.Sprint(len(data)))
	created.Body.Close()
	path := created.Header.Get("Location")
	s.ask(b, "PATCH", path, bytes.NewReader(data), "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream").Body.Close()
	return path
}

func (s *benchedServer) download(b testing.TB, path string, want int64) {
	response := s.ask(b, "GET", contentPath(path), nil)
	defer response.Body.Close()
	if n, err := io.Copy(io.Discard, response.Body); n != want || err != nil {
		b.Fatalf("%d bytes, %v", n, err)
	}
}

var bucketRequests = regexp.MustCompile(`(?m)^handout_bucket_requests_total\{.*\} (\d+)$`)

// requests returns how many the server has made to its bucket.
func (s *benchedServer) requests() (sum float64) {
	response := s.ask(s.tb, "GET", "/metrics", nil)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.tb.Fatal(err)
	}
	for _, match := range bucketRequests.FindAllStringSubmatch(string(text), -1) {
		n, _ := strconv.Atoi(match[1])
		sum += float64(n)
	}
	return sum
}

// cpu returns what the server's process has used.
func (s *benchedServer) cpu() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	if err != nil {
		s.tb.Skip("the system does not tell what a process uses")
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+2:]))
	user, _ := strconv.Atoi(fields[11]) // in hundredths of a second, by proc(5)
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

func cpuOfSelf() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
