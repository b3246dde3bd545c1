package postgres

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/store"
)

// TestNobodyWaitsForASilentDatabase: one that takes what it is sent and says nothing is
// given up, by who reads and by who changes something, and asked again when it answers.
func TestNobodyWaitsForASilentDatabase(t *testing.T) {
	t.Parallel()
	own := enginetest.Started(t, enginetest.NewPostgres)
	e, err := open(t.Context(), own.Database(t)+"?connect_timeout=1", Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	settings, err := parse(own.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	const patience = 200 * time.Millisecond
	settings.ConnectTimeout = patience
	readers := reading(settings, 1, patience)
	defer readers.Close()
	var one int
	ask := func() error { return readers.QueryRow(`SELECT 1`).Scan(&one) }
	at := beginning(nil)
	at.patience = patience
	within := func(own bool) error { // the change itself is silent, or what comes before it
		return e.attempt(t.Context(), *at, func(ctx context.Context, tx *sql.Tx) error {
			if own {
				_, err := tx.ExecContext(ctx, `SELECT pg_sleep(60)`)
				return err
			}
			return nil
		})
	}
	if err := errors.Join(ask(), within(false)); err != nil {
		t.Fatal(err)
	}
	if err := within(true); !errors.Is(err, store.ErrAway) || !errors.Is(err, errLost) {
		t.Errorf("a change that gets no answer: %v", err)
	}
	own.Pause()
	if err := ask(); !errors.Is(err, store.ErrAway) {
		t.Errorf("reading: %v", err)
	}
	if err := within(false); !errors.Is(err, store.ErrAway) {
		t.Errorf("changing: %v", err)
	}
	own.Resume()
	if err := errors.Join(ask(), within(false)); err != nil {
		t.Errorf("once it answers: %v", err)
	}
}
