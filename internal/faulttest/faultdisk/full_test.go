package faultdisk_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/internal/faulttest/faultdisk"
	"github.com/handout-rtc/handout/protocol"
)

// fill writes a file until the disk is full, to the last block.
func fill(t *testing.T, name string) {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for size := mib; size > 0; {
		if _, err = file.Write(make([]byte, size)); err != nil {
			size /= 16 // what is left may take a smaller piece
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk: %v", err)
	}
}

// TestF5_AFullDisk offers more than a disk of 64 MiB takes, and then has somebody else
// fill it to the last block in the middle of uploads: whatever is asked is done or
// refused as storage-full, and all goes on when there is space again.
func TestF5_AFullDisk(t *testing.T) {
	disk := faultdisk.Small(t, "64")
	journal := faulttest.NewJournal(t)
	server := faulttest.Start(t, faulttest.Config{
		Path: faulttest.Build(t), Args: []string{"--dev", "--data", filepath.Join(disk, "data"), "--min-free", "4MiB"}, Journal: journal,
	})
	room := faulttest.MakeRoom(t, server.URL(), journal)
	ana := room.Enter(t, "ana")

	small, err := ana.SendBy(t.Context(), faulttest.ByDeposit, faulttest.File{Name: "small", Size: 1000, Seed: 99}, everybody)
	if err != nil {
		t.Fatal(err)
	}

	paths := make(map[string]faulttest.File)
	for n := range uint64(7) { // 70 MiB
		file := faulttest.File{Name: fmt.Sprint("large-", n), Size: 10 * mib, Seed: n}
		path, err := tryBegin(t, ana, file)
		if n < 5 {
			if err != nil {
				t.Fatalf("upload %d: %v", n, err)
			}
			paths[path] = file
			continue
		}
		if n == 6 {
			wantCode(t, "an upload beyond the disk", err, http.StatusInsufficientStorage, protocol.CodeStorageFull)
		}
	}
	for path, file := range paths {
		if err := push(t, ana, path, file, 0, 3*mib); err != nil {
			t.Fatal(err)
		}
	}

	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	journal.Fault("full", "")
	if status, detail := ready(t, server); status != http.StatusServiceUnavailable || !strings.Contains(detail, "the disk is full: no new files") {
		t.Errorf("readiness of a full disk: %d %q", status, detail)
	}
	for path, file := range paths {
		wantCode(t, "an append to a full disk", push(t, ana, path, file, 3*mib, file.Size-3*mib), http.StatusInsufficientStorage, protocol.CodeStorageFull)
	}
	fullRecords(t, ana, small)

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	until(t, "readiness with space again", func() bool { // the audit log looks once a second
		status, _ := ready(t, server)
		return status == http.StatusOK
	})
	for path, file := range paths {
		at, err := offset(t, ana, path)
		if err != nil || at < 3*mib {
			t.Errorf("%s is at %d, %v", file.Name, at, err)
		}
		if err := push(t, ana, path, file, at, file.Size-at); err != nil {
			t.Errorf("%s with space again: %v", file.Name, err)
		}
		wantFile(t, ana, shareOf(path), file)
	}
	journal.Over()
	faulttest.Verdict(t, server, faulttest.Rules{}, room)
}

// fullRecords has the database meet the full disk: each change is made, as long as
// its log has place that it had before, or is refused as storage-full.
func fullRecords(t *testing.T, c *faulttest.Client, of protocol.ShareID) {
	t.Helper()
	refused := 0
	for n := 0; n < 2000 && refused < 5; n++ {
		_, err := c.Ask(t.Context(), http.MethodPost, "/v1/shares/"+string(of)+"/tickets", nil, nil)
		if err == nil {
			continue
		}
		refused++
		wantCode(t, "a record on a full disk", err, http.StatusInsufficientStorage, protocol.CodeStorageFull)
	}
	if refused == 0 {
		t.Error("the database has not met the full disk")
	}
}
