package verify_test

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/blob/diskblob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/sqlite"
	"github.com/handout-rtc/handout/internal/store/sqlite/sqlitetest"
	"github.com/handout-rtc/handout/internal/verify"
	"github.com/handout-rtc/handout/protocol"
)

// directory is a data directory with one room, as a server keeps it.
type directory struct {
	*testing.T
	path    string
	records *store.DB
	blobs   *diskblob.Store
	room    protocol.RoomID
	now     time.Time
}

func newDirectory(t *testing.T) *directory {
	d := &directory{T: t, path: t.TempDir(), room: protocol.NewRoomID(), now: time.Now()}
	d.records = sqlitetest.Open(t, filepath.Join(d.path, "records.db"))
	var err error
	if d.blobs, err = diskblob.Open(filepath.Join(d.path, "files")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.blobs.Close() })
	d.must(d.records.CreateRoom(t.Context(), store.Room{ID: d.room, App: "app", Name: "a room", CreatedAt: d.now}, 9))
	return d
}

func (d *directory) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

var generous = store.Quota{RoomBytes: 1 << 40, RoomShares: 1 << 20, OpenUploads: 1 << 20}

func (d *directory) draft(size int64) store.Share {
	return store.Share{Share: protocol.Share{
		ID: protocol.NewShareID(), Room: d.room, Name: "a.txt", Size: &size, To: protocol.ToRoom(),
		Sender: protocol.Sender{ID: "ana"}, CreatedAt: d.now, ExpiresAt: d.now.Add(24 * time.Hour),
	}, Reserved: size}
}

// upload makes an upload of a length of which some bytes are acknowledged.
func (d *directory) upload(length int64, acknowledged string) protocol.ShareID {
	d.Helper()
	s := d.draft(length)
	d.must(d.records.CreateShares(d.Context(), []store.Share{s}, generous))
	d.write(s.ID, acknowledged, false)
	sum := sha256.New()
	sum.Write([]byte(acknowledged))
	state, err := sum.(encoding.BinaryMarshaler).MarshalBinary()
	d.must(err)
	d.must(d.records.Checkpoint(d.Context(), s.ID, store.Checkpoint{Offset: int64(len(acknowledged)), Hash: state}, d.now))
	return s.ID
}

func (d *directory) write(id protocol.ShareID, body string, commit bool) {
	d.Helper()
	w, err := d.blobs.Write(d.Context(), blob.Key(id), 0)
	d.must(err)
	defer w.Close()
	_, err = w.Write([]byte(body))
	d.must(err)
	if commit {
		d.must(w.Commit(d.Context()))
	}
}

// file makes a complete file, in a pack or on its own.
func (d *directory) file(body string, packed bool) protocol.ShareID {
	d.Helper()
	s := d.draft(int64(len(body)))
	if packed {
		d.must(d.blobs.Put(d.Context(), blob.Key(s.ID), []byte(body)))
	} else {
		d.write(s.ID, body, true)
	}
	sum := sha256.Sum256([]byte(body))
	s.SHA256 = hex.EncodeToString(sum[:])
	_, err := d.records.Deposit(d.Context(), s, generous)
	d.must(err)
	return s.ID
}

func (d *directory) end(id protocol.ShareID, ago time.Duration) {
	d.Helper()
	_, err := d.records.End(d.Context(), id, protocol.Revoked, "", d.now.Add(-ago))
	d.must(err)
}

func (d *directory) check(quick bool) *verify.Report {
	d.Helper()
	records, err := sqlite.Inspect(d.Context(), filepath.Join(d.path, "records.db"))
	d.must(err)
	defer records.Close()
	report, err := verify.Check{
		Records: records, Quick: quick, Settle: time.Microsecond,
		Blobs: func() (verify.Blobs, error) { return diskblob.Inspect(filepath.Join(d.path, "files")) },
	}.Run(d.Context())
	d.must(err)
	return report
}

// found is what a test looks for.
type found struct {
	Kind verify.Kind
	Of   string // a share, a room, an application or a name
}

func (d *directory) same(report *verify.Report, want ...found) {
	d.Helper()
	var got []found
	for _, f := range report.Findings {
		of := string(f.Share) + f.Name
		if of == "" {
			of = string(f.Room) + f.App
		}
		got = append(got, found{f.Kind, of})
	}
	less := func(a, b found) bool { return a.Of < b.Of }
	if diff := cmp.Diff(want, got, cmpopts.SortSlices(less), cmpopts.EquateEmpty()); diff != "" {
		d.Errorf("findings (-want +got):\n%s", diff)
	}
}

// place is the file of a blob of its own.
func (d *directory) place(id protocol.ShareID) string {
	return filepath.Join(d.path, "files", "blobs", string(id[len(id)-2:]), string(id))
}

// inPack changes bytes of a packed blob behind the store's back.
func (d *directory) inPack(body string) {
	d.Helper()
	packs, err := filepath.Glob(filepath.Join(d.path, "files", "packs", "*"))
	d.must(err)
	for _, pack := range packs {
		data, err := os.ReadFile(pack)
		d.must(err)
		if at := bytes.Index(data, []byte(body)); at >= 0 {
			data[at] ^= 1
			d.must(os.WriteFile(pack, data, 0o600))
			return
		}
	}
	d.Fatal("no pack has it")
}
