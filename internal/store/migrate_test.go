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
			1, 0, 9, 1, 0, 0, 1, '', 5, '', 'run', 1, 1, 0)`,
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
