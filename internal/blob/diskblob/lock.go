package diskblob

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// LockDir makes the caller the one server that uses a data directory, until
// unlock or the end of the process. It fails at once if there is another.
func LockDir(dir string) (unlock func() error, err error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
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
