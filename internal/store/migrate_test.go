package store

import (
	"context"
	"database/sql"
	"io/fs"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite"
)

// TestAnEarlierSchemaIsBroughtUpToDate: what was recorded stays, and each step
// can be taken back.
func TestAnEarlierSchemaIsBroughtUpToDate(t *testing.T) {
	db, err := sql.Open("sqlite", "file:"+t.TempDir()+"/records.db?_foreign_keys=on")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if _, err := provider.UpTo(ctx, 1); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`INSERT INTO rooms VALUES ('rm', 'app', 'a room', '', '', '', 1, 0, 0)`,
		`INSERT INTO shares VALUES ('sh', 'rm', 'ana', 'Ana', '"room"', 'a.txt', '', 5, 2, 'uploading', '', '',
			1, 0, 9, 1, 0, 0, 1, '', 5, '', 'run', 1, 7, 0)`,
		`INSERT INTO streams VALUES ('rm', 'ana', 3, 0)`,
		`INSERT INTO outbox VALUES (7, 'rm', '', '{}')`,
		`UPDATE counters SET value = 9 WHERE name = 'outbox'`,
		`INSERT INTO counters VALUES ('synced', 5)`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := Migrate(ctx, goose.DialectSQLite3, db); err != nil {
		t.Fatal(err)
	}
	got, err := share(ctx, db, "sh")
	if err != nil || got.Name != "a.txt" || got.Offset != 2 || got.Offer != (Offer{}) || got.SenderRole != "" {
		t.Errorf("after the migration the share is %+v, %v", got, err)
	}
	if r, err := room(ctx, db, "rm"); err != nil || r.Sharing.Off != nil || r.Sharing.Rev != 0 {
		t.Errorf("after the migration the room is %+v, %v", r, err)
	}
	var bytes, shares int
	if err := db.QueryRow(`SELECT held_bytes, held_shares FROM rooms`).Scan(&bytes, &shares); err != nil || bytes != 5 || shares != 1 {
		t.Errorf("after the migration the room holds %d bytes in %d shares, %v", bytes, shares, err)
	}
	countedPerRoom(t, db)
	if _, err := db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := Migrate(ctx, goose.DialectSQLite3, db); err == nil || !strings.Contains(err.Error(), "a newer version of Handout") {
		t.Errorf("a newer schema: %v", err)
	}
	if _, err := db.Exec(`DELETE FROM goose_db_version WHERE version_id = 99999`); err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(ctx, 0); err != nil {
		t.Errorf("back to nothing: %v", err)
	}
}

// countedPerRoom: each room goes on from where all stood, and what waited and what was
// in doubt does so still.
func countedPerRoom(t *testing.T, db *sql.DB) {
	t.Helper()
	var changed, id, mark, synced int64
	for query, to := range map[string]*int64{
		`SELECT changed FROM streams WHERE room = 'rm' AND participant = ''`: &changed,
		`SELECT id FROM outbox WHERE room = 'rm'`:                            &id,
		`SELECT mark FROM shares WHERE id = 'sh'`:                            &mark,
		`SELECT value FROM counters WHERE name = 'synced'`:                   &synced,
	} {
		if err := db.QueryRow(query).Scan(to); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	if changed != 9 || id != 7 || mark <= synced {
		t.Errorf("the room stands at %d, its event at %d; the share's mark is %d, synced up to %d", changed, id, mark, synced)
	}
}
