package faultdisk_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/handout-rtc/handout/internal/faulttest/faultdisk"
)

// TestACutLeavesWhatWasSyncedAlone is what makes a cut a power cut: without it the
// test of one could not fail.
func TestACutLeavesWhatWasSyncedAlone(t *testing.T) {
	disk := faultdisk.New(t)
	text := bytes.Repeat([]byte("kept"), 10_000)
	dir, err := os.Open(disk.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	for _, name := range []string{"synced", "not synced"} {
		file, err := os.Create(filepath.Join(disk.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := file.Write(text); err != nil {
			t.Fatal(err)
		}
		if name == "synced" {
			if err := errors.Join(file.Sync(), dir.Sync()); err != nil {
				t.Fatal(err)
			}
		}
	}
	cut, unmount := disk.Cut(t).Mount(t)
	defer unmount()
	if got, err := os.ReadFile(filepath.Join(cut, "synced")); !bytes.Equal(got, text) {
		t.Errorf("what was synced has %d bytes of %d, %v", len(got), len(text), err)
	}
	if got, err := os.ReadFile(filepath.Join(cut, "not synced")); bytes.Equal(got, text) {
		t.Errorf("what was not synced is there: %d bytes, %v", len(got), err)
	}
	if got, err := os.ReadFile(filepath.Join(disk.Dir, "not synced")); !bytes.Equal(got, text) {
		t.Errorf("the disk itself has lost %d bytes to %d, %v", len(text), len(got), err)
	}
}
