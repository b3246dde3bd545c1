package diskblob

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/handout-rtc/handout/internal/blob"
)

// TestGoneFromThePackMeansGone looks for the bytes of a removed blob where they
// were, before and after another process has read the pack.
func TestGoneFromThePackMeansGone(t *testing.T) {
	dir := t.TempDir()
	s, _ := reopen(t, dir)
	kept := keep(t, s, 3, 10<<10)
	name := onlyPack(t, dir)
	before, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(background, "sh_1"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(name)
	if err != nil || bytes.Contains(data, kept["sh_1"][:8]) || !bytes.Contains(data, kept["sh_0"]) || !bytes.Contains(data, kept["sh_2"]) {
		t.Errorf("after the removal the pack has the wrong bytes (%v)", err)
	}
	if after, err := os.Stat(name); err != nil || after.Size() != before.Size() {
		t.Errorf("the pack has become another: %v", err)
	}
	s.Close()
	s, found := reopen(t, dir)
	if len(found) != 2 || found["sh_1"] != nil {
		t.Errorf("another process finds %d blobs", len(found))
	}
	for _, key := range []blob.Key{"sh_0", "sh_2"} {
		if err := s.Remove(background, key); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a pack with nothing left in it is there: %v", err)
	}
}

// TestARemovalThatWasCutOff: the bytes went and the head does not say so yet. It
// is found, so that it can be removed again.
func TestARemovalThatWasCutOff(t *testing.T) {
	dir := t.TempDir()
	s, _ := reopen(t, dir)
	keep(t, s, 2, 10<<10)
	at := s.packs.index["sh_0"]
	if err := punch(at.pack.file, at.at+at.dataAt(), int64(at.size)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s, found := reopen(t, dir)
	if data, listed := found["sh_0"]; !listed || data != nil {
		t.Errorf("it is listed: %v, and reads %d bytes", listed, len(data))
	}
	if err := s.Remove(background, "sh_0"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, found := reopen(t, dir); len(found) != 1 {
		t.Errorf("there are %d blobs", len(found))
	}
}

func TestPacksAreBounded(t *testing.T) {
	dir := t.TempDir()
	s, _ := reopen(t, dir)
	keep(t, s, 1, 10)
	s.packs.active.end = packSize - 100
	if err := s.Put(background, "sh_next", make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if found, err := filepath.Glob(filepath.Join(dir, packsDir, "*")); err != nil || len(found) != 2 {
		t.Errorf("the packs are %q, %v", found, err)
	}
	if err := s.Remove(background, "sh_0"); err != nil {
		t.Fatal(err)
	}
	onlyPack(t, dir) // the first one is full and empty
}

// TestWhatAPowerCutBringsBackGoesAgain puts the bytes of a removed blob back where
// they were, as a power cut does that came after the head said so, and leaves some
// of a blob whose writer died: the next process takes both out, and nothing else.
func TestWhatAPowerCutBringsBackGoesAgain(t *testing.T) {
	dir := t.TempDir()
	s, _ := reopen(t, dir)
	kept := keep(t, s, 3, 10<<10)
	at := s.packs.index["sh_1"]
	if err := s.Remove(background, "sh_1"); err != nil {
		t.Fatal(err)
	}
	back := []byte("these bytes were said to be gone")
	if _, err := at.pack.file.WriteAt(back, at.at+at.dataAt()); err != nil {
		t.Fatal(err)
	}
	torn, err := s.packs.reserve(entry{key: "sh_torn", size: 40 << 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := at.pack.file.WriteAt(back, torn.at+torn.dataAt()); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s, found := reopen(t, dir)
	defer s.Close()
	if len(found) != 2 || !bytes.Equal(found["sh_0"], kept["sh_0"]) || !bytes.Equal(found["sh_2"], kept["sh_2"]) {
		t.Errorf("there are %d blobs, or others", len(found))
	}
	data, err := os.ReadFile(onlyPack(t, dir))
	if err != nil || bytes.Contains(data, back) {
		t.Errorf("what was gone is back (%v)", err)
	}
}
