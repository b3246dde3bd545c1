package enginetest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Redis is a Redis server that keeps nothing on the disk.
type Redis struct {
	program string
	dir     string
	port    int
	process *process
	secured *authority // nil: it does not speak TLS
	guarded bool       // it asks who comes, see redisUsers
	lines   []string   // of its configuration, beside what all have
	args    []string   // of the program
}

var sharedRedis struct {
	once  sync.Once
	redis *Redis
	err   error
}

// SharedRedis returns the server that the tests of this process share, which it starts
// for the first of them. They tell their messages apart by their rooms. The test is
// skipped where there is no Redis.
func SharedRedis(t testing.TB) *Redis {
	t.Helper()
	sharedRedis.once.Do(func() { sharedRedis.redis, sharedRedis.err = NewRedis() })
	return redisOr(t, sharedRedis.redis, sharedRedis.err)
}

// OwnRedis returns a server of the test's own, which it may kill and pause.
func OwnRedis(t testing.TB) *Redis {
	t.Helper()
	r, err := NewRedis()
	return redisOr(t, r, err)
}

func redisOr(t testing.TB, r *Redis, err error) *Redis {
	t.Helper()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skipf("Redis is missing: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// NewRedis starts a server of its own. Stop stops it. Without Redis it is
// exec.ErrNotFound.
func NewRedis() (*Redis, error) {
	r := &Redis{}
	if err := r.prepare(); err != nil {
		return nil, err
	}
	return r, r.Start()
}

// prepare finds the program, a directory and a port.
func (r *Redis) prepare() (err error) {
	if r.program, err = installed("redis-server", func() (string, error) { return exec.LookPath("redis-server") }); err != nil {
		return err
	}
	if r.dir, err = os.MkdirTemp("", "handout-redis-"); err != nil {
		return err
	}
	atStop(r.close)
	r.port, err = FreePort()
	return err
}

// Start starts the server again after Kill, on the same port. It knows nothing of what
// was before.
func (r *Redis) Start() (err error) {
	lines := []string{"bind 127.0.0.1", `save ""`, "appendonly no", "daemonize no"}
	if r.secured == nil {
		lines = append(lines, "port "+strconv.Itoa(r.port))
	} else {
		lines = append(lines, "port 0", "tls-port "+strconv.Itoa(r.port), "tls-cert-file server.crt", "tls-key-file server.key",
			"tls-ca-cert-file "+r.secured.root, "tls-auth-clients no", "tls-replication yes", "tls-cluster yes")
	}
	file := filepath.Join(r.dir, "redis.conf")
	if err := os.WriteFile(file, []byte(strings.Join(append(lines, r.lines...), "\n")+"\n"), 0o600); err != nil {
		return err
	}
	r.process, err = start(r.dir, nil, syscall.SIGTERM, r.ping, append([]string{r.program, file}, r.args...)...)
	return err
}

func (r *Redis) ping() error {
	_, err := r.Do("PING")
	return err
}

// Kill ends the server as a fault would. Start starts it again.
func (r *Redis) Kill() error {
	killed := r.process
	r.process = nil
	return killed.kill()
}

// Pause has the server do nothing until Resume: who asks it waits.
func (r *Redis) Pause() { r.process.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (r *Redis) Resume() { r.process.signal(syscall.SIGCONT) }

// Address is where the server listens.
func (r *Redis) Address() string { return "127.0.0.1:" + strconv.Itoa(r.port) }

// URL names the server.
func (r *Redis) URL() string {
	scheme := "redis"
	if r.secured != nil {
		scheme = "rediss"
	}
	return scheme + "://" + r.userInfo() + r.Address()
}

// Do sends a command, words without spaces, and returns the answer: a status or a
// number as it is, else the text of it.
func (r *Redis) Do(words ...string) (string, error) {
	connection, err := r.dial()
	if err != nil {
		return "", err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	answer := bufio.NewReader(connection)
	if r.guarded {
		if _, err := ask(connection, answer, "AUTH", redisAdmin, redisAdminPassword); err != nil {
			return "", err
		}
	}
	return ask(connection, answer, words...)
}

func (r *Redis) dial() (net.Conn, error) {
	dialer := &net.Dialer{Timeout: time.Second}
	if r.secured != nil {
		return tls.DialWithDialer(dialer, "tcp", r.Address(), &tls.Config{RootCAs: r.secured.pool})
	}
	return dialer.Dial("tcp", r.Address())
}

// ask sends a command and reads its answer.
func ask(connection net.Conn, answer *bufio.Reader, words ...string) (string, error) {
	if _, err := fmt.Fprintf(connection, "%s\r\n", strings.Join(words, " ")); err != nil {
		return "", err
	}
	head, err := answer.ReadString('\n')
	if err != nil {
		return "", err
	}
	head = strings.TrimSpace(head)
	switch {
	case strings.HasPrefix(head, "-"):
		return "", errors.New(head[1:])
	case strings.HasPrefix(head, "$"):
		n, err := strconv.Atoi(head[1:])
		if err != nil || n < 0 {
			return "", err
		}
		text := make([]byte, n)
		_, err = io.ReadFull(answer, text)
		return string(text), err
	}
	return head[1:], nil
}

func (r *Redis) close() error {
	if r.process == nil {
		return os.RemoveAll(r.dir)
	}
	return errors.Join(r.process.close(), os.RemoveAll(r.dir))
}
