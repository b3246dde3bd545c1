package faultdisk

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Disk is a disk of its own with an ext4 on it, which Cut leaves as a power cut
// would.
//
// What makes that faithful: the ext4 lies on a loop device, so what has reached its
// backing file is what ext4 has given to the disk. What the server has written and
// not synced is in the page cache of the ext4, which is not in the backing file. A
// copy of that file while the ext4 is mounted is therefore a disk that lost power:
// it has what ext4 has written, by itself or because it was told to sync, in the
// middle of whatever it was at, and nothing else.
//
// It must be the file of one moment. A copy that takes a while would have later
// writes without earlier ones, which no disk has that honours its flushes, and would
// accuse ext4. So the file lies on an XFS, which clones it at once (FICLONE): XFS
// keeps writes off while it does, and each write of the loop device is one.
//
// A cache in the disk that forgets is not played: whatever reached the disk stays.
type Disk struct {
	Dir string // where it is mounted

	pool  string // the XFS
	image string // the backing file
	cuts  int
}

// New makes a disk and mounts it until the end of the test.
func New(t testing.TB) *Disk {
	t.Helper()
	need(t, "mkfs.xfs", "xfsprogs")
	need(t, "mkfs.ext4", "e2fsprogs")
	below := t.TempDir()
	memory, pool, dir := filepath.Join(below, "memory"), filepath.Join(below, "pool"), filepath.Join(below, "disk")
	mount(t, memory, "-t", "tmpfs", "-o", "size=4g", "tmpfs")
	sparse(t, filepath.Join(memory, "xfs"), 8<<30)
	run(t, "mkfs.xfs", "-q", "-m", "reflink=1", filepath.Join(memory, "xfs"))
	mount(t, pool, "-o", "loop,nouuid", filepath.Join(memory, "xfs"))
	d := &Disk{Dir: dir, pool: pool, image: filepath.Join(pool, "disk")}
	sparse(t, d.image, 1<<30)
	run(t, "mkfs.ext4", "-q", "-F", "-E", "nodiscard", d.image)
	mount(t, dir, "-o", "loop", d.image)
	return d
}

// sparse makes a file of so many bytes that takes no space.
func sparse(t testing.TB, name string, size int64) {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(size); err != nil {
		t.Fatal(err)
	}
}

// Image is a disk as a power cut has left it.
type Image struct{ file, dir string }

// Cut returns the disk as a power cut at this moment would leave it, and lets the
// disk go on. It is for one goroutine.
func (d *Disk) Cut(t testing.TB) Image {
	t.Helper()
	d.cuts++
	image := Image{file: filepath.Join(d.pool, fmt.Sprint("cut-", d.cuts)), dir: filepath.Join(filepath.Dir(d.Dir), fmt.Sprint("cut-", d.cuts))}
	from, err := os.Open(d.image)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.Create(image.file)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if err := unix.IoctlFileClone(int(to.Fd()), int(from.Fd())); err != nil {
		t.Fatalf("cloning the disk: %v", err)
	}
	return image
}

// Mount mounts the image, which has ext4 recover it, until unmount or the end of the
// test. unmount throws the image away.
func (i Image) Mount(t testing.TB) (dir string, unmount func()) {
	t.Helper()
	remove := mount(t, i.dir, "-o", "loop", i.file)
	return i.dir, func() {
		remove()
		os.Remove(i.file) // with the pool at the latest
	}
}

// OtherKernel is a faulttest.Config.Wrap that has the program believe that the
// machine was started anew, as it is after a power cut.
func OtherKernel(t testing.TB) []string {
	t.Helper()
	need(t, "unshare", "util-linux")
	id := filepath.Join(t.TempDir(), "boot_id")
	if err := os.WriteFile(id, []byte("another-kernel\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"unshare", "--mount", "--propagation", "private", "sh", "-c", `mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"`, id}
}
