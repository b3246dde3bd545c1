package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/handout-rtc/handout/internal/store"
)

var (
	// errLost: the connection of a change was lost before the change was committed.
	errLost = errors.New("the connection to the database was lost")
	// errRolledBack: the database has undone what was to be committed.
	errRolledBack = errors.New("the database has undone the change")
)

// codeOf returns the database's own code of an error, "" for any other.
func codeOf(err error) string {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return said.Code
	}
	return ""
}

// isRepeatable reports whether the database has refused a change for the sake of
// others, and would make it another time.
func isRepeatable(err error) bool {
	switch codeOf(err) {
	case "40001", // it could not be made as if it ran alone
		"40P01", // it and another waited for each other
		"55P03", // what it waits for is held too long
		"57014": // a statement took too long
		return true
	case "0A000": // a statement was prepared before the schema was changed
		return strings.Contains(err.Error(), "cached plan")
	}
	return false
}

// translated says what an error of the database means to the store.
func translated(err error) error {
	if err == nil || errors.Is(err, store.ErrAway) || errors.Is(err, store.ErrFull) {
		return err
	}
	code := codeOf(err)
	var connect *pgconn.ConnectError
	switch {
	case code == "53100":
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	case errors.As(err, &connect), isRepeatable(err), errors.Is(err, driver.ErrBadConn),
		code == "25006", // it has become a standby
		code == "25P03", // a change paused for too long
		len(code) == 5 && strings.Contains("08 53 57 58", code[:2]): // connections, resources, the operator, the system
		return fmt.Errorf("%w: %w", store.ErrAway, err)
	}
	return err
}

// fate is what an error in a transaction means: what the change itself said, what the
// database said, or that the connection is gone.
func (t *transaction) fate(err error) error {
	if t.on != nil && t.on.IsClosed() || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return fmt.Errorf("%w: %w: %w", store.ErrAway, errLost, err)
	}
	return translated(err)
}

// settle returns nil if a change whose commit returned an error is made all the same,
// and else why it is not, or that nobody can say.
func (e *engine) settle(ctx context.Context, at *transaction, err error) error {
	if !at.on.IsClosed() { // it was answered
		return translated(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), doubtPatience)
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		switch e.outcome(ctx, at) {
		case made:
			return nil
		case notMade:
			return fmt.Errorf("%w: %w: %w", store.ErrAway, errLost, err)
		case unknowable:
			return fmt.Errorf("%w: %w", store.ErrUnknown, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", store.ErrUnknown, err)
		case <-e.closing:
			return fmt.Errorf("%w: %w", store.ErrUnknown, err)
		}
	}
}

// outcome is what became of a transaction.
type outcome int

const (
	undecided  outcome = iota // or nobody answers
	made                      // it was committed
	notMade                   // and will not be
	unknowable                // it, or another that got its number later, was committed
)

// outcome asks the database what became of a transaction.
//
// In another life of the server than its own it is gone, or committed. If it is gone,
// its number may be another's by now: whatever is said then but "committed", it was
// not made; and "in progress" is waited for, because what is noted as its life may be
// an earlier one. A standby does not have everything yet, and is not asked.
func (e *engine) outcome(ctx context.Context, at *transaction) outcome {
	var state sql.NullString
	var now string
	err := e.reading.QueryRowContext(ctx, `SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_xact_status(CAST($1 AS xid8)) END, `+lifeColumn, at.id).Scan(&state, &now)
	switch {
	case codeOf(err) == "22023": // it is in the future: the database came back without what it had last
		return notMade
	case err != nil:
		return undecided
	case state.String == "aborted":
		return notMade
	case state.String == "committed" && at.life.is(strings.Fields(now)):
		return made
	case state.String == "committed":
		return unknowable
	}
	return undecided
}
