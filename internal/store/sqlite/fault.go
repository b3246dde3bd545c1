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
	switch codeOf(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CONSTRAINT:
		return true
	}
	return false
}

// full reports whether the disk had no room.
func full(err error) bool { return codeOf(err) == sqlite3.SQLITE_FULL }

// codeOf returns SQLite's primary code of an error, 0 for any other.
func codeOf(err error) int {
	var fault *sqlite.Error
	if !errors.As(err, &fault) {
		return 0
	}
	return fault.Code() & 0xff
}
