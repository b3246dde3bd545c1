package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
)

// direct is an engine that runs each change at once, for tests of what stands on
// it.
type direct struct{ db *sql.DB }

func (e direct) Update(ctx context.Context, _ Scope, change func(context.Context, *sql.Tx) error) error {
	tx, err := e.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := change(ctx, tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (e direct) Reader() *sql.DB { return e.db }
func (e direct) Clock() string   { return "1" }
func (e direct) Flush() error    { return nil }
func (e direct) Close() error    { return e.db.Close() }

func migrated(t *testing.T) (*DB, *sql.DB) {
	t.Helper()
	raw, err := sql.Open("sqlite", "file:"+t.TempDir()+"/records.db?_foreign_keys=on&_journal_mode=WAL&_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	db := New(direct{raw})
	t.Cleanup(func() { db.Close() })
	if err := Migrate(t.Context(), goose.DialectSQLite3, raw); err != nil {
		t.Fatal(err)
	}
	return db, raw
}

// TestTheCopyKnowsEveryTable: a migration that adds a table has to say in tables.go
// what becomes of it when the records move, and where its references lead.
func TestTheCopyKnowsEveryTable(t *testing.T) {
	_, raw := migrated(t)
	want, err := list(t.Context(), raw, column[string], `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, table := range tables() {
		refers, err := list(t.Context(), raw, column[string], `SELECT "table" FROM pragma_foreign_key_list($1)`, table.name)
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range refers {
			if !slices.Contains(have, other) {
				t.Errorf("%s refers to %s, which is not before it in tables.go", table.name, other)
			}
		}
		have = append(have, table.name)
		key, err := list(t.Context(), raw, column[string], `SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk`, table.name)
		if err != nil {
			t.Fatal(err)
		}
		if table.stays == "" && strings.Join(key, ", ") != table.key {
			t.Errorf("the key of %s is %v", table.name, key)
		}
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(want, have) {
		t.Errorf("the schema has the tables\n%s\nand the copy knows\n%s", strings.Join(want, " "), strings.Join(have, " "))
	}
}

// fillEveryTable writes rows of which each column has a value of its own, as far as
// its table lets it.
func fillEveryTable(t *testing.T, raw *sql.DB) {
	t.Helper()
	tx, err := raw.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range copiedTables() {
		type col struct{ name, kind string }
		columns, err := list(t.Context(), tx, func(r row) (c col, err error) {
			err = r.Scan(&c.name, &c.kind)
			return c, err
		}, `SELECT name, type FROM pragma_table_info($1)`, table.name)
		if err != nil {
			t.Fatal(err)
		}
		for n := range int64(1500) { // more than one page of a copy
			values := make([]any, len(columns))
			names := make([]string, len(columns))
			for i, c := range columns {
				names[i] = c.name
				switch {
				case c.kind != "TEXT":
					values[i] = 1000*int64(i) + n + 2
				case table.name == "rooms" && c.name == "id", c.name == "room", c.name == "share", c.name == "endpoint",
					(table.name == "shares" || table.name == "endpoints") && c.name == "id":
					values[i] = "id-" + string(rune('a'+n%26)) + strings.Repeat("x", int(n/26))
				default:
					values[i] = c.name + "-" + string(rune('a'+n%26)) + strings.Repeat("é", int(n/26))
				}
			}
			query := `INSERT INTO ` + table.name + ` (` + strings.Join(names, ", ") + `) VALUES ` + rows(1, len(columns), "")
			if _, err := tx.ExecContext(t.Context(), query, values...); err != nil {
				t.Fatalf("filling %s: %v", table.name, err)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// TestACopyIsWhatItIsMadeOf: of every table, every row and column.
func TestACopyIsWhatItIsMadeOf(t *testing.T) {
	ctx := t.Context()
	from, raw := migrated(t)
	fillEveryTable(t, raw)
	to, target := migrated(t)
	number, err := from.CopyNumber(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := to.BeginFilling(ctx, number); err != nil {
		t.Fatal(err)
	}
	if err := to.Whole(ctx); !errors.Is(err, ErrFilling) {
		t.Fatalf("while it is filled the store says %v", err)
	}
	all, err := from.Rows(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for attempt := range 2 { // the second writes over the first
		var heard int64
		tables, err := from.CopyTo(ctx, to, func(n int) { heard += int64(n) })
		if err != nil {
			t.Fatal(err)
		}
		if len(tables) != len(copiedTables()) || heard != all || all < 1500*int64(len(copiedTables())) {
			t.Fatalf("attempt %d: %d tables and %d rows of %d", attempt, len(tables), heard, all)
		}
		if attempt == 0 {
			if _, err := target.ExecContext(ctx, `INSERT INTO tickets VALUES ('stale', 'sh', 'ana', 1)`); err != nil {
				t.Fatal(err)
			}
		}
	}
	if again, err := from.CopyNumber(ctx, false); again != number || err != nil {
		t.Errorf("the copy has another number: %d, %v", again, err)
	}
	if err := to.EndFilling(ctx); err != nil {
		t.Fatal(err)
	}
	if err := to.Whole(ctx); err != nil {
		t.Error(err)
	}
	if done, err := to.Filled(ctx, number); !done || err != nil {
		t.Errorf("the finished copy is not known again: %v, %v", done, err)
	}
	if err := to.BeginFilling(ctx, number); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("the finished copy begins again: %v", err)
	}
	for _, held := range []string{`shares WHERE holder <> ''`, `members WHERE node <> ''`} {
		if n, err := one(ctx, target, column[int], `SELECT COUNT(*) FROM `+held); n > 0 || err != nil {
			t.Errorf("%d %s, %v", n, held, err)
		}
	}
}

// TestACopyThatDiffersIsFound: the copy is read again, not believed.
func TestACopyThatDiffersIsFound(t *testing.T) {
	ctx := t.Context()
	from, raw := migrated(t)
	fillEveryTable(t, raw)
	to, target := migrated(t)
	if _, err := target.ExecContext(ctx, `CREATE TRIGGER fault AFTER INSERT ON tickets WHEN NEW.hash = 'hash-b' BEGIN
		UPDATE tickets SET expires_at = 1 WHERE hash = 'hash-b'; END`); err != nil {
		t.Fatal(err)
	}
	if _, err := from.CopyTo(ctx, to, func(int) {}); !errors.Is(err, ErrDiffers) || !strings.Contains(err.Error(), "tickets") {
		t.Errorf("a row that changed on its way: %v", err)
	}
}

// TestAStoreWithRecordsIsNotFilled: neither one that was used, nor one that another
// copy comes to.
func TestAStoreWithRecordsIsNotFilled(t *testing.T) {
	ctx := t.Context()
	used, raw := migrated(t)
	if _, err := raw.ExecContext(ctx, `INSERT INTO apps VALUES ('app', 0)`); err != nil {
		t.Fatal(err)
	}
	begun, _ := migrated(t)
	if err := begun.BeginFilling(ctx, 7); err != nil {
		t.Fatal(err)
	}
	for name, db := range map[string]*DB{"used": used, "begun": begun} {
		if err := db.BeginFilling(ctx, 8); !errors.Is(err, ErrNotEmpty) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := used.Whole(ctx); err != nil {
		t.Errorf("a store that was refused is %v", err)
	}
	if err := begun.BeginFilling(ctx, 7); err != nil {
		t.Errorf("the copy that was begun cannot go on: %v", err)
	}
}
