package enginetest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// PgBouncer is a pooler before a PostgreSQL server.
type PgBouncer struct {
	// Prepared reports whether it keeps prepared statements apart in transaction mode,
	// as it does from 1.21.
	Prepared bool

	dir     string
	before  *Postgres
	port    int
	process *process
}

// pgBouncerVariable names a PgBouncer that is to be used in place of Debian's.
const pgBouncerVariable = "HANDOUT_TEST_PGBOUNCER"

// NewPgBouncer starts a pooler before the server, in the mode "session" or
// "transaction" with so many connections to each database, which lets clients send
// what is to be ignored. Stop stops it. The test is skipped where there is none.
func NewPgBouncer(t testing.TB, before *Postgres, mode string, connections int, ignore []string) *PgBouncer {
	t.Helper()
	b := &PgBouncer{before: before}
	err := b.start(mode, connections, ignore)
	if errors.Is(err, exec.ErrNotFound) {
		t.Skipf("PgBouncer is missing: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *PgBouncer) start(mode string, connections int, ignore []string) error {
	program, err := installed("pgbouncer", func() (string, error) {
		if own := os.Getenv(pgBouncerVariable); own != "" {
			return own, nil
		}
		if program, err := exec.LookPath("pgbouncer"); err == nil {
			return program, nil
		}
		return exec.LookPath("/usr/sbin/pgbouncer")
	})
	if err != nil {
		return err
	}
	if b.Prepared, err = keepsPrepared(program); err != nil {
		return err
	}
	as, err := nobodyPowerful() // it does not run as root either
	if err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "handout-pgbouncer-"); err != nil {
		return err
	}
	atStop(b.close)
	if as != nil {
		if err := os.Chown(b.dir, int(as.Uid), int(as.Gid)); err != nil {
			return err
		}
	}
	if b.port, err = FreePort(); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(b.before.Address())
	if err != nil {
		return err
	}
	lines := []string{
		"[databases]", "* = host=" + host + " port=" + port,
		"[pgbouncer]", "listen_addr = 127.0.0.1", "listen_port = " + strconv.Itoa(b.port), "unix_socket_dir =",
		"auth_type = trust", "auth_file = users", "pool_mode = " + mode, "default_pool_size = " + strconv.Itoa(connections),
		"ignore_startup_parameters = " + strings.Join(ignore, ","), "server_idle_timeout = 2",
	}
	if b.Prepared {
		lines = append(lines, "max_prepared_statements = 200")
	}
	for name, text := range map[string]string{"pgbouncer.ini": strings.Join(lines, "\n") + "\n", "users": `"handout" ""` + "\n"} {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	b.process, err = start(b.dir, as, syscall.SIGTERM, func() error {
		connection, err := net.DialTimeout("tcp", b.address(), time.Second)
		if err != nil {
			return err
		}
		return connection.Close()
	}, program, "pgbouncer.ini")
	return err
}

var pgBouncerVersion = regexp.MustCompile(`PgBouncer (\d+)\.(\d+)`)

func keepsPrepared(program string) (bool, error) {
	said, err := exec.Command(program, "--version").Output()
	found := pgBouncerVersion.FindStringSubmatch(string(said))
	if err != nil || found == nil {
		return false, fmt.Errorf("%s says that it is %q: %w", program, said, err)
	}
	major, _ := strconv.Atoi(found[1])
	minor, _ := strconv.Atoi(found[2])
	return major > 1 || minor >= 21, nil
}

func (b *PgBouncer) address() string { return "127.0.0.1:" + strconv.Itoa(b.port) }

// Through returns the URL of a database of the server by way of the pooler.
func (b *PgBouncer) Through(url string) string {
	return strings.Replace(url, b.before.Address(), b.address(), 1)
}

func (b *PgBouncer) close() error {
	var err error
	if b.process != nil {
		err = b.process.close()
	}
	return errors.Join(err, os.RemoveAll(b.dir))
}
