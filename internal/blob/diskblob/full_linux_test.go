package diskblob

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// TestADiskWithoutPlaceForFilesIsFull takes the last inodes of a file system that
// has bytes left, and gives them back.
func TestADiskWithoutPlaceForFilesIsFull(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=16m,nr_inodes=2000"); err != nil {
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
			t.Skipf("mounting is not permitted here: %v", err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	s, err := Open(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	wantFree := func(some bool) {
		t.Helper()
		if n, err := s.FreeBytes(); err != nil || (n > 0) != some {
			t.Errorf("%d bytes are free, %v; want some: %t", n, err, some)
		}
	}
	wantFree(true)
	others := filepath.Join(dir, "others")
	if err := os.Mkdir(others, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range leastFiles {
		if err := os.WriteFile(filepath.Join(others, strconv.Itoa(i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantFree(false)
	if err := os.RemoveAll(others); err != nil {
		t.Fatal(err)
	}
	wantFree(true)
}
