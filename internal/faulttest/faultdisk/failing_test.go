package faultdisk_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/internal/faulttest/faultdisk"
	"github.com/handout-rtc/handout/protocol"
)

const (
	kib = 1 << 10
	mib = 1 << 20
)

var everybody = protocol.Audience{Room: true}

// failing is a server with files that are complete, and two uploads that have half
// of their bytes, before the disk fails.
type failing struct {
	*faulttest.Server
	room              *faulttest.Room
	ana               *faulttest.Client
	kept              map[protocol.ShareID]faulttest.File
	victim, other     faulttest.File
	toVictim, toOther string
}

func newFailing(t *testing.T) *failing {
	journal := faulttest.NewJournal(t)
	f := &failing{
		Server: faulttest.Start(t, faulttest.Config{Path: faulttest.Build(t), Args: []string{"--dev"}, Journal: journal}),
		kept:   make(map[protocol.ShareID]faulttest.File),
		victim: faulttest.File{Name: "victim", Size: mib, Seed: 1}, other: faulttest.File{Name: "other", Size: mib, Seed: 2},
	}
	f.room = faulttest.MakeRoom(t, f.URL(), journal)
	f.ana = f.room.Enter(t, "ana")
	for _, file := range []faulttest.File{{Name: "packed", Size: 10 * kib, Seed: 3}, {Name: "put", Size: 200 * kib, Seed: 4}, {Name: "sent", Size: 2 * mib, Seed: 5}} {
		way := faulttest.ByDeposit
		if file.Size > mib {
			way = faulttest.ByTus
		}
		id, err := f.ana.SendBy(t.Context(), way, file, everybody)
		if err != nil {
			t.Fatal(err)
		}
		f.kept[id] = file
	}
	f.toVictim, f.toOther = begin(t, f.ana, f.victim), begin(t, f.ana, f.other)
	for path, file := range map[string]faulttest.File{f.toVictim: f.victim, f.toOther: f.other} {
		if err := push(t, f.ana, path, file, 0, mib/2); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// wantUnhealthy: the server says so, takes nothing new, and serves what it has.
func (f *failing) wantUnhealthy(t *testing.T, why string) {
	t.Helper()
	if status, detail := ready(t, f.Server); status != http.StatusServiceUnavailable || !strings.Contains(detail, why) {
		t.Errorf("readiness: %d %q, want 503 because %q", status, detail, why)
	}
	_, err := f.ana.Ask(t.Context(), http.MethodPost, "/v1/rooms/"+string(f.ana.Room)+"/shares",
		map[string]any{"to": "room", "files": []any{map[string]any{"name": "new", "size": 5}}}, nil)
	wantCode(t, "an offer", err, http.StatusServiceUnavailable, protocol.CodeUnavailable)
	_, err = f.ana.Do(t.Context(), http.MethodPost, "/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", "5")
	wantCode(t, "a new upload", err, http.StatusServiceUnavailable, protocol.CodeUnavailable)
	_, err = f.ana.Do(t.Context(), http.MethodPost, "/uploads", strings.NewReader("12345"),
		"Tus-Resumable", "1.0.0", "Upload-Length", "5", "Content-Type", "application/offset+octet-stream")
	wantCode(t, "a file that comes with its offer", err, http.StatusServiceUnavailable, protocol.CodeUnavailable)
	wantCode(t, "another upload", push(t, f.ana, f.toOther, f.other, mib/2, mib/2), http.StatusServiceUnavailable, protocol.CodeUnavailable)
	for id, file := range f.kept {
		wantFile(t, f.ana, id, file)
	}
}

// leave puts bytes behind those of the other upload, as a process does that dies in
// an append. The next one believes them, but not after the disk has failed.
func (f *failing) leave(t *testing.T) {
	t.Helper()
	staged, err := os.OpenFile(filepath.Join(f.Data, "files", "staging", string(shareOf(f.toOther))), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer staged.Close()
	if _, err := staged.WriteString("what nobody has acknowledged"); err != nil {
		t.Fatal(err)
	}
}

// wantHealthy: after a restart the server takes what is new, goes on with the other
// upload, of which so much has come, and has all that was complete. Then nothing that
// was recorded contradicts an invariant.
func (f *failing) wantHealthy(t *testing.T, came int64) {
	t.Helper()
	if status, detail := ready(t, f.Server); status != http.StatusOK {
		t.Errorf("readiness after the restart: %d %q", status, detail)
	}
	if at, err := offset(t, f.ana, f.toOther); at != came {
		t.Errorf("the other upload is at %d, %v", at, err)
	}
	if came < f.other.Size {
		if err := push(t, f.ana, f.toOther, f.other, came, f.other.Size-came); err != nil {
			t.Errorf("the other upload: %v", err)
		}
	}
	f.kept[shareOf(f.toOther)] = f.other
	for id, file := range f.kept {
		wantFile(t, f.ana, id, file)
	}
	file := faulttest.File{Name: "new", Size: 5 * kib, Seed: 9}
	id, err := f.ana.SendBy(t.Context(), faulttest.ByDeposit, file, everybody)
	if err != nil {
		t.Errorf("a new file: %v", err)
	}
	wantFile(t, f.ana, id, file)
	f.Journal.Over()
	faulttest.Verdict(t, f.Server, faulttest.Rules{MayLose: true}, f.room)
}

// TestF6_ADiskThatFailsIsNeverBelieved has one call on one file fail: its upload fails,
// the server takes nothing more, also when the disk does what it is told again, and
// is as before when it is restarted.
func TestF6_ADiskThatFailsIsNeverBelieved(t *testing.T) {
	for name, fault := range map[string]struct{ what, file string }{
		"a sync":  {"fsync:error=EIO", "staging/ID"},
		"a write": {"pwrite64:error=EIO", "staging/ID"},
		"a write to a disk that turned read-only": {"pwrite64:error=EROFS", "staging/ID"},
		"the sync of a new name":                  {"fsync:error=EIO", "blobs/TAIL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFailing(t)
			id := string(shareOf(f.toVictim))
			file := strings.NewReplacer("ID", id, "TAIL", id[len(id)-2:]).Replace(fault.file)
			heal := faultdisk.Fail(t, f.PID(), fault.what, filepath.Join(f.Data, "files", file))
			wantCode(t, "the append that the disk failed", push(t, f.ana, f.toVictim, f.victim, mib/2, mib/2), http.StatusGone, protocol.CodeShareEnded)
			f.wantUnhealthy(t, "poisoned")
			if times := heal(); times != 1 {
				t.Errorf("the disk has failed %d times, want 1: nothing is tried again", times)
			}
			f.wantUnhealthy(t, "poisoned")
			f.Stop(t)
			f.leave(t)
			f.Restart(t)
			_, err := offset(t, f.ana, f.toVictim)
			wantCode(t, "the upload that the disk failed", err, http.StatusGone, protocol.CodeShareEnded)
			if share, err := f.ana.Share(t.Context(), shareOf(f.toVictim)); share.State != protocol.Failed || share.Reason != string(protocol.CodeStorageFailed) {
				t.Errorf("it is %s for %s, %v", share.State, share.Reason, err)
			}
			f.wantHealthy(t, mib/2)
		})
	}
}

// TestF6_APackThatFailsIsNeverBelieved is the same for small files that come whole.
func TestF6_APackThatFailsIsNeverBelieved(t *testing.T) {
	for name, what := range map[string]string{"a sync": "fsync:error=EIO", "a write": "pwrite64:error=EIO"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFailing(t)
			packs, err := filepath.Glob(filepath.Join(f.Data, "files", "packs", "*"))
			if err != nil || len(packs) != 1 {
				t.Fatalf("the packs are %q, %v", packs, err)
			}
			heal := faultdisk.Fail(t, f.PID(), what, packs[0])
			_, err = f.ana.Do(t.Context(), http.MethodPost, "/uploads", strings.NewReader("12345"),
				"Tus-Resumable", "1.0.0", "Upload-Length", "5", "Content-Type", "application/offset+octet-stream")
			wantCode(t, "the file that the disk failed", err, http.StatusInternalServerError, protocol.CodeStorageFailed)
			f.wantUnhealthy(t, "poisoned")
			if times := heal(); times < 1 {
				t.Error("the disk has not failed")
			}
			f.wantUnhealthy(t, "poisoned")
			f.Stop(t)
			f.leave(t)
			f.Restart(t)
			f.wantHealthy(t, mib/2)
		})
	}
}

// TestF6_RecordsThatCannotBeWrittenAreNeverBelieved has the database's log fail.
func TestF6_RecordsThatCannotBeWrittenAreNeverBelieved(t *testing.T) {
	for name, what := range map[string]string{"a sync": "fsync,fdatasync:error=EIO", "a write": "pwrite64:error=EIO"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFailing(t)
			heal := faultdisk.Fail(t, f.PID(), what, filepath.Join(f.Data, "handout.db-wal"))
			wantCode(t, "the append whose record fails", push(t, f.ana, f.toVictim, f.victim, mib/2, mib/2), http.StatusServiceUnavailable, protocol.CodeUnavailable)
			f.wantUnhealthy(t, "records")
			if times := heal(); times < 1 {
				t.Error("the disk has not failed")
			}
			f.wantUnhealthy(t, "records")
			f.Stop(t)
			f.Restart(t)
			// What was refused may have happened, or be done by asking again.
			if at, err := offset(t, f.ana, f.toVictim); err != nil || at != mib {
				t.Errorf("the upload is at %d, %v: all its bytes had come", at, err)
			}
			f.kept[shareOf(f.toVictim)] = f.victim
			f.wantHealthy(t, mib) // the bytes came, only their record was refused
		})
	}
}

// TestF6_AShortWriteIsCounted gives the server a limit for files that lies within a
// write: the write is short, and the rest of it fails. What counts of it is there.
func TestF6_AShortWriteIsCounted(t *testing.T) {
	const blocks, limit = "20000", 20000 * 512
	journal := faulttest.NewJournal(t)
	server := faulttest.Start(t, faulttest.Config{
		Path: faulttest.Build(t), Args: []string{"--dev"}, Journal: journal,
		Wrap: []string{"sh", "-c", "ulimit -f " + blocks + ` && exec "$0" "$@"`},
	})
	ana := faulttest.MakeRoom(t, server.URL(), journal).Enter(t, "ana")
	file := faulttest.File{Name: "large", Size: 12 * mib, Seed: 1}
	path := begin(t, ana, file)
	wantCode(t, "the append that is too long", push(t, ana, path, file, 0, file.Size), http.StatusInternalServerError, protocol.CodeStorageFailed)
	at, err := offset(t, ana, path)
	if err != nil || at > limit || at < limit-256*kib { // a block of the server's
		t.Errorf("the upload is at %d, %v", at, err)
	}
	if status, detail := ready(t, server); status != http.StatusOK {
		t.Errorf("readiness: %d %q", status, detail)
	}
	server.Stop(t)
	server.Wrap = nil
	server.Restart(t)
	if again, err := offset(t, ana, path); again != at {
		t.Errorf("the upload was at %d, and after the restart it is at %d, %v", at, again, err)
	}
	if err := push(t, ana, path, file, at, file.Size-at); err != nil {
		t.Error(err)
	}
	wantFile(t, ana, shareOf(path), file)
}
