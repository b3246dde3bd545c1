package sqlite

import (
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// harmless reports whether a commit that failed left the database as it was
// before, so that later ones may be believed: the disk was full, or somebody
// else held the file. After anything else, a sync that failed above all, the
// kernel may have dropped pages that it says are written.
func harmless(err error) bool {
	var fault *sqlite.Error
	if !errors.As(err, &fault) {
		return false
	}
	switch fault.Code() & 0xff { // the primary code
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CONSTRAINT:
		return true
	}
	return false
}
