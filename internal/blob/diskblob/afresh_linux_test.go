package diskblob

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// cached reports whether the kernel has the beginning of the file in memory.
func cached(t *testing.T, name string) bool {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	_, err = unix.Preadv2(int(file.Fd()), [][]byte{make([]byte, 1)}, 0, unix.RWF_NOWAIT)
	if errors.Is(err, unix.EOPNOTSUPP) {
		t.Skip("the file system does not say what it has in memory")
	}
	return err == nil
}

// TestAfreshForgetsWhatIsInMemory: what a failed sync has left there is not what
// the disk has.
func TestAfreshForgetsWhatIsInMemory(t *testing.T) {
	dir := t.TempDir()
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil || stat.Type == unix.TMPFS_MAGIC {
		t.Skipf("the directory of the test is in memory alone: %v", err)
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	w := begin(t, s, "sh_staged")
	if err := errors.Join(w.Sync(), w.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, stagedName("sh_staged"))
	for _, c := range []struct {
		options []Option
		cached  bool
	}{{nil, true}, {[]Option{Afresh}, false}} {
		s, err := Open(dir, c.options...)
		if err != nil {
			t.Fatal(err)
		}
		if got := cached(t, name); got != c.cached {
			t.Errorf("with %d options the file is in memory: %v", len(c.options), got)
		}
		s.Close()
	}
}
