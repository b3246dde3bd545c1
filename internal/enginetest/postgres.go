package enginetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Postgres is a PostgreSQL server. It syncs, as one that is used does.
type Postgres struct {
	dir     string
	bin     string
	more    []string // arguments
	port    int
	as      *syscall.Credential
	process *process

	databases atomic.Int64
	templates sync.Map // of databases, by what they are called: *template
}

type template struct {
	once sync.Once
	name string
	err  error

	mu   sync.Mutex
	free []string // guarded by mu: databases that are as the template is
}

var shared struct {
	once     sync.Once
	postgres *Postgres
	err      error
}

// SharedPostgres returns the server that the tests of this process share, which it
// starts for the first of them. The test is skipped where there is no PostgreSQL.
func SharedPostgres(t testing.TB) *Postgres {
	t.Helper()
	shared.once.Do(func() { shared.postgres, shared.err = NewPostgres() })
	return Started(t, func() (*Postgres, error) { return shared.postgres, shared.err })
}

// Started returns the server that start starts. Where its program is missing the test
// is skipped.
func Started[T any](t testing.TB, start func() (T, error)) T {
	t.Helper()
	server, err := start()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skipf("a server is missing: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// NewPostgres starts a server of its own, for who stops it or kills it. Stop stops
// it. Without PostgreSQL it is exec.ErrNotFound.
func NewPostgres() (*Postgres, error) { return newPostgres(nil) }

// newPostgres is NewPostgres with something to be done before the first start.
func newPostgres(before func(*Postgres) error) (_ *Postgres, err error) {
	p := &Postgres{}
	initdb, err := installed("postgresql", func() (string, error) { return postgresProgram("initdb") })
	if err != nil {
		return nil, err
	}
	p.bin = filepath.Dir(initdb)
	if p.as, err = nobodyPowerful(); err != nil {
		return nil, err
	}
	if err := p.makeDir(); err != nil {
		return nil, err
	}
	// Its own syncs are left out: what it makes is not kept longer than the tests.
	command := exec.Command(initdb, "--pgdata=data", "--username=handout", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
	command.Dir, command.SysProcAttr = p.dir, &syscall.SysProcAttr{Credential: p.as}
	if said, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("making a database cluster: %w\n%s", err, said)
	}
	if before != nil {
		if err := before(p); err != nil {
			return nil, err
		}
	}
	if p.port, err = FreePort(); err != nil {
		return nil, err
	}
	return p, p.Start()
}

// makeDir makes the directory of a server, which goes when Stop stops it.
func (p *Postgres) makeDir() (err error) {
	if p.dir, err = os.MkdirTemp("", "handout-postgres-"); err != nil {
		return err
	}
	atStop(p.close)
	if p.as == nil {
		return nil
	}
	return os.Chown(p.dir, int(p.as.Uid), int(p.as.Gid))
}

// postgresProgram looks for one of PostgreSQL's programs, in PATH and where Debian
// has it, the newest version first.
func postgresProgram(name string) (string, error) {
	if program, err := exec.LookPath(name); err == nil {
		return program, nil
	}
	all, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(all) == 0 {
		return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
	}
	return slices.MaxFunc(all, func(a, b string) int { return version(a) - version(b) }), nil
}

func version(program string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(program))))
	return n
}

// nobodyPowerful is whom PostgreSQL runs as where the tests run as root, which it
// refuses; else nil.
func nobodyPowerful() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	other, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(other.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(other.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// Start starts the server again after Kill, on the same port with what it kept.
func (p *Postgres) Start() (err error) {
	port := strconv.Itoa(p.port)
	p.process, err = start(p.dir, p.as, syscall.SIGINT, p.ping, append([]string{filepath.Join(p.bin, "postgres"), "-D", "data", "-p", port,
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=300", "-c", "shared_buffers=64MB", "-c", "fsync=on"}, p.more...)...)
	return err
}

// Kill ends the server as a fault would. Start starts it again.
func (p *Postgres) Kill() error {
	killed := p.process
	p.process = nil
	return killed.kill()
}

// Pause has the server do nothing until Resume: who asks it waits.
func (p *Postgres) Pause() { p.process.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (p *Postgres) Resume() { p.process.signal(syscall.SIGCONT) }

// Address is where the server listens.
func (p *Postgres) Address() string { return "127.0.0.1:" + strconv.Itoa(p.port) }

// URL names a database of the server.
func (p *Postgres) URL(database string) string {
	return "postgres://handout@" + p.Address() + "/" + database
}

// Database returns the URL of a new, empty database.
func (p *Postgres) Database(t testing.TB) string {
	t.Helper()
	return p.database(t, "template0")
}

// EnglishDatabase is Database for one that orders texts as English does.
func (p *Postgres) EnglishDatabase(t testing.TB) string {
	t.Helper()
	return p.database(t, "template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'")
}

func (p *Postgres) database(t testing.TB, from string) string {
	t.Helper()
	database, err := p.create(from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.execute("postgres", "DROP DATABASE IF EXISTS "+database+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return p.URL(database)
}

// DatabaseLike returns the URL of a new database that is a copy of one that fill has
// filled, once for all that name it so. Nothing of fill may be connected to it any
// more when it returns. A test that changes the schema asks for a Database instead:
// to make one costs more than most tests, so one that a test is done with gets its
// first rows back, and is given to the next.
func (p *Postgres) DatabaseLike(t testing.TB, name string, fill func(url string) error) string {
	t.Helper()
	made, _ := p.templates.LoadOrStore(name, &template{})
	like := made.(*template)
	like.once.Do(func() {
		if like.name, like.err = p.create("template0"); like.err == nil {
			like.err = fill(p.URL(like.name))
		}
		if like.err == nil {
			like.err = p.execute(like.name, remember)
		}
	})
	if like.err != nil {
		t.Fatal(like.err)
	}
	database := like.take()
	if database == "" {
		var err error
		if database, err = p.create(like.name); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := p.execute(database, restore); err != nil {
			t.Error(err)
			return
		}
		like.give(database)
	})
	return p.URL(database)
}

// take returns a database that nobody uses, "" if there is none.
func (t *template) take() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.free) == 0 {
		return ""
	}
	last := t.free[len(t.free)-1]
	t.free = t.free[:len(t.free)-1]
	return last
}

func (t *template) give(database string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free = append(t.free, database)
}

const (
	// remember copies every table.
	remember = `DO $$ DECLARE t TEXT; BEGIN
		CREATE SCHEMA first;
		FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
			EXECUTE format('CREATE TABLE first.%I AS TABLE public.%I', t, t);
		END LOOP; END $$`
	// restore gives every table the rows that were copied. Connections that rest, as
	// those of a pooler do, hold nothing.
	restore = `DO $$ DECLARE t TEXT; BEGIN
		PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state IS DISTINCT FROM 'idle';
		SET LOCAL session_replication_role = replica;
		FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
			EXECUTE format('DELETE FROM public.%I', t);
			EXECUTE format('INSERT INTO public.%I SELECT * FROM first.%I', t, t);
		END LOOP; END $$`
)

func (p *Postgres) create(from string) (string, error) {
	name := "test" + strconv.FormatInt(p.databases.Add(1), 10)
	return name, p.execute("postgres", "CREATE DATABASE "+name+" TEMPLATE "+from)
}

// execute runs a statement in a database.
func (p *Postgres) execute(database, statement string) error {
	db, err := sql.Open("pgx", p.URL(database))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

func (p *Postgres) ping() error {
	db, err := sql.Open("pgx", p.URL("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	return db.PingContext(context.Background())
}

func (p *Postgres) close() error {
	var err error
	if p.process != nil {
		err = p.process.close()
	}
	return errors.Join(err, os.RemoveAll(p.dir))
}
