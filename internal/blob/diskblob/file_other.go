//go:build !linux

package diskblob

import (
	"errors"
	"os"
	"syscall"
)

// Elsewhere the file system allocates and writes back as it likes.

func preallocate(*os.File, int64, int64) {}

func writeBack(*os.File, int64, int64) {}

func punch(file *os.File, from, length int64) error { return wipe(file, from, length) }

const errCorrupt = syscall.EIO

// Elsewhere a server has to be restarted with its machine: see Afresh.

func dropCached(*os.File) error { return nil }

func freeBytes(*os.File) (int64, error) { return 0, errors.ErrUnsupported }
