//go:build crashpoints

package crash

import (
	"os"
	"syscall"
)

// At dies if the file of FileVariable says the point.
func At(p Point) {
	name := os.Getenv(FileVariable)
	if name == "" {
		return
	}
	chosen, err := os.ReadFile(name)
	if err != nil || string(chosen) != string(p) || os.Remove(name) != nil {
		return
	}
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // nothing more is done, however late the signal comes
}
