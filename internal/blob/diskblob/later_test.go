package diskblob

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/handout-rtc/handout/internal/blob"
)

func openLater(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir, SyncLater)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestWhatIsSyncedLater: nothing before Flush, and all of it by Flush, the bytes
// before the names.
func TestWhatIsSyncedLater(t *testing.T) {
	dir := t.TempDir()
	s := openLater(t, dir)
	keep(t, s, 1, 10) // makes the pack
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	pack := filepath.Join(packsDir, filepath.Base(onlyPack(t, dir)))
	synced := s.syncs()
	if err := s.Put(background, "sh_put", []byte("put")); err != nil {
		t.Fatal(err)
	}
	if err := begin(t, s, "sh_ab").Commit(background); err != nil {
		t.Fatal(err)
	}
	if len(*synced) != 0 {
		t.Errorf("before Flush it syncs %q", *synced)
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	want := []string{pack, "blobs/ab/sh_ab", "blobs", "blobs/ab", "staging"}
	if !slices.Equal(*synced, want) {
		t.Errorf("Flush syncs %q, want %q", *synced, want)
	}
	*synced = nil
	if err := s.Flush(); err != nil || len(*synced) != 0 {
		t.Errorf("with nothing new it syncs %q, %v", *synced, err)
	}
}

func TestWhatWasRemovedNeedsNoSync(t *testing.T) {
	s := openLater(t, t.TempDir())
	keep(t, s, 1, 10)
	if err := begin(t, s, "sh_ab").Commit(background); err != nil {
		t.Fatal(err)
	}
	for _, key := range []blob.Key{"sh_0", "sh_ab"} {
		if err := s.Remove(background, key); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Flush(); err != nil {
		t.Error(err)
	}
}

// TestFilesThatWaitAreBounded: one that finds no place is synced at once.
func TestFilesThatWaitAreBounded(t *testing.T) {
	s := openLater(t, t.TempDir())
	for i := range maxLater {
		s.later.add(blob.Key(fmt.Sprintf("sh_%d", i)))
	}
	synced := s.syncs()
	if err := begin(t, s, "sh_ab").Commit(background); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(*synced, "blobs/ab") {
		t.Errorf("it syncs %q", *synced)
	}
}

func TestAFailedFlushPoisons(t *testing.T) {
	s := openLater(t, t.TempDir())
	keep(t, s, 1, 10)
	s.fsync = func(*os.File) error { return errors.New("the disk fails") }
	if err := s.Flush(); !errors.Is(err, blob.ErrPoisoned) {
		t.Errorf("the flush: %v", err)
	}
	if err := s.Put(background, "sh_next", []byte("x")); !errors.Is(err, blob.ErrPoisoned) {
		t.Errorf("a put after it: %v", err)
	}
}
