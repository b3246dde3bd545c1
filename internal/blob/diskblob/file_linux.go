package diskblob

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// preallocate asks for blocks beyond the end of the file without moving it.
func preallocate(file *os.File, from, length int64) {
	_ = unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_KEEP_SIZE, from, length)
}

// writeBack starts writing the range to the disk and does not wait.
func writeBack(file *os.File, from, length int64) {
	_ = unix.SyncFileRange(int(file.Fd()), from, length, unix.SYNC_FILE_RANGE_WRITE)
}

// errCorrupt is how the file system says that it is damaged.
const errCorrupt = unix.EUCLEAN

// dropCached makes the kernel forget what it has in memory of the file, save for
// what it has yet to write.
func dropCached(file *os.File) error {
	return unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED)
}

// punch takes the range out of the file: its blocks are given back, and what is
// left of others is zeros.
func punch(file *os.File, from, length int64) error {
	if length == 0 {
		return nil
	}
	err := unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, from, length)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return wipe(file, from, length)
	}
	return err
}

// leastFiles is how many files a file system must have place for. One that has
// fewer is as good as full: the records and the audit log make files too.
const leastFiles = 1024

func freeBytes(dir *os.File) (int64, error) {
	var stat unix.Statfs_t
	if err := unix.Fstatfs(int(dir.Fd()), &stat); err != nil {
		return 0, fmt.Errorf("measuring free space: %w", err)
	}
	if stat.Files > 0 && stat.Ffree < leastFiles { // some have no such number, and say 0 for both
		return 0, nil
	}
	return int64(stat.Bavail) * stat.Bsize, nil
}
