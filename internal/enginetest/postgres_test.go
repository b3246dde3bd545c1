package enginetest

import (
	"database/sql"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(Exit)) }

// TestPostgresKeepsWhatItSaid: a database is a copy of its template, and what is
// committed is there after the server was killed.
func TestPostgresKeepsWhatItSaid(t *testing.T) {
	p := SharedPostgres(t)
	made := 0
	like := func() *sql.DB {
		db, err := sql.Open("pgx", p.DatabaseLike(t, "one", func(url string) error {
			made++
			db, err := sql.Open("pgx", url)
			if err != nil {
				return err
			}
			defer db.Close()
			_, err = db.Exec("CREATE TABLE things (n BIGINT)")
			return err
		}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	}
	first, second := like(), like()
	if _, err := first.Exec("INSERT INTO things VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := first.Ping(); err == nil {
		t.Error("it answers after it was killed")
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	for db, want := range map[*sql.DB]int{first: 1, second: 0} {
		var n int
		if err := db.QueryRow("SELECT COUNT(*) FROM things").Scan(&n); err != nil || n != want {
			t.Errorf("%d rows, want %d: %v", n, want, err)
		}
	}
	if made != 1 {
		t.Errorf("the template was made %d times", made)
	}
}

// TestStopLeavesNothing: no process and no file.
func TestStopLeavesNothing(t *testing.T) {
	p := SharedPostgres(t)
	own, err := NewPostgres()
	if err != nil {
		t.Fatal(err)
	}
	started.mu.Lock()
	started.all = started.all[:len(started.all)-1] // this test stops it
	started.mu.Unlock()
	if own.Address() == p.Address() {
		t.Error("two servers at one address")
	}
	if err := own.close(); err != nil {
		t.Fatal(err)
	}
	if own.ping() == nil {
		t.Error("it answers after it was stopped")
	}
	if _, err := os.Stat(own.dir); !os.IsNotExist(err) {
		t.Errorf("its directory is there: %v", err)
	}
}
