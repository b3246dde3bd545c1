package enginetest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
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
func NewRedis() (_ *Redis, err error) {
	r := &Redis{}
	if r.program, err = installed("redis-server", func() (string, error) { return exec.LookPath("redis-server") }); err != nil {
		return nil, err
	}
	if r.dir, err = os.MkdirTemp("", "handout-redis-"); err != nil {
		return nil, err
	}
	atStop(r.close)
	if r.port, err = FreePort(); err != nil {
		return nil, err
	}
	return r, r.Start()
}

// Start starts the server again after Kill, on the same port. It knows nothing of what
// was before.
func (r *Redis) Start() (err error) {
	r.process, err = start(r.dir, nil, syscall.SIGTERM, r.ping, r.program, "--port", strconv.Itoa(r.port), "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--daemonize", "no")
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
func (r *Redis) URL() string { return "redis://" + r.Address() }

// Do sends a command, words without spaces, and returns the answer: a status or a
// number as it is, else the text of it.
func (r *Redis) Do(words ...string) (string, error) {
	connection, err := net.DialTimeout("tcp", r.Address(), time.Second)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(connection, "%s\r\n", strings.Join(words, " ")); err != nil {
		return "", err
	}
	answer := bufio.NewReader(connection)
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
