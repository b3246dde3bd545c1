package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// breaking is a way to the database that breaks when a commit is on it.
type breaking struct {
	listener net.Listener
	to       string
	// before has the commit not arrive; else its answer does not.
	before bool
	// forGood: there is no way from then on.
	forGood bool
	armed   atomic.Bool
	broken  atomic.Int64
	group   sync.WaitGroup
}

// commitMessage is what the engine sends to commit.
var commitMessage = append([]byte{'Q', 0, 0, 0, 11}, "commit\x00"...)

// broke returns the URL of a database at an address by a way that breaks once it is
// armed.
func broke(t *testing.T, url, address string, before bool) (string, *breaking) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &breaking{listener: listener, to: address, before: before}
	b.group.Go(b.run)
	t.Cleanup(func() {
		listener.Close()
		b.group.Wait()
	})
	return strings.Replace(url, address, listener.Addr().String(), 1), b
}

func (b *breaking) run() {
	for {
		from, err := b.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", b.to)
		if err != nil {
			from.Close()
			continue
		}
		var cut atomic.Bool
		b.group.Go(func() { b.carry(from, to, &cut) })
		b.group.Go(func() {
			io.Copy(quiet{from, &cut}, to) // until one of them closes
			from.Close()
			to.Close()
		})
	}
}

// carry carries what the client sends.
func (b *breaking) carry(from, to net.Conn, cut *atomic.Bool) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if bytes.Contains(buffer[:n], commitMessage) && b.armed.CompareAndSwap(true, false) {
			if b.forGood {
				b.listener.Close()
			}
			b.broken.Add(1)
			if b.before {
				return
			}
			cut.Store(true) // before the answer can come
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// quiet ends the way where something would be answered on it.
type quiet struct {
	net.Conn
	cut *atomic.Bool
}

func (q quiet) Write(text []byte) (int, error) {
	if q.cut.Load() {
		return 0, io.ErrClosedPipe
	}
	return q.Conn.Write(text)
}

// TestALostCommitIsFoundOut: a change is made, once, and its caller hears so, whether
// its commit or the answer to it was lost.
func TestALostCommitIsFoundOut(t *testing.T) {
	for name, before := range map[string]bool{"the commit": true, "its answer": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, way := broke(t, migrated(t), enginetest.SharedPostgres(t).Address(), before)
			var count tally
			db := opened(t, url, Config{Observer: &count})
			now := time.Now()
			rooms := 0
			for range 10 {
				way.armed.Store(true)
				if err := db.CreateRoom(t.Context(), store.Room{ID: protocol.NewRoomID(), App: "app", CreatedAt: now}, 100); err != nil {
					t.Fatal(err)
				}
				rooms++
			}
			there, err := db.Rooms(t.Context(), "app")
			if err != nil || len(there) != rooms {
				t.Errorf("%d rooms were made, %d are there: %v", rooms, len(there), err)
			}
			if way.broken.Load() != 10 {
				t.Errorf("%d commits were lost", way.broken.Load())
			}
			want := int64(0)
			if before {
				want = 10
			}
			if count.repeated.Load() != want {
				t.Errorf("%d changes were made again, want %d", count.repeated.Load(), want)
			}
		})
	}
}

// TestAChangeThatNobodyKnowsOf: without the database nobody can say what became of a
// change, and the error says that.
func TestAChangeThatNobodyKnowsOf(t *testing.T) {
	t.Parallel()
	url, way := broke(t, migrated(t), enginetest.SharedPostgres(t).Address(), false)
	way.forGood = true
	e, err := open(t.Context(), url, Config{})
	if err != nil {
		t.Fatal(err)
	}
	way.armed.Store(true)
	closed := make(chan error)
	go func() {
		for way.broken.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		closed <- e.Close() // or it would ask for longer
	}()
	err = store.New(e).CreateRoom(t.Context(), store.Room{ID: protocol.NewRoomID(), App: "app", CreatedAt: time.Now()}, 100)
	if !errors.Is(err, store.ErrUnknown) || protocol.CodeOf(err) != protocol.CodeUnavailable {
		t.Errorf("it says %v", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// TestTheDatabaseIsKilled while changes are made: what was said to be made is there,
// what was refused is not, and changes go on when it is back.
func TestTheDatabaseIsKilled(t *testing.T) {
	t.Parallel()
	own := enginetest.Started(t, enginetest.NewPostgres)
	db := opened(t, own.Database(t), Config{})
	var made, refused, unknown sync.Map
	var done atomic.Bool
	var writers sync.WaitGroup
	var again atomic.Int64 // changes since it is back
	for range 8 {
		writers.Go(func() {
			for !done.Load() {
				id := protocol.NewRoomID()
				err := db.CreateRoom(context.Background(), store.Room{ID: id, App: "app", CreatedAt: time.Now()}, 1<<30)
				switch {
				case err == nil:
					made.Store(id, true)
					again.Add(1)
				case errors.Is(err, store.ErrUnknown):
					unknown.Store(id, true)
				case errors.Is(err, store.ErrAway) && protocol.CodeOf(err) == protocol.CodeUnavailable:
					refused.Store(id, true)
				default:
					t.Errorf("it says %v", err)
				}
			}
		})
	}
	for range 3 {
		for again.Store(0); again.Load() < 20; {
			time.Sleep(time.Millisecond)
		}
		if err := errors.Join(own.Kill(), own.Start()); err != nil {
			t.Fatal(err)
		}
	}
	for again.Store(0); again.Load() < 20; {
		time.Sleep(time.Millisecond)
	}
	done.Store(true)
	writers.Wait()
	wantOutcomes(t, db, &made, &refused)
}

// wantOutcomes looks whether the rooms that were said to be made are there, and those
// whose making was refused are not.
func wantOutcomes(t *testing.T, db *store.DB, made, refused *sync.Map) {
	t.Helper()
	rooms, err := db.Rooms(t.Context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	there := make(map[protocol.RoomID]bool)
	for _, room := range rooms {
		there[room.ID] = true
		if _, was := refused.Load(room.ID); was {
			t.Errorf("%s was refused, and is there", room.ID)
		}
	}
	made.Range(func(id, _ any) bool {
		if !there[id.(protocol.RoomID)] {
			t.Errorf("%s was made, and is not there", id)
		}
		return true
	})
}

// TestWhatTheDatabaseSays: what each of its errors means.
func TestWhatTheDatabaseSays(t *testing.T) {
	for code, want := range map[string]error{
		"53100": store.ErrFull, "53300": store.ErrAway, "57P01": store.ErrAway, "57P03": store.ErrAway, "08006": store.ErrAway, "25006": store.ErrAway,
		"40001": store.ErrAway, "40P01": store.ErrAway, "55P03": store.ErrAway, "58030": store.ErrAway,
	} {
		if err := translated(&pgconn.PgError{Code: code}); !errors.Is(err, want) {
			t.Errorf("%s is %v, want %v", code, err, want)
		}
	}
	for _, code := range []string{"23505", "42601", "22P02"} {
		if err := translated(&pgconn.PgError{Code: code}); errors.Is(err, store.ErrAway) || errors.Is(err, store.ErrFull) {
			t.Errorf("%s is %v", code, err)
		}
	}
}

// TestWhatWaitsIsRepeated: two changes that wait for each other are both made.
func TestWhatWaitsIsRepeated(t *testing.T) {
	t.Parallel()
	var count tally
	e, err := open(t.Context(), migrated(t), Config{Observer: &count})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var met sync.WaitGroup // both have their first row
	met.Add(2)
	both := func(names [2]string) error {
		first := true
		return e.repeat(t.Context(), beginning(nil), func(ctx context.Context, tx *sql.Tx) error {
			for i, name := range names {
				if _, err := tx.ExecContext(ctx, `INSERT INTO counters (name, value) VALUES ($1, 1)
					ON CONFLICT (name) DO UPDATE SET value = counters.value + 1`, name); err != nil {
					return err
				}
				if i == 0 && first {
					first = false
					met.Done()
					met.Wait()
				}
			}
			return nil
		})
	}
	other := make(chan error)
	go func() { other <- both([2]string{"b", "a"}) }()
	if err := errors.Join(both([2]string{"a", "b"}), <-other); err != nil {
		t.Fatal(err)
	}
	if count.repeated.Load() == 0 {
		t.Error("nothing was made again, so this proves little")
	}
	var sum int
	if err := e.Reader().QueryRow(`SELECT SUM(value) FROM counters WHERE name IN ('a', 'b')`).Scan(&sum); err != nil || sum != 4 {
		t.Errorf("they come to %d, %v", sum, err)
	}
}

// TestManyStartAtOnce: one of them makes the schema.
func TestManyStartAtOnce(t *testing.T) {
	t.Parallel()
	startTogether(t, enginetest.SharedPostgres(t).Database(t))
}

// startTogether opens a database without a schema several times at once.
func startTogether(t *testing.T, url string) {
	t.Helper()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			db, err := Open(t.Context(), url, Config{Connections: 2})
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(db.Ping(t.Context()), db.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// TestTextsAreBytesInAnyLanguage: a database of a language has its own order, and the
// store another.
func TestTextsAreBytesInAnyLanguage(t *testing.T) {
	t.Parallel()
	url := enginetest.SharedPostgres(t).EnglishDatabase(t)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var before, after bool
	if err := db.QueryRow(`SELECT 'a' < 'B'`).Scan(&before); err != nil || !before {
		t.Fatalf("the database orders as bytes by itself, so this proves nothing: %v", err)
	}
	opened(t, url, Config{})
	if _, err := db.Exec(`INSERT INTO counters VALUES ('B', 0), ('a', 0)`); err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRow(`SELECT (SELECT name FROM counters WHERE name IN ('a', 'B') ORDER BY name LIMIT 1) = 'B'`).Scan(&after); err != nil || !after {
		t.Errorf("the store orders as the language does: %v", err)
	}
}
