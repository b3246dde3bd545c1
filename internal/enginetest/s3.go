package enginetest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// The one account of an S3 server for tests.
const (
	S3AccessKey = "handouttestaccess"
	S3SecretKey = "handout-test-secret"
	S3Region    = "us-east-1"
)

// S3 is an S3 server.
type S3 struct {
	dir     string
	program string
	port    int
	process *process
	buckets atomic.Int64
}

var sharedS3 struct {
	once   sync.Once
	server *S3
	err    error
}

// SharedS3 returns the server that the tests of this process share, which it starts
// for the first of them. The test is skipped where it cannot be built.
func SharedS3(t testing.TB) *S3 {
	t.Helper()
	sharedS3.once.Do(func() { sharedS3.server, sharedS3.err = NewS3() })
	if errors.Is(sharedS3.err, errNoS3) {
		t.Skip(sharedS3.err)
	}
	if sharedS3.err != nil {
		t.Fatal(sharedS3.err)
	}
	return sharedS3.server
}

var errNoS3 = errors.New("the S3 server for tests cannot be built")

// NewS3 starts a server of its own, for who stops it or kills it. Stop stops it.
func NewS3() (_ *S3, err error) {
	s := &S3{}
	if s.program, err = versitygw(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "handout-s3-"); err != nil {
		return nil, err
	}
	atStop(s.close)
	if err := os.Mkdir(filepath.Join(s.dir, "objects"), 0o700); err != nil {
		return nil, err
	}
	if s.port, err = FreePort(); err != nil {
		return nil, err
	}
	return s, s.Start()
}

// Start starts the server again, on the same port and with the same objects.
func (s *S3) Start() (err error) {
	address := "127.0.0.1:" + strconv.Itoa(s.port)
	s.process, err = start(s.dir, nil, syscall.SIGTERM, func() error {
		connection, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return err
		}
		return connection.Close()
	}, "env", "AWS_ACCESS_KEY_ID="+S3AccessKey, "AWS_SECRET_ACCESS_KEY="+S3SecretKey, s.program, address, "objects")
	return err
}

// Kill ends the server at once; Start starts it again.
func (s *S3) Kill() error {
	process := s.process
	s.process = nil
	return process.kill()
}

// Pause has the server stand still until Resume: nobody is answered.
func (s *S3) Pause() { s.process.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (s *S3) Resume() { s.process.signal(syscall.SIGCONT) }

func (s *S3) close() error {
	var err error
	if s.process != nil {
		err = s.process.close()
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// Endpoint is the URL of the server.
func (s *S3) Endpoint() string { return "http://127.0.0.1:" + strconv.Itoa(s.port) }

// Bucket makes a bucket, which goes with the server, and returns its name.
func (s *S3) Bucket(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("bucket-%d", s.buckets.Add(1))
	if err := os.Mkdir(filepath.Join(s.dir, "objects", name), 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

// URL names a bucket to the server under test, with a prefix.
func (s *S3) URL(bucket string) string {
	return "s3://" + bucket + "/some/prefix?endpoint=" + s.Endpoint() + "&region=" + S3Region
}

// S3Env is what a process needs in its environment to use the server.
func S3Env() []string {
	return []string{"AWS_ACCESS_KEY_ID=" + S3AccessKey, "AWS_SECRET_ACCESS_KEY=" + S3SecretKey}
}

// versitygw returns the program, which is built once for each version of it.
func versitygw() (string, error) {
	root, err := ModuleRoot()
	if err != nil {
		return "", err
	}
	source := filepath.Join(root, "internal", "enginetest", "versitygw")
	sum := sha256.New()
	for _, file := range []string{"go.mod", "go.sum", "main.go"} {
		text, err := os.ReadFile(filepath.Join(source, file))
		if err != nil {
			return "", err
		}
		sum.Write(text)
	}
	dir := filepath.Join(root, "bin", "enginetest")
	program := filepath.Join(dir, "versitygw-"+hex.EncodeToString(sum.Sum(nil)[:6]))
	if exists(program) {
		return program, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	lock := flock.New(filepath.Join(dir, "versitygw.lock")) // tests of other packages want it too
	if err := lock.Lock(); err != nil {
		return "", err
	}
	defer lock.Unlock()
	if exists(program) {
		return program, nil
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program+".new", ".")
	build.Dir = source
	build.Env = append(os.Environ(), "GOFLAGS=-mod=readonly -buildvcs=false", "GOWORK=off")
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %v\n%s", errNoS3, err, strings.TrimSpace(string(said)))
	}
	return program, os.Rename(program+".new", program)
}
