//go:build unix

package main

import "golang.org/x/sys/unix"

// openFiles returns how many files the system lets the process have open, 0 if it
// does not say. The runtime has raised that as far as it may.
func openFiles() int {
	var permitted unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &permitted); err != nil {
		return 0
	}
	return int(min(uint64(permitted.Cur), 1<<30))
}
