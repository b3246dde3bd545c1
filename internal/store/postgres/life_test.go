package postgres

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/store"
)

// crashing is a server that crashes within a change, whose number others get then.
type crashing struct {
	t      *testing.T
	own    *enginetest.Postgres
	others *sql.DB // of a role that may do everything
}

// TestAnothersCommitIsNotOurs: what was being committed when the server crashed is not
// said to be made because another transaction has got its number since and was
// committed. What is lost in the new life is found out again. The role is an ordinary
// one.
func TestAnothersCommitIsNotOurs(t *testing.T) {
	t.Parallel()
	own := enginetest.Started(t, enginetest.NewPostgres)
	url := own.Database(t)
	others, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	c := &crashing{t: t, own: own, others: others}
	defer c.others.Close()
	for _, statement := range []string{
		`CREATE ROLE ordinary LOGIN`, `GRANT ALL ON SCHEMA public TO ordinary`,
		`ALTER SYSTEM SET wal_writer_delay = '10s'`, // or the number would be on the disk before the crash
		`SELECT pg_reload_conf()`,
	} {
		if _, err := c.others.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	url, way := broke(t, strings.Replace(url, "handout@", "ordinary@", 1), own.Address(), false)
	e, err := open(t.Context(), url, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, how := range []struct {
		name  string
		crash func(process int) error
	}{
		{"the server", func(int) error { return errors.Join(own.Kill(), own.Start()) }},
		{"one of its processes", c.kill},
	} {
		c.change(e, how.name, how.crash)
		way.armed.Store(true)
		if err := e.repeat(t.Context(), beginning(nil), count("settled "+how.name)); err != nil || way.armed.Load() {
			t.Errorf("%s: a commit whose answer was lost in the new life: %v", how.name, err)
		}
	}
}

// count returns a change that makes a counter of that name, which there must not be.
func count(name string) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO counters (name, value) VALUES ($1, 1)`, name)
		return err
	}
}

// change makes a change that is lost in a crash before it is committed, while its
// number is another's when it is.
func (c *crashing) change(e *engine, name string, crash func(process int) error) {
	c.t.Helper()
	calls, given := 0, false
	err := e.repeat(c.t.Context(), beginning(nil), func(ctx context.Context, tx *sql.Tx) error {
		calls++
		if given {
			return nil // it was made again, which is told below
		}
		var id uint64
		var process int
		if err := errors.Join(count(name)(ctx, tx), tx.QueryRow(`SELECT pg_current_xact_id()::text, pg_backend_pid()`).Scan(&id, &process), crash(process)); err != nil {
			return err
		}
		given = c.given(id)
		if !given {
			calls = 0 // the number was on the disk, and so it is made again
		}
		return nil
	})
	if !given {
		c.t.Fatalf("%s: nobody got the number, so this proves nothing: %v", name, err)
	}
	if !errors.Is(err, store.ErrUnknown) || calls != 1 {
		c.t.Errorf("%s: it was made %d times, and says %v", name, calls, err)
	}
	var there int
	if err := c.others.QueryRow(`SELECT COUNT(*) FROM counters WHERE name = $1`, name).Scan(&there); err != nil || there != 0 {
		c.t.Errorf("%s: what was lost is there %d times: %v", name, there, err)
	}
}

// given has others use up numbers up to id, and reports whether that is committed.
func (c *crashing) given(id uint64) bool {
	for {
		var now uint64
		err := c.others.QueryRow(`SELECT pg_current_xact_id()::text`).Scan(&now)
		if err == nil && now >= id {
			break
		}
		if err != nil && c.t.Context().Err() != nil {
			c.t.Fatal(err)
		}
	}
	var state string
	if err := c.others.QueryRow(`SELECT pg_xact_status(CAST($1 AS xid8))`, id).Scan(&state); err != nil {
		c.t.Fatal(err)
	}
	return state == "committed"
}

// kill kills one process, which has the server end all others and recover, and waits
// until it has.
func (c *crashing) kill(process int) error {
	witness, err := c.others.Conn(c.t.Context())
	if err != nil {
		return err
	}
	defer witness.Close()
	if err := syscall.Kill(process, syscall.SIGKILL); err != nil {
		return err
	}
	for witness.PingContext(c.t.Context()) == nil {
		time.Sleep(time.Millisecond)
	}
	for c.others.PingContext(c.t.Context()) != nil {
		if err := c.t.Context().Err(); err != nil {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}
