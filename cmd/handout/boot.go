package main

import (
	"crypto/rand"
	"os"
	"strings"
)

// bootID names the running kernel, so that a server can tell a process that
// died (its writes are in the page cache) from a machine that did (they may be
// lost). Where the system does not say, every start counts as a new machine.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return rand.Text()
	}
	return strings.TrimSpace(string(id))
}
