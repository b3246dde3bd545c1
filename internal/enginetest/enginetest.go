// Package enginetest gives tests the engines that a cluster of servers stands on, as
// real servers on loopback, each with a data directory of its own. They are started
// when a test asks for the first time, shared by the tests of a package, and stopped
// by Stop, which the package's TestMain calls; they stop too when the test process dies.
//
// What is not installed is installed, if the tests run as root on Debian. Else the
// test is skipped.
package enginetest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
)

// started are the servers that Stop stops, in the order of their starts.
var started struct {
	mu  sync.Mutex
	all []func() error // guarded by mu
}

// atStop has Stop stop a server.
func atStop(stop func() error) {
	started.mu.Lock()
	defer started.mu.Unlock()
	started.all = append(started.all, stop)
}

// Stop stops every server that was started for the tests of this process, the last
// one first, and removes what they kept. It may be called when there is none.
func Stop() error {
	started.mu.Lock()
	all := started.all
	started.all = nil
	started.mu.Unlock()
	var errs []error
	for i := len(all) - 1; i >= 0; i-- {
		errs = append(errs, all[i]())
	}
	return errors.Join(errs...)
}

// Exit ends a test process: it stops the servers and exits with the code, or with 1
// where that fails. A TestMain that looks for leaks hands it to goleak.Cleanup.
func Exit(code int) {
	if err := Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stopping the engines:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// FreePort returns a port of 127.0.0.1 that nobody listens on at the moment.
func FreePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

// ModuleRoot is the directory of go.mod.
func ModuleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if exists(filepath.Join(dir, "go.mod")) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("the tests run outside of the module")
		}
		dir = parent
	}
}
