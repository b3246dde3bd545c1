package enginetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Debian returns a program that is run as it is: the one that the machine has, or
// else the file of that path in a Debian package, which is unpacked below bin/ and
// not installed, so that nothing is started and nothing of the machine changes. The
// test is skipped where neither is there.
func Debian(t testing.TB, from, file string) string {
	t.Helper()
	if installed, err := exec.LookPath(filepath.Base(file)); err == nil {
		return installed
	}
	root, err := ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "bin", "faulttest", "debian", from)
	program := filepath.Join(dir, file)
	if exists(program) {
		return program
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		t.Skipf("%s is missing, and there is no apt-get to fetch it with", filepath.Base(file))
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "fetched-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(fresh)
	// Lists that are missing or too old are read again, which needs root.
	fetch := exec.Command("sh", "-ec", `
		apt-get download -qq "$0" || { apt-get -o DPkg::Lock::Timeout=300 update -qq && apt-get download -qq "$0"; }
		mkdir unpacked
		dpkg-deb --fsys-tarfile "$0"_*.deb | tar -x -C unpacked ./"$1"`, from, file)
	fetch.Dir = fresh
	if said, err := fetch.CombinedOutput(); err != nil {
		t.Skipf("the package %s cannot be fetched: %v\n%s", from, err, said)
	}
	if err := os.Rename(filepath.Join(fresh, "unpacked"), dir); err != nil && !exists(program) { // another test may have been faster
		t.Fatal(err)
	}
	return program
}

// installed returns a program, which find looks for, and installs the Debian package
// that has it where it is missing and the tests run as root. The service that comes
// with the package is not started.
func installed(from string, find func() (string, error)) (string, error) {
	program, err := find()
	if err == nil {
		return program, nil
	}
	if _, noApt := exec.LookPath("apt-get"); noApt != nil || os.Geteuid() != 0 {
		return "", fmt.Errorf("%w: the Debian package %s has it, and is installed if the tests run as root", err, from)
	}
	said, failed := exec.Command("sh", "-ec", `
		export DEBIAN_FRONTEND=noninteractive
		policy=/usr/sbin/policy-rc.d
		if [ ! -e "$policy" ]; then
			trap 'rm -f "$policy"' EXIT
			printf '#!/bin/sh\nexit 101\n' > "$policy"
			chmod +x "$policy"
		fi
		install() { apt-get -o DPkg::Lock::Timeout=300 install -qq -y --no-install-recommends "$0"; }
		install || { apt-get -o DPkg::Lock::Timeout=300 update -qq && install; }`, from).CombinedOutput()
	if program, err = find(); err != nil {
		return "", fmt.Errorf("%w: installing the package %s: %v\n%s", err, from, failed, said)
	}
	return program, nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
