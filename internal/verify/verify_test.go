package verify_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/blob/diskblob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/sqlite"
	"github.com/handout-rtc/handout/internal/verify"
	"github.com/handout-rtc/handout/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestAllIsWell: what a server leaves in the course of things is nothing to
// report, beside it and after it.
func TestAllIsWell(t *testing.T) {
	d := newDirectory(t)
	d.file("small", true)
	d.file(strings.Repeat("large", 1<<16), false)
	d.upload(100, "half of it")
	d.upload(100, "")
	d.end(d.file("ended a moment ago", true), time.Second)
	gone := d.file("gone", true)
	d.end(gone, time.Hour)
	d.must(d.blobs.Remove(t.Context(), blob.Key(gone)))
	d.must(d.records.MarkPurged(t.Context(), []protocol.ShareID{gone}, d.now))
	report := d.check(false)
	d.same(report)
	if report.Damaged() || report.Left() || report.Shares != 6 || report.Blobs != 5 || report.Bytes < 5<<16 {
		t.Errorf("the report says %+v", report)
	}
	if report = d.check(true); report.Bytes != 0 {
		t.Errorf("a quick check has read %d bytes", report.Bytes)
	}
}

// TestEveryFaultIsFound makes each fault there can be, and wants it named, and
// nothing else.
func TestEveryFaultIsFound(t *testing.T) {
	large := strings.Repeat("x", 100<<10)
	for name, c := range map[string]struct {
		spoil func(d *directory) protocol.ShareID
		kind  verify.Kind
		deep  bool // only reading the bytes finds it
		left  bool // it is no damage
	}{
		"a file is missing": {kind: verify.Missing, spoil: func(d *directory) protocol.ShareID {
			id := d.file(large, false)
			d.must(os.Remove(d.place(id)))
			return id
		}},
		"a file was cut": {kind: verify.Short, spoil: func(d *directory) protocol.ShareID {
			id := d.file(large, false)
			d.must(os.Truncate(d.place(id), 5))
			return id
		}},
		"a file has grown": {kind: verify.Long, spoil: func(d *directory) protocol.ShareID {
			id := d.file(large, false)
			d.must(os.WriteFile(d.place(id), []byte(large+"."), 0o600))
			return id
		}},
		"a file has changed": {kind: verify.Corrupt, deep: true, spoil: func(d *directory) protocol.ShareID {
			id := d.file(large, false)
			d.must(os.WriteFile(d.place(id), []byte(strings.Repeat("y", len(large))), 0o600))
			return id
		}},
		"a packed file has changed": {kind: verify.Corrupt, spoil: func(d *directory) protocol.ShareID {
			id := d.file("a small one", true)
			d.inPack("a small one")
			return id
		}},
		"a packed file is missing": {kind: verify.Missing, spoil: func(d *directory) protocol.ShareID {
			id := d.file("a small one", true)
			d.must(d.blobs.Remove(d.Context(), blob.Key(id)))
			return id
		}},
		"an upload is missing": {kind: verify.Missing, spoil: func(d *directory) protocol.ShareID {
			id := d.upload(100, "half")
			d.must(os.Remove(filepath.Join(d.path, "files", "staging", string(id))))
			return id
		}},
		"an upload was cut": {kind: verify.Short, spoil: func(d *directory) protocol.ShareID {
			id := d.upload(100, "half")
			d.must(os.Truncate(filepath.Join(d.path, "files", "staging", string(id)), 3))
			return id
		}},
		"an upload has changed": {kind: verify.Corrupt, deep: true, spoil: func(d *directory) protocol.ShareID {
			id := d.upload(100, "half")
			d.write(id, "HALF and more", false)
			return id
		}},
		"bytes without a record": {kind: verify.Orphan, left: true, spoil: func(d *directory) protocol.ShareID {
			id := protocol.NewShareID()
			d.write(id, "nobody's", true)
			return id
		}},
		"packed bytes without a record": {kind: verify.Orphan, left: true, spoil: func(d *directory) protocol.ShareID {
			id := protocol.NewShareID()
			d.must(d.blobs.Put(d.Context(), blob.Key(id), []byte("nobody's")))
			return id
		}},
		"staged bytes without a record": {kind: verify.Orphan, left: true, spoil: func(d *directory) protocol.ShareID {
			id := protocol.NewShareID()
			d.write(id, "nobody's", false)
			return id
		}},
		"bytes that the record says are gone": {kind: verify.Orphan, left: true, spoil: func(d *directory) protocol.ShareID {
			id := d.file("still there", true)
			d.end(id, time.Hour)
			d.must(d.records.MarkPurged(d.Context(), []protocol.ShareID{id}, d.now))
			return id
		}},
		"bytes that should be gone": {kind: verify.Unpurged, left: true, spoil: func(d *directory) protocol.ShareID {
			id := d.file(large, false)
			d.end(id, 2*verify.PurgeWithin)
			return id
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDirectory(t)
			d.file("beside it", true)
			d.upload(9, "beside")
			id := c.spoil(d)
			report := d.check(false)
			d.same(report, found{c.kind, string(id)})
			if report.Damaged() == c.left || report.Left() != c.left {
				t.Errorf("damaged %v, left %v", report.Damaged(), report.Left())
			}
			if report = d.check(true); c.deep {
				d.same(report)
			} else {
				d.same(report, found{c.kind, string(id)})
			}
			d.mends()
		})
	}
}

// mends repairs what was found, and wants none of it to be left.
func (d *directory) mends() {
	d.Helper()
	blobs, err := diskblob.Open(filepath.Join(d.path, "files"))
	d.must(err)
	defer blobs.Close()
	report := d.check(false)
	d.must(verify.Repair{Changes: d.records, Blobs: blobs, OrphanAge: time.Hour, Now: d.now.Add(2 * time.Hour)}.Run(d.Context(), report))
	if report.Damaged() || report.Left() || report.Findings[0].Repaired == "" {
		d.Errorf("after the repair the report says %+v", report)
	}
	d.same(d.check(false))
}

// TestWhatIsYoungOrStrangeIsLeft: a repair removes nothing that somebody may be
// about to record, and nothing that it does not know.
func TestWhatIsYoungOrStrangeIsLeft(t *testing.T) {
	d := newDirectory(t)
	whole, young := d.file("whole", false), protocol.NewShareID()
	d.must(d.blobs.Put(t.Context(), blob.Key(young), []byte("a deposit that has no record yet")))
	d.must(os.WriteFile(filepath.Join(d.path, "files", "blobs", "notes.txt"), []byte("mine"), 0o600))
	lost := d.file(strings.Repeat("x", 100<<10), false)
	d.must(os.Remove(d.place(lost)))
	d.must(os.Symlink(d.place(whole), d.place(lost)))
	link := filepath.Join("blobs", string(lost[len(lost)-2:]), string(lost))

	want := []found{{verify.Orphan, string(young)}, {verify.Stray, "blobs/notes.txt"}, {verify.Stray, link}, {verify.Unreadable, string(lost)}}
	report := d.check(false)
	d.same(report, want...)
	d.must(verify.Repair{Changes: d.records, Blobs: d.blobs, OrphanAge: time.Hour, Now: d.now.Add(time.Minute)}.Run(t.Context(), report))
	if !report.Damaged() || !report.Left() {
		t.Errorf("the report says %+v", report)
	}
	d.same(d.check(false), want...)
}

// TestCountsAreAddedUp has a room count what it does not hold.
func TestCountsAreAddedUp(t *testing.T) {
	d := newDirectory(t)
	d.file("counted", true)
	d.upload(100, "half")
	part := d.draft(50)
	part.Concat = store.ConcatPartial
	d.must(d.records.CreatePartial(t.Context(), part, generous))
	d.end(d.file("ended", true), time.Second)
	d.same(d.check(false))

	direct, err := sql.Open("sqlite", filepath.Join(d.path, "records.db"))
	d.must(err)
	defer direct.Close()
	_, err = direct.Exec(`UPDATE rooms SET held_bytes = held_bytes + 1, held_shares = held_shares - 1`)
	d.must(err)
	report := d.check(true)
	d.same(report, found{verify.Quota, string(d.room)})
	if !report.Damaged() {
		t.Error("a miscount is no damage")
	}
	d.mends()
}

// TestTheCountOfAnApplicationIsAddedUp has it count what its rooms do not hold: alone,
// and beside a room that does.
func TestTheCountOfAnApplicationIsAddedUp(t *testing.T) {
	d := newDirectory(t)
	d.file("counted", true)
	d.upload(100, "half")
	d.end(d.file("ended", true), time.Second)
	d.same(d.check(false))
	direct, err := sql.Open("sqlite", filepath.Join(d.path, "records.db"))
	d.must(err)
	defer direct.Close()
	_, err = direct.Exec(`UPDATE apps SET held_bytes = held_bytes + 7`)
	d.must(err)
	report := d.check(true)
	d.same(report, found{verify.Quota, "app"})
	if !report.Damaged() {
		t.Error("a miscount is no damage")
	}
	d.mends()
	_, err = direct.Exec(`UPDATE rooms SET held_bytes = held_bytes - 3; UPDATE apps SET held_bytes = held_bytes - 3`)
	d.must(err)
	d.same(d.check(true), found{verify.Quota, "app"}, found{verify.Quota, string(d.room)})
	d.mends()
}

// TestADatabaseThatIsBroken overwrites a page in the middle of the database.
func TestADatabaseThatIsBroken(t *testing.T) {
	d := newDirectory(t)
	for range 50 {
		d.upload(9, "bytes")
	}
	d.must(d.records.Close()) // folds the log into the file
	path := filepath.Join(d.path, "records.db")
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	d.must(err)
	defer file.Close()
	info, err := file.Stat()
	d.must(err)
	_, err = file.WriteAt(bytes.Repeat([]byte{0xff}, 512), info.Size()-4096)
	d.must(err)
	records, err := sqlite.Inspect(t.Context(), path)
	d.must(err)
	defer records.Close()
	if faults, err := records.Integrity(t.Context(), true); err == nil && len(faults) == 0 {
		t.Error("the database is said to be whole")
	}
}

// TestALookChangesNothing: neither the store nor the blobs that are opened to be
// looked at can be changed through.
func TestALookChangesNothing(t *testing.T) {
	d := newDirectory(t)
	id := d.file("small", true)
	records, err := sqlite.Inspect(t.Context(), filepath.Join(d.path, "records.db"))
	d.must(err)
	defer records.Close()
	if err := records.MarkPurged(t.Context(), []protocol.ShareID{id}, d.now); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("a record was changed: %v", err)
	}
	blobs, err := diskblob.Inspect(filepath.Join(d.path, "files"))
	d.must(err)
	defer blobs.Close()
	for what, err := range map[string]error{
		"removed": blobs.Remove(t.Context(), blob.Key(id)),
		"put":     blobs.Put(t.Context(), "sh_other", []byte("x")),
		"settled": blobs.Settle(t.Context(), blob.Key(id)),
	} {
		if err == nil {
			t.Errorf("a blob was %s", what)
		}
	}
	if _, err := blobs.Write(t.Context(), "sh_other", 0); err == nil {
		t.Error("a blob was written")
	}
	d.same(d.check(false))
}
