package postgres

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/storetest"
	"github.com/handout-rtc/handout/protocol"
)

// The ways to a database of docs/operations.md.

// TestTheOneThatTakesWrites: a URL may say which of several databases is meant, in every
// way that means the one that takes writes, and in no other.
func TestTheOneThatTakesWrites(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	address := enginetest.SharedPostgres(t).Address()
	two := strings.Replace(url, address, "127.0.0.1:1,"+address, 1)
	for name, at := range map[string]string{
		"one, read-write": url + "?target_session_attrs=read-write", "one, primary": url + "?target_session_attrs=primary",
		"two": two, "two, read-write": two + "?target_session_attrs=read-write",
	} {
		db, err := Open(t.Context(), at, Config{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		err = db.CreateRoom(t.Context(), store.Room{ID: protocol.NewRoomID(), App: "app", CreatedAt: time.Now()}, 100)
		_, reading := db.Rooms(t.Context(), "app")
		if err := errors.Join(err, reading, db.Close()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, attrs := range []string{"standby", "read-only", "prefer-standby"} {
		if _, err := Open(t.Context(), two+"?target_session_attrs="+attrs, Config{}); err == nil || !strings.Contains(err.Error(), "must be read-write") {
			t.Errorf("%s: %v", attrs, err)
		}
	}
}

// long skips a test that takes too long for each change.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("HANDOUT_LONG") == "" {
		t.Skip("HANDOUT_LONG=1 runs it")
	}
}

// TestOverTLS: with a root of one's own, and with nothing less than what verify-full
// asks for. No error tells the password.
func TestOverTLS(t *testing.T) {
	long(t)
	own := enginetest.Started(t, enginetest.NewPostgresTLS)
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(t.TempDir(), "foreign.pem")
	if err := os.WriteFile(foreign, []byte("-----BEGIN CERTIFICATE-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	url := own.SecureDatabase(t)
	storetest.Reopen(t, func(t testing.TB) *store.DB {
		return opened(t, url+"?sslmode=verify-full&sslrootcert="+root, Config{})
	})
	for name, c := range map[string]struct{ url, want string }{
		"by its name":        {strings.Replace(url, "127.0.0.1", "localhost", 1) + "?sslmode=verify-full&sslrootcert=" + root, ""},
		"encrypted alone":    {url + "?sslmode=require", ""},
		"as it is by itself": {url, ""},
		"an address that is not in the certificate": {strings.Replace(url, "127.0.0.1", "127.0.0.2", 1) + "?sslmode=verify-full&sslrootcert=" + root, "certificate"},
		"without TLS":              {url + "?sslmode=disable", "rejects"},
		"a root that is not there": {url + "?sslmode=verify-full&sslrootcert=" + foreign + "x", "no such file"},
		"a root that is none":      {url + "?sslmode=verify-full&sslrootcert=" + foreign, "URL of the store"},
		"another password":         {strings.Replace(url, enginetest.SecurePassword, enginetest.SecurePassword+"x", 1), "password authentication failed"},
	} {
		db, err := Open(t.Context(), c.url, Config{Connections: 2})
		switch {
		case err == nil && c.want != "":
			t.Errorf("%s: it is opened", name)
		case err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)), err != nil && strings.Contains(err.Error(), enginetest.SecurePassword):
			t.Errorf("%s: %v", name, err)
		}
		if db != nil {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// startupParameters are what a connection asks for at its start that a pooler does not
// know by itself.
func startupParameters(t *testing.T) []string {
	t.Helper()
	settings, err := parse("postgres://handout@127.0.0.1/db")
	if err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(settings.RuntimeParams))
	names = slices.DeleteFunc(names, func(name string) bool { return name == "application_name" })
	names = append(names, "default_transaction_read_only")
	docs, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.Contains(string(docs), name) {
			t.Errorf("docs/operations.md does not say that a pooler must let %s through", name)
		}
	}
	return names
}

// TestThroughPgBouncer: in each of its modes, with fewer connections than clients in
// that of transactions.
func TestThroughPgBouncer(t *testing.T) {
	ignored := startupParameters(t)
	postgres := enginetest.SharedPostgres(t)
	for name, c := range map[string]struct {
		mode, options string
		connections   int
		prepared      bool // statements are, which takes 1.21
	}{
		"sessions":                           {"session", "", 100, false},
		"transactions":                       {"transaction", "", 5, true},
		"transactions, and nothing prepared": {"transaction", "?default_query_exec_mode=exec", 5, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := enginetest.NewPgBouncer(t, postgres, c.mode, c.connections, ignored)
			if c.prepared && !b.Prepared {
				t.Skip("this PgBouncer is older than 1.21, which transaction mode needs")
			}
			through := func(url string) string { return b.Through(url) + c.options }
			startTogether(t, through(postgres.Database(t)))
			if os.Getenv("HANDOUT_LONG") == "" {
				url := through(migrated(t))
				storetest.Reopen(t, func(t testing.TB) *store.DB { return opened(t, url, Config{}) })
				return
			}
			storetest.Run(t, func(t testing.TB) *store.DB { return opened(t, through(migrated(t)), Config{}) })
			storetest.RunNodes(t, func(t testing.TB) []*store.DB {
				url, all := through(migrated(t)), make([]*store.DB, 3)
				for i := range all {
					all[i] = opened(t, url, Config{Connections: 6})
				}
				return all
			})
		})
	}
}

// TestAStandbyTakesOver while changes are made: what was said to be made is there, and
// changes go on at the standby.
func TestAStandbyTakesOver(t *testing.T) {
	long(t)
	primary := enginetest.Started(t, enginetest.NewPostgres)
	standby, err := primary.Standby()
	if err != nil {
		t.Fatal(err)
	}
	url := strings.Replace(primary.URL("postgres"), primary.Address(), primary.Address()+","+standby.Address(), 1)
	nodes := []*store.DB{opened(t, url, Config{}), opened(t, url, Config{})}
	var made, refused sync.Map
	var done atomic.Bool
	var again atomic.Int64
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			for !done.Load() {
				id := protocol.NewRoomID()
				err := nodes[i%2].CreateRoom(t.Context(), store.Room{ID: id, App: "app", CreatedAt: time.Now()}, 1<<30)
				switch {
				case err == nil:
					made.Store(id, true)
					again.Add(1)
				case errors.Is(err, store.ErrUnknown):
				case errors.Is(err, store.ErrAway):
					refused.Store(id, true)
				default:
					t.Errorf("it says %v", err)
				}
			}
		})
	}
	wait := func() {
		for again.Store(0); again.Load() < 50; {
			time.Sleep(time.Millisecond)
		}
	}
	wait()
	if err := errors.Join(primary.Kill(), standby.Promote()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	wait()
	t.Logf("50 changes were made %v after the standby was promoted", time.Since(began))
	done.Store(true)
	writers.Wait()
	wantOutcomes(t, nodes[0], &made, &refused)
}
