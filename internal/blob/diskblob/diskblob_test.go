package diskblob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/blob/blobtest"
	"github.com/handout-rtc/handout/internal/blob/diskblob"
)

func open(t testing.TB, dir string, options ...diskblob.Option) *diskblob.Store {
	t.Helper()
	s, err := diskblob.Open(dir, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	blobtest.RunLocal(t, func(t testing.TB) blob.Store { return open(t, t.TempDir()) })
}

func TestPutConformance(t *testing.T) {
	blobtest.RunPut(t, func(t testing.TB) blobtest.PutStore { return open(t, t.TempDir()) })
}

// TestConformanceOfOneThatSyncsLater: what it promises but for a power cut is the
// same.
func TestConformanceOfOneThatSyncsLater(t *testing.T) {
	blobtest.RunLocal(t, func(t testing.TB) blob.Store { return open(t, t.TempDir(), diskblob.SyncLater) })
	blobtest.RunPut(t, func(t testing.TB) blobtest.PutStore { return open(t, t.TempDir(), diskblob.SyncLater) })
}

func put(t *testing.T, s blob.Store, key blob.Key, data []byte) {
	t.Helper()
	w, err := s.Write(context.Background(), key, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestBlobsSurviveReopening(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir)
	put(t, first, "final", []byte("kept"))
	w, err := first.Write(context.Background(), "staged", 0)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "half") // and no Close: the process dies
	first.Close()

	second := open(t, dir)
	for key, openIt := range map[blob.Key]func(context.Context, blob.Key) (blob.Reader, error){"final": second.Open, "staged": second.OpenStaged} {
		r, err := openIt(context.Background(), key)
		if err != nil {
			t.Fatal(err)
		}
		if data, err := io.ReadAll(r); err != nil || len(data) != 4 {
			t.Errorf("%s: %q, %v", key, data, err)
		}
		r.Close()
	}
}

func TestFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "blobs")
	put(t, open(t, dir), "sh_ab", []byte("x"))
	err := filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheReaderIsTheFile(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "a", []byte("x"))
	r, err := s.Open(context.Background(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, ok := r.(*os.File); !ok {
		t.Errorf("the reader is a %T, which the kernel cannot send", r)
	}
}

// TestPlantedLinksLeadNowhere puts symbolic links where blobs go.
func TestPlantedLinksLeadNowhere(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(outside, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := open(t, dir)
	for _, name := range []string{"staging/sh_zz", "blobs/zz"} {
		if err := os.Symlink(outside, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if w, err := s.Write(context.Background(), "sh_zz", 0); err == nil {
		w.Close()
		t.Error("a writer follows a planted link")
	}
	if r, err := s.OpenStaged(context.Background(), "sh_zz"); err == nil {
		r.Close()
		t.Error("a reader follows a planted link")
	}
	w, err := s.Write(context.Background(), "sh_yzz", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(context.Background()); err == nil {
		t.Error("a commit follows a planted directory")
	}
	if data, err := os.ReadFile(outside); err != nil || string(data) != "precious" {
		t.Errorf("the file outside is %q, %v", data, err)
	}
	testLinksToOtherBlobs(t, s, dir)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if s, err := diskblob.Open(link); err == nil {
		s.Close()
		t.Error("a linked directory is opened")
	}
}

// testLinksToOtherBlobs plants links that stay within the directory.
func testLinksToOtherBlobs(t *testing.T, s *diskblob.Store, dir string) {
	t.Helper()
	put(t, s, "sh_victim", []byte("precious"))
	for name, target := range map[string]string{
		"staging/sh_in": "../blobs/im/sh_victim", "blobs/im/sh_im": "sh_victim", "blobs/in": "im",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if w, err := s.Write(context.Background(), "sh_in", 0); err == nil {
		w.Close()
		t.Error("a writer follows a link to another blob")
	}
	if r, err := s.Open(context.Background(), "sh_im"); err == nil {
		r.Close()
		t.Error("a reader follows a link to another blob")
	}
	w, err := s.Write(context.Background(), "sh_yin", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(context.Background()); err == nil {
		t.Error("a commit follows a link to another directory")
	}
	r, err := s.Open(context.Background(), "sh_victim")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if data, err := io.ReadAll(r); err != nil || string(data) != "precious" {
		t.Errorf("the other blob is %q, %v", data, err)
	}
}

func TestNoBlocksStayBeyondTheEnd(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	data := make([]byte, 3<<20)
	put(t, s, "sh_ab", data)
	w, err := s.Write(context.Background(), "sh_cd", 0)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(data)
	w.Close()
	for _, name := range []string{"blobs/ab/sh_ab", "staging/sh_cd"} {
		if held := heldBytes(t, filepath.Join(dir, name)); held > int64(len(data))+64<<10 {
			t.Errorf("%s holds %d bytes for %d", name, held, len(data))
		}
	}
}

// TestADeadWritersBlocksAreGivenBack leaves a writer open, as a process does
// that dies, and lets the next one commit without a byte more.
func TestADeadWritersBlocksAreGivenBack(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	data := make([]byte, 3<<20)
	dead, err := s.Write(context.Background(), "sh_ab", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer dead.Close()
	if _, err := dead.Write(data); err != nil {
		t.Fatal(err)
	}
	next, err := s.Write(context.Background(), "sh_ab", int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	if held := heldBytes(t, filepath.Join(dir, "blobs/ab/sh_ab")); held > int64(len(data))+64<<10 {
		t.Errorf("the blob holds %d bytes for %d", held, len(data))
	}
}

// heldBytes returns what the file's blocks take on the disk.
func heldBytes(t *testing.T, name string) int64 {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Blocks * 512
}

func TestFreeBytes(t *testing.T) {
	if n, err := open(t, t.TempDir()).FreeBytes(); err != nil || n <= 0 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func FuzzKey(f *testing.F) {
	for _, seed := range []string{"sh_a", "../../etc/passwd", "..", "a/../../b", "\x00", "A", strings.Repeat("a", 65)} {
		f.Add(seed)
	}
	dir := f.TempDir()
	s := open(f, filepath.Join(dir, "blobs"))
	f.Fuzz(func(t *testing.T, name string) {
		key := blob.Key(name)
		w, err := s.Write(context.Background(), key, 0)
		if errors.Is(err, blob.ErrKey) != !key.Valid() {
			t.Fatalf("%q: %v", name, err)
		}
		if err == nil {
			if err := w.Commit(context.Background()); err != nil {
				t.Fatal(err)
			}
			if err := s.Remove(context.Background(), key); err != nil {
				t.Fatal(err)
			}
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Fatalf("%q left the root: %v, %v", name, entries, err)
		}
	})
}

// lockedDir tells the test binary to try for a lock and exit with the outcome.
const lockedDir = "HANDOUT_TEST_LOCK_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(lockedDir); dir != "" {
		if _, err := diskblob.LockDir(dir); err != nil {
			os.Stdout.WriteString(err.Error())
			os.Exit(3)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestOneServerPerDirectory(t *testing.T) {
	dir := t.TempDir()
	unlock, err := diskblob.LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := diskblob.LockDir(dir); err == nil {
		t.Error("the same process locks it twice")
	}
	other := func() ([]byte, error) {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), lockedDir+"="+dir)
		return command.Output()
	}
	if said, err := other(); err == nil || !bytes.Contains(said, []byte(dir)) {
		t.Errorf("another process says %q, %v", said, err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if said, err := other(); err != nil {
		t.Errorf("after unlocking another process says %q, %v", said, err)
	}
}

// TestADataDirectoryThatIsALinkIsRefused: who may change the link would choose
// where the files go.
func TestADataDirectoryThatIsALinkIsRefused(t *testing.T) {
	link := filepath.Join(t.TempDir(), "data")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	if unlock, err := diskblob.LockDir(link); err == nil {
		t.Error("it is taken", unlock())
	}
	if s, err := diskblob.Open(link); err == nil {
		t.Error("it is opened", s.Close())
	}
}
