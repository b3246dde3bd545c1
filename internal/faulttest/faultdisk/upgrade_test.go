package faultdisk_test

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

// The files of testdata/schema-2.sql.
const (
	oldRoom      = protocol.RoomID("rm_s5aizdayo3lr6jc7nwoucacrom")
	oldHalf      = "/uploads/sh_pftunradlatrflrcgt3fcldum4"
	oldHalfBytes = 700_000
	oldCancelled = "/uploads/sh_rwfldigzuxznzsui4o4tdaoqgq"
)

var (
	oldFiles = map[protocol.ShareID]faulttest.File{
		"sh_buc22lp24z6nb5prr54ljyyvz4": {Name: "empty", Size: 0, Seed: 1},
		"sh_g6mdp33wd6e5c3vykm2fhd43p4": {Name: "small", Size: 1000, Seed: 2},
		"sh_4kh4wdsvm2n3hojz4m442eonei": {Name: "medium", Size: 100_000, Seed: 3},
		"sh_exmw76lqbi772dpa2mee2o5y24": {Name: "large", Size: 3_000_000, Seed: 4},
	}
	oldUpload = faulttest.File{Name: "half", Size: 2_000_000, Seed: 5}
)

// patient flags keep what nobody has asked for in a long time.
var patient = []string{"--dev", "--lifetime=876000h", "--upload-idle=876000h", "--empty-room=876000h", "--room-lifetime=876000h"}

// TestF20_AnOlderDataDirectory opens what a server of long ago has left.
func TestF20_AnOlderDataDirectory(t *testing.T) {
	data := t.TempDir()
	layOld(t, data)
	journal := faulttest.NewJournal(t)
	server := faulttest.Start(t, faulttest.Config{Path: faulttest.Build(t), Args: append(patient, "--data", data), Journal: journal})
	room := (&faulttest.Room{ID: oldRoom}).At(server.URL(), journal)
	bo, ana := room.Enter(t, "bo"), room.Enter(t, "ana")
	page, err := bo.List(t.Context(), protocol.Cursor{})
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[protocol.ShareID]protocol.Share)
	for _, share := range page.Shares {
		listed[share.ID] = share
	}
	for id, file := range oldFiles {
		if share := listed[id]; share.Name != file.Name || share.State != protocol.Available || share.SHA256 != file.SHA256() {
			t.Errorf("%s is listed as %+v", file.Name, share)
		}
		wantFile(t, bo, id, file)
	}
	if at, err := offset(t, ana, oldHalf); at != oldHalfBytes {
		t.Errorf("the upload is at %d, %v", at, err)
	}
	if err := push(t, ana, oldHalf, oldUpload, oldHalfBytes, oldUpload.Size-oldHalfBytes); err != nil {
		t.Error(err)
	}
	wantFile(t, bo, shareOf(oldHalf), oldUpload)
	if at, err := offset(t, ana, oldCancelled); err == nil {
		t.Errorf("the upload that was cancelled is at %d", at)
	}
	journal.Over()
	facts := faulttest.Verdict(t, server, faulttest.Rules{}, room)
	if len(facts.Rooms) != 1 || facts.Rooms[0].Bytes != 5_101_000 || facts.Rooms[0].Shares != 5 {
		t.Errorf("the rooms hold %+v", facts.Rooms)
	}
	wantVerified(t, server)
}

// wantVerified fails the test unless the stopped server's directory is as its records
// say.
func wantVerified(t *testing.T, server *faulttest.Server) {
	t.Helper()
	if said, err := exec.Command(server.Path, "verify", "--data", server.Data).CombinedOutput(); err != nil {
		t.Errorf("handout verify: %v\n%s", err, said)
	}
}

// layOld makes the data directory of testdata/schema-2.sql.
func layOld(t *testing.T, data string) {
	t.Helper()
	script, err := os.ReadFile(filepath.Join("testdata", "schema-2.sql"))
	if err != nil {
		t.Fatal(err)
	}
	change(t, data, string(script))
	keep := func(name string, f faulttest.File, n int64) {
		name = filepath.Join(data, "files", name)
		bytes, err := io.ReadAll(io.LimitReader(f.From(0), n))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, bytes, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for id, f := range oldFiles {
		keep(filepath.Join("blobs", string(id[len(id)-2:]), string(id)), f, f.Size)
	}
	keep(filepath.Join("staging", string(shareOf(oldHalf))), oldUpload, oldHalfBytes)
}

// change runs statements on the database of a server that does not run.
func change(t *testing.T, data, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "handout.db")+"?_pragma=journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(statements); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestF20_ANewerDataDirectory: an older version refuses it, and leaves each file as
// it is.
func TestF20_ANewerDataDirectory(t *testing.T) {
	journal := faulttest.NewJournal(t)
	server := faulttest.Start(t, faulttest.Config{Path: faulttest.Build(t), Args: []string{"--dev"}, Journal: journal})
	ana := faulttest.MakeRoom(t, server.URL(), journal).Enter(t, "ana")
	file := faulttest.File{Name: "kept", Size: 10 * kib, Seed: 1}
	id, err := ana.SendBy(t.Context(), faulttest.ByDeposit, file, everybody)
	if err != nil {
		t.Fatal(err)
	}
	server.Stop(t)
	change(t, server.Data, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`)
	before := sums(t, server.Data)
	if err := server.Begin(); err == nil || !strings.Contains(err.Error(), "a newer version of Handout has written here") {
		t.Errorf("starting on a newer directory: %v", err)
	}
	if after := sums(t, server.Data); after != before {
		t.Errorf("the directory was\n%s\nand is\n%s", before, after)
	}
	change(t, server.Data, `DELETE FROM goose_db_version WHERE version_id = 99999`)
	server.Restart(t)
	wantFile(t, ana, id, file)
}

// sums describes every file below a directory by its SHA-256.
func sums(t *testing.T, dir string) (all string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(name)
		all += fmt.Sprintf("%x %s\n", sha256.Sum256(data), name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
