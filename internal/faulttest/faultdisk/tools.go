package faultdisk

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// need skips the test unless it is run by root and the tool, which is in that Debian
// package, is there or can be installed.
func need(t testing.TB, tool, from string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skipf("%s needs root", tool)
	}
	if _, err := exec.LookPath(tool); err == nil {
		return
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		t.Skipf("%s is missing, and there is no apt-get to install %s", tool, from)
	}
	install := exec.Command("sh", "-c", `apt-get -o DPkg::Lock::Timeout=300 update -qq; exec apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$0"`, from)
	install.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if said, err := install.CombinedOutput(); err != nil {
		t.Skipf("%s cannot be installed: %v\n%s", from, err, said)
	}
}

// run runs a command that must succeed.
func run(t testing.TB, argv ...string) {
	t.Helper()
	if said, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, said)
	}
}

// mount mounts until the end of the test, or skips it where nobody may.
func mount(t testing.TB, dir string, argv ...string) (unmount func()) {
	t.Helper()
	need(t, "mount", "mount")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command("mount", append(argv, dir)...).CombinedOutput(); err != nil {
		t.Skipf("mounting is not permitted here: mount %s: %v\n%s", strings.Join(argv, " "), err, said)
	}
	mounted := true
	unmount = func() {
		if !mounted {
			return
		}
		mounted = false
		// Somebody who has a name space of mounts of his own, say another test, may
		// hold it for a while, which is none of this one's business: lazily.
		if said, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("umount %s: %v\n%s", dir, err, said)
		}
	}
	t.Cleanup(unmount)
	return unmount
}

// Small returns a directory on a disk of its own in memory, of so many MiB.
func Small(t testing.TB, mebibytes string) string {
	t.Helper()
	dir := t.TempDir()
	mount(t, dir, "-t", "tmpfs", "-o", "size="+mebibytes+"m", "tmpfs")
	return dir
}
