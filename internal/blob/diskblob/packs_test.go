package diskblob

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/handout-rtc/handout/internal/blob"
)

var background = context.Background()

// keep puts blobs of distinct bytes and returns them.
func keep(t *testing.T, s *Store, n, size int) map[blob.Key][]byte {
	t.Helper()
	kept := make(map[blob.Key][]byte, n)
	for i := range n {
		key := blob.Key(fmt.Sprintf("sh_%d", i))
		kept[key] = bytes.Repeat([]byte(fmt.Sprintf("<%s>", key)), size/4+1)[:size]
		if err := s.Put(background, key, kept[key]); err != nil {
			t.Fatal(err)
		}
	}
	return kept
}

// onlyPack returns the path of the store's pack.
func onlyPack(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, packsDir, "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the packs are %q, %v", found, err)
	}
	return found[0]
}

// reopen opens the directory as another process would, and returns what the
// store has of each key, nil for what it says is lost or not there.
func reopen(t *testing.T, dir string) (*Store, map[blob.Key][]byte) {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	found := map[blob.Key][]byte{}
	for info, err := range s.List(background) {
		if err != nil {
			t.Fatal(err)
		}
		found[info.Key] = contents(t, s, info.Key)
	}
	return s, found
}

func contents(t *testing.T, s *Store, key blob.Key) []byte {
	t.Helper()
	r, err := s.Open(background, key)
	if errors.Is(err, blob.ErrLost) || errors.Is(err, blob.ErrNotFound) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestPacksAreReadAtTheStart(t *testing.T) {
	dir := t.TempDir()
	for round := range 3 {
		s, found := reopen(t, dir)
		if len(found) != 5*round {
			t.Fatalf("round %d begins with %d blobs", round, len(found))
		}
		for i := range 5 {
			key := blob.Key(fmt.Sprintf("sh_%d_%d", round, i))
			if err := s.Put(background, key, []byte(key)); err != nil {
				t.Fatal(err)
			}
		}
		for key, data := range found {
			if string(data) != string(key) {
				t.Errorf("%s reads %q", key, data)
			}
		}
		s.Close()
	}
}

// TestATornTail cuts a pack off at every byte of its last entry: what was before
// is there, and the last is there whole or not at all.
func TestATornTail(t *testing.T) {
	dir := t.TempDir()
	s, _ := reopen(t, dir)
	kept := keep(t, s, 3, 30)
	last := s.packs.index["sh_2"]
	s.Close()
	name := onlyPack(t, dir)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for size := last.at; size <= int64(len(whole)); size++ {
		at := t.TempDir()
		copyPack(t, at, filepath.Base(name), whole[:size])
		s, found := reopen(t, at)
		if size < int64(len(whole)) {
			if found["sh_2"] != nil {
				t.Fatalf("of %d bytes the last blob is %q", size, found["sh_2"])
			}
		} else if !bytes.Equal(found["sh_2"], kept["sh_2"]) {
			t.Fatal("the last blob of the whole pack is lost")
		}
		if !bytes.Equal(found["sh_0"], kept["sh_0"]) || !bytes.Equal(found["sh_1"], kept["sh_1"]) {
			t.Fatalf("cut at %d, what was before is lost", size)
		}
		if err := s.Put(background, "sh_new", []byte("new")); err != nil || string(contents(t, s, "sh_new")) != "new" {
			t.Fatalf("cut at %d, the store takes no more: %v", size, err)
		}
		s.Close()
	}
}

func copyPack(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, packsDir), dirMode); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, packsDir, name), data, fileMode); err != nil {
		t.Fatal(err)
	}
}

// TestDamageCostsOneBlobAtMost flips every byte of an entry: it reads as it was,
// or it is lost; its neighbours are there.
func TestDamageCostsOneBlobAtMost(t *testing.T) {
	dir := t.TempDir()
	s, _ := reopen(t, dir)
	kept := keep(t, s, 3, 30)
	hurt := s.packs.index["sh_1"]
	s.Close()
	name := onlyPack(t, dir)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lost := 0
	for at := hurt.at; at < hurt.at+hurt.span(); at++ {
		for _, flip := range []byte{0x01, 0xff} {
			damaged := slices.Clone(whole)
			damaged[at] ^= flip
			dir := t.TempDir()
			copyPack(t, dir, filepath.Base(name), damaged)
			s, found := reopen(t, dir)
			if got := found["sh_1"]; got == nil {
				lost++
			} else if !bytes.Equal(got, kept["sh_1"]) {
				t.Fatalf("with byte %d flipped, the blob is %q", at-hurt.at, got)
			}
			delete(found, "sh_1")
			for key := range found {
				if !bytes.Equal(found[key], kept[key]) {
					t.Fatalf("with byte %d flipped, %s is %q", at-hurt.at, key, found[key])
				}
			}
			if len(found) != 2 {
				t.Fatalf("with byte %d flipped, there are %v", at-hurt.at, slices.Collect(maps.Keys(found)))
			}
			s.Close()
		}
	}
	if lost == 0 {
		t.Error("no damage was noticed")
	}
}

// TestAWriterThatDiedLeavesAGap: others that had a place behind it had been
// acknowledged.
func TestAWriterThatDiedLeavesAGap(t *testing.T) {
	dir := t.TempDir()
	s, _ := reopen(t, dir)
	if err := s.Put(background, "sh_before", []byte("before")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.packs.reserve(entry{key: "sh_dead", size: 40 << 10}); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(background, "sh_after", []byte("after")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	_, found := reopen(t, dir)
	if len(found) != 2 || string(found["sh_before"]) != "before" || string(found["sh_after"]) != "after" {
		t.Errorf("there are %q", found)
	}
}

// TestWhatIsUploadedIsNoEntry: bytes that look like an entry do not pass for one,
// not even where the entry that they are in is damaged.
func TestWhatIsUploadedIsNoEntry(t *testing.T) {
	dir := t.TempDir()
	s, _ := reopen(t, dir)
	forged := entry{key: "sh_victim", size: 4, sum: sumOf([]byte("evil"))}.append(nil, "anothername", []byte("evil"))
	padding := make([]byte, entryAlign-entryHead-len("sh_attacker"))
	if err := s.Put(background, "sh_attacker", append(padding, forged...)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	name := onlyPack(t, dir)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if binary.LittleEndian.Uint32(data[entryAlign:]) != entryMagic {
		t.Fatal("the forged entry is not where one could be")
	}
	data[0] ^= 1
	if err := os.WriteFile(name, data, fileMode); err != nil {
		t.Fatal(err)
	}
	if _, found := reopen(t, dir); len(found) != 0 {
		t.Errorf("there are %q", found)
	}
}

func TestAFailedSyncOfAPackIsNeverBelieved(t *testing.T) {
	s := openStore(t)
	keep(t, s, 1, 10)
	s.fsync = func(*os.File) error { return errors.New("the disk fails") }
	if err := s.Put(background, "sh_failed", []byte("x")); !errors.Is(err, blob.ErrPoisoned) {
		t.Errorf("the put whose sync failed: %v", err)
	}
	if contents(t, s, "sh_failed") != nil {
		t.Error("what could not be synced is there")
	}
	s.fsync = (*os.File).Sync
	if err := s.Put(background, "sh_later", []byte("x")); !errors.Is(err, blob.ErrPoisoned) {
		t.Errorf("a later put: %v", err)
	}
	if err := s.Healthy(); !errors.Is(err, blob.ErrPoisoned) {
		t.Errorf("health: %v", err)
	}
}

// TestAPowerCutKeepsWhatWasAcknowledged: whenever it comes, and whatever of what
// was not synced it takes.
func TestAPowerCutKeepsWhatWasAcknowledged(t *testing.T) {
	dir := t.TempDir()
	s, _ := reopen(t, dir)
	var mu sync.Mutex
	synced := int64(0)
	var acknowledged []blob.Key
	type cut struct {
		size int64
		want []blob.Key
	}
	var cuts []cut
	s.fsync = func(file *os.File) error {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		if err := file.Sync(); err != nil || info.IsDir() {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		cuts = append(cuts, cut{synced, slices.Clone(acknowledged)}) // as if it came just before
		synced = max(synced, info.Size())
		return nil
	}
	var writers sync.WaitGroup
	for lane := range 6 {
		writers.Go(func() {
			for i := range 30 {
				key := blob.Key(fmt.Sprintf("sh_%d_%d", lane, i))
				if err := s.Put(background, key, bytes.Repeat([]byte(key), 20)); err != nil {
					t.Error(err)
				}
				mu.Lock()
				acknowledged = append(acknowledged, key)
				mu.Unlock()
			}
		})
	}
	writers.Wait()
	cuts = append(cuts, cut{synced, acknowledged})
	s.Close()
	name := onlyPack(t, dir)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cuts {
		if i%5 != 0 && i != len(cuts)-1 {
			continue
		}
		at := t.TempDir()
		copyPack(t, at, filepath.Base(name), whole[:c.size])
		s, found := reopen(t, at)
		for _, key := range c.want {
			if !bytes.Equal(found[key], bytes.Repeat([]byte(key), 20)) {
				t.Fatalf("cut %d at %d bytes: %s was acknowledged and is lost", i, c.size, key)
			}
		}
		s.Close()
	}
}
