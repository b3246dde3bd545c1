package diskblob

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/handout-rtc/handout/internal/blob"
)

func openStore(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// begin writes to a staged blob.
func begin(t *testing.T, s *Store, key blob.Key) *writer {
	t.Helper()
	w, err := s.Write(context.Background(), key, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "kept"); err != nil {
		t.Fatal(err)
	}
	return w.(*writer)
}

// onto has the writer go on with another file.
func (w *writer) onto(t *testing.T, file *os.File) {
	t.Helper()
	w.file.Close()
	w.file = file
}

// unsyncable returns a file that takes bytes and cannot be synced: a pipe.
func unsyncable(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return w
}

func TestAFailedSyncIsNeverBelieved(t *testing.T) {
	ctx := context.Background()
	s := openStore(t)
	if err := begin(t, s, "before").Commit(ctx); err != nil {
		t.Fatal(err)
	}
	bystander, failing := begin(t, s, "bystander"), begin(t, s, "failing")
	if err := s.Healthy(); err != nil {
		t.Fatal(err)
	}
	failing.onto(t, unsyncable(t))
	if err := failing.Commit(ctx); !errors.Is(err, blob.ErrPoisoned) || !errors.Is(err, blob.ErrLost) {
		t.Errorf("the commit whose sync failed: %v", err)
	}
	select {
	case <-s.Poisoned():
	default:
		t.Error("who watches the store does not learn of it")
	}
	if _, err := s.Open(ctx, "failing"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("what could not be synced is final: %v", err)
	}
	if err := s.Healthy(); !errors.Is(err, blob.ErrPoisoned) {
		t.Errorf("health: %v", err)
	}
	if _, err := io.WriteString(bystander, "x"); !errors.Is(err, blob.ErrPoisoned) {
		t.Errorf("another writer writes: %v", err)
	}
	if err := bystander.Commit(ctx); !errors.Is(err, blob.ErrPoisoned) || errors.Is(err, blob.ErrLost) {
		t.Errorf("another writer commits: %v", err)
	}
	if _, err := s.Write(ctx, "after", 0); !errors.Is(err, blob.ErrPoisoned) {
		t.Errorf("a new writer: %v", err)
	}
	r, err := s.Open(ctx, "before")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if data, err := io.ReadAll(r); err != nil || string(data) != "kept" {
		t.Errorf("what was durable reads %q, %v", data, err)
	}
}

// syncs has the store say what it syncs from now on, as paths in its directory.
func (s *Store) syncs() *[]string {
	var names []string
	s.fsync = func(file *os.File) error {
		name, err := filepath.Rel(s.root.Name(), file.Name())
		names = append(names, name)
		return errors.Join(err, file.Sync())
	}
	return &names
}

// TestSettlingSyncsWhatACommitMayHaveLeft finds a file in its final place that
// nobody is known to have synced, as after a kill within Commit.
func TestSettlingSyncsWhatACommitMayHaveLeft(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	first, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := begin(t, first, "sh_ab").Commit(ctx); err != nil {
		t.Fatal(err)
	}
	first.Close()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	synced := s.syncs()
	if err := s.Settle(ctx, "sh_ab"); err != nil {
		t.Fatal(err)
	}
	if want := []string{"blobs/ab/sh_ab", "blobs", "blobs/ab", "staging"}; !slices.Equal(*synced, want) {
		t.Errorf("settling synced %q, want %q", *synced, want)
	}
}

func TestAFailedSettlingIsNeverBelieved(t *testing.T) {
	ctx := context.Background()
	for _, failing := range []string{"blobs/ab/sh_ab", "blobs", "blobs/ab", "staging"} {
		s := openStore(t)
		if err := begin(t, s, "sh_ab").Commit(ctx); err != nil {
			t.Fatal(err)
		}
		s.shards.Clear() // the directory was made by a process that died
		s.fsync = func(file *os.File) error {
			if file.Name() == filepath.Join(s.root.Name(), failing) {
				return syscall.EIO
			}
			return file.Sync()
		}
		for range 2 {
			if err := s.Settle(ctx, "sh_ab"); !errors.Is(err, blob.ErrPoisoned) {
				t.Errorf("settling when syncing %s fails: %v", failing, err)
			}
			s.fsync = (*os.File).Sync
		}
	}
}

// TestAFullDiskCanBeTriedAgain writes to the device that is always full.
func TestAFullDiskCanBeTriedAgain(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no device that is always full")
	}
	s := openStore(t)
	w := begin(t, s, "a")
	w.onto(t, full)
	if n, err := io.WriteString(w, "x"); n != 0 || !errors.Is(err, blob.ErrFull) {
		t.Errorf("wrote %d: %v", n, err)
	}
	w.Close()
	if err := s.Healthy(); err != nil {
		t.Errorf("a full disk poisons the store: %v", err)
	}
	again, err := s.Write(context.Background(), "a", int64(len("kept")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(again, "x"); err != nil {
		t.Fatal(err)
	}
	if err := again.Commit(context.Background()); err != nil {
		t.Errorf("once there is room: %v", err)
	}
}

// TestOnlyFaultsOfTheDiskPoison: after others the next write can be believed.
func TestOnlyFaultsOfTheDiskPoison(t *testing.T) {
	for fault, poisons := range map[syscall.Errno]bool{
		syscall.EIO: true, syscall.EROFS: true, syscall.ESTALE: true, syscall.ENOSPC: false, syscall.EDQUOT: false, syscall.EFBIG: false, syscall.EMFILE: false,
	} {
		s := openStore(t)
		err := s.failed("writing", &os.PathError{Op: "write", Path: "a", Err: fault})
		if errors.Is(err, blob.ErrLost) != poisons || errors.Is(s.Healthy(), blob.ErrPoisoned) != poisons {
			t.Errorf("%v: %v, health %v", fault, err, s.Healthy())
		}
	}
}
