package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/handout-rtc/handout/internal/store"
)

const dialect = goose.DialectPostgres

// preparing is the name of the lock that one process has while it brings the schema up
// to date.
const preparing = "schema"

// patiences are the settings by which the database gives something up.
var patiences = []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"}

// prepare brings the database to what the store needs. Others that do the same wait
// until it is done.
func prepare(ctx context.Context, settings *pgx.ConnConfig) (err error) {
	own := settings.Copy()
	for _, name := range patiences {
		own.RuntimeParams[name] = "0" // a large table takes its time
	}
	db := stdlib.OpenDB(*own)
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := check(ctx, db); err != nil {
		return translated(err)
	}
	if store.CheckSchema(ctx, dialect, db) == nil {
		if left, err := foreignTexts(ctx, db); err != nil || len(left) == 0 {
			return err // mostly there is nothing to do, and so nothing to wait for
		}
	}
	done, err := alone(ctx, db)
	if err != nil {
		return fmt.Errorf("waiting for others who change the schema: %w", err)
	}
	defer func() { err = errors.Join(err, done()) }()
	if err := store.Migrate(ctx, dialect, db); err != nil {
		return err
	}
	return orderByBytes(ctx, db)
}

// alone waits until nobody else changes the schema, and has others wait until done. The
// lock is a transaction's, which a pooler keeps on one connection as it does not keep
// a session; it goes with the connection, whatever happens.
func alone(ctx context.Context, db *sql.DB) (done func() error, err error) {
	locked, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	// The settings of the connection may be another's, behind a pooler.
	for _, name := range patiences {
		if _, err := locked.ExecContext(ctx, `SET LOCAL `+name+` = 0`); err != nil {
			return nil, errors.Join(err, locked.Rollback())
		}
	}
	if _, err := locked.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, lockNumber(preparing)); err != nil {
		return nil, errors.Join(err, locked.Rollback())
	}
	return locked.Rollback, nil
}

// check reports what the database cannot do that the store needs.
func check(ctx context.Context, db *sql.DB) error {
	var version int
	var encoding, commits string
	err := db.QueryRowContext(ctx, `SELECT CAST(current_setting('server_version_num') AS INTEGER),
		current_setting('server_encoding'), current_setting('synchronous_commit')`).Scan(&version, &encoding, &commits)
	switch {
	case err != nil:
		return err
	case version < leastVersion:
		return fmt.Errorf("PostgreSQL has version %d, and %d or later is needed", version/10000, leastVersion/10000)
	case encoding != "UTF8":
		return fmt.Errorf("the database's encoding is %s, and UTF8 is needed", encoding)
	case commits == "off":
		return errors.New("synchronous_commit is off: what is acknowledged could be lost")
	}
	return nil
}

// orderByBytes has every text compared and ordered as bytes, whatever the database's
// language: pages are in the order of ids, here as in SQLite.
func orderByBytes(ctx context.Context, db *sql.DB) error {
	changes, err := foreignTexts(ctx, db)
	if err != nil {
		return err
	}
	for table, columns := range changes {
		for i, column := range columns {
			columns[i] = `ALTER COLUMN ` + column + ` TYPE TEXT COLLATE "C"`
		}
		if _, err := db.ExecContext(ctx, `ALTER TABLE `+table+` `+strings.Join(columns, ", ")); err != nil {
			return fmt.Errorf("ordering texts as bytes: %w", err)
		}
	}
	return nil
}

// foreignTexts returns the columns, by table, whose texts have another order.
func foreignTexts(ctx context.Context, db *sql.DB) (map[string][]string, error) {
	rows, err := db.QueryContext(ctx, `SELECT table_name, column_name FROM information_schema.columns
		WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' ORDER BY table_name, column_name`)
	if err != nil {
		return nil, fmt.Errorf("reading the order of texts: %w", err)
	}
	defer rows.Close()
	found := make(map[string][]string)
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return nil, err
		}
		found[table] = append(found[table], column)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading the order of texts: %w", err)
	}
	return found, nil
}

// NoteRestored notes in a database that it was restored from a backup, as
// store.NoteCopied says. No server has it open.
func NoteRestored(ctx context.Context, url string) (err error) {
	settings, err := parse(url)
	if err != nil {
		return err
	}
	db := pool(settings, 1, answerPatience)
	defer func() { err = errors.Join(err, db.Close()) }()
	return store.NoteCopied(ctx, db)
}
