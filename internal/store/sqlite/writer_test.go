package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handout-rtc/handout/internal/store"
)

// openEngine returns an engine with a table to write to.
func openEngine(t *testing.T) *engine {
	t.Helper()
	e, err := open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	err = update(t.Context(), e, func(tx *sql.Tx) error {
		_, err := tx.Exec(`CREATE TABLE numbers (n BIGINT PRIMARY KEY, refers BIGINT REFERENCES numbers (n) DEFERRABLE INITIALLY DEFERRED)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func insert(n int) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO numbers (n) VALUES ($1)`, n)
		return err
	}
}

func count(t *testing.T, e *engine) (n int) {
	t.Helper()
	if err := e.Reader().QueryRow(`SELECT COUNT(*) FROM numbers`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// hold keeps the writer busy until release is called. While it does, what is
// sent to Update piles up.
func hold(t *testing.T, e *engine) (release func()) {
	t.Helper()
	begun, end, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- update(context.WithoutCancel(t.Context()), e, func(*sql.Tx) error {
			close(begun)
			<-end
			return nil
		})
	}()
	<-begun
	return func() {
		close(end)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// pile starts n updates, which wait for the held writer when it returns, and
// returns how to wait for their errors. It is for a synctest bubble.
func pile(t *testing.T, e *engine, n int, change func(i int) func(*sql.Tx) error) func() []error {
	t.Helper()
	errs := make([]error, n)
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() { errs[i] = update(t.Context(), e, change(i)) })
	}
	synctest.Wait()
	return func() []error {
		done.Wait()
		return errs
	}
}

func TestOneFailureInABatchUndoesOnlyItself(t *testing.T) {
	synctest.Test(t, oneFailureInABatchUndoesOnlyItself)
}

func oneFailureInABatchUndoesOnlyItself(t *testing.T) {
	e := openEngine(t)
	release := hold(t, e)
	refused := errors.New("refused")
	wait := pile(t, e, 20, func(i int) func(*sql.Tx) error {
		return func(tx *sql.Tx) error {
			if err := insert(i)(tx); err != nil || i%4 != 0 {
				return err
			}
			return refused
		}
	})
	release()
	for i, err := range wait() {
		if want := i%4 == 0; errors.Is(err, refused) != want || err != nil != want {
			t.Errorf("change %d: %v", i, err)
		}
	}
	if n := count(t, e); n != 15 {
		t.Errorf("%d rows, want 15", n)
	}
}

func TestWaitingChangesShareCommitsOfBoundedSize(t *testing.T) {
	synctest.Test(t, waitingChangesShareCommitsOfBoundedSize)
}

func waitingChangesShareCommitsOfBoundedSize(t *testing.T) {
	e := openEngine(t)
	const changes = 3*maxBatch + 1
	perCommit := make(map[*sql.Tx]int) // of the writer's goroutine alone
	size := func(tx *sql.Tx) error {
		perCommit[tx]++
		return nil
	}
	release := hold(t, e)
	wait := pile(t, e, changes, func(int) func(*sql.Tx) error { return size })
	release()
	for _, err := range wait() {
		if err != nil {
			t.Error(err)
		}
	}
	total := 0
	for _, n := range perCommit {
		total += n
		if n > maxBatch {
			t.Errorf("a commit of %d changes", n)
		}
	}
	if total != changes || len(perCommit) != 4 {
		t.Errorf("%d changes in %d commits", total, len(perCommit))
	}
}

func TestContextEndsTheWaitButNotTheChange(t *testing.T) {
	synctest.Test(t, contextEndsTheWaitButNotTheChange)
}

func contextEndsTheWaitButNotTheChange(t *testing.T) {
	e := openEngine(t)
	release := hold(t, e)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error)
	go func() { waiting <- update(ctx, e, insert(1)) }()
	synctest.Wait()
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("waiting: %v", err)
	}
	release()

	ctx, cancel = context.WithCancel(t.Context())
	err := update(ctx, e, func(tx *sql.Tx) error {
		cancel()
		return insert(2)(tx)
	})
	if err != nil {
		t.Errorf("begun: %v", err)
	}
	if err := update(ctx, e, insert(3)); !errors.Is(err, context.Canceled) {
		t.Errorf("ended before: %v", err)
	}
	if n := count(t, e); n != 1 {
		t.Errorf("%d rows, want that of the change that had begun", n)
	}
}

func TestPanicIsTheCallersAlone(t *testing.T) { synctest.Test(t, panicIsTheCallersAlone) }

func panicIsTheCallersAlone(t *testing.T) {
	e := openEngine(t)
	release := hold(t, e)
	wait := pile(t, e, 4, func(i int) func(*sql.Tx) error {
		return func(tx *sql.Tx) error {
			if err := insert(i)(tx); err != nil || i != 2 {
				return err
			}
			panic("a fault")
		}
	})
	release()
	for i, err := range wait() {
		if i == 2 != (err != nil && strings.Contains(err.Error(), "a fault")) {
			t.Errorf("change %d: %v", i, err)
		}
	}
	if n := count(t, e); n != 3 {
		t.Errorf("%d rows, want 3", n)
	}
}

func TestCloseFinishesWhatHasBegun(t *testing.T) { synctest.Test(t, closeFinishesWhatHasBegun) }

func closeFinishesWhatHasBegun(t *testing.T) {
	e := openEngine(t)
	release := hold(t, e)
	wait := pile(t, e, 10, insert)
	closed := make(chan error)
	go func() { closed <- e.Close() }()
	synctest.Wait()
	select {
	case <-e.stopped:
		t.Fatal("closed in the middle of a change")
	default:
	}
	release()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	for i, err := range wait() { // what waited has its turn
		if err != nil {
			t.Errorf("change %d: %v", i, err)
		}
	}
	if err := update(t.Context(), e, insert(11)); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

// TestRefusedCommitFailsItsBatchOnly: a constraint that is checked at the end.
func TestRefusedCommitFailsItsBatchOnly(t *testing.T) {
	e := openEngine(t)
	err := update(t.Context(), e, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO numbers (n, refers) VALUES (1, 99)`)
		return err
	})
	if err == nil {
		t.Fatal("a commit against a constraint went through")
	}
	if err := update(t.Context(), e, insert(2)); err != nil {
		t.Errorf("the next change: %v", err)
	}
	if n := count(t, e); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

// TestFailedCommitPoisonsTheWriter: after a sync that failed nothing is
// believed until the store is opened again.
func TestFailedCommitPoisonsTheWriter(t *testing.T) {
	disk := &faultyDisk{}
	w := newWriter(sql.OpenDB(disk), nobody{})
	defer w.db.Close()
	defer w.stop()
	nothing := func(*sql.Tx) error { return nil }
	if err := update(t.Context(), w, nothing); err != nil {
		t.Fatal(err)
	}
	disk.failCommits(true)
	if err := update(t.Context(), w, nothing); !errors.Is(err, errDisk) {
		t.Fatalf("got %v, want %v", err, errDisk)
	}
	disk.failCommits(false)
	for range 2 {
		if err := update(t.Context(), w, nothing); !errors.Is(err, errDisk) || !errors.Is(err, store.ErrBroken) {
			t.Errorf("a change was taken after a failed commit: %v", err)
		}
	}
}

func TestPragmas(t *testing.T) {
	e := openEngine(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000"} {
		var got string
		if err := e.db.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", pragma, got, err, want)
		}
	}
	if _, err := e.Reader().Exec(`INSERT INTO numbers (n) VALUES (1)`); err == nil {
		t.Error("the readers can write")
	}
}

func TestReadersDoNotWaitForTheWriter(t *testing.T) {
	e := openEngine(t)
	release := hold(t, e)
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var n int
	if err := e.Reader().QueryRowContext(ctx, `SELECT COUNT(*) FROM numbers`).Scan(&n); err != nil {
		t.Fatal(err)
	}
}

func TestOpenTakesAnyPath(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"a b.db", "q?mode=ro.db", "h#x.db", "p%41.db", "ü.db", "a&b=c.db"} {
		path := filepath.Join(dir, name)
		e, err := open(t.Context(), path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if found, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(found) != i+1 {
			t.Fatalf("%s: files %v, %v", name, found, err)
		}
	}
}

func TestOpenFails(t *testing.T) {
	if _, err := Open(t.Context(), filepath.Join(t.TempDir(), "no such directory", "records.db")); err == nil {
		t.Error("a directory that is not there was opened")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, filepath.Join(t.TempDir(), "records.db")); err == nil {
		t.Error(fmt.Errorf("opened under a context that has ended"))
	}
}
