package diskblob

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// LockDir makes the caller the one server that uses a data directory, until
// unlock or the end of the process. It fails at once if there is another, and for
// a directory that is a symbolic link: whoever may change that chooses where the
// files go.
func LockDir(dir string) (unlock func() error, err error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the data directory: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("the data directory %s is a symbolic link: name the directory that it leads to", dir)
	}
	lock := flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(fileMode))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the data directory %s: %w", dir, err)
	}
	if !locked {
		return nil, fmt.Errorf("another server uses the data directory %s", dir)
	}
	return lock.Unlock, nil
}
