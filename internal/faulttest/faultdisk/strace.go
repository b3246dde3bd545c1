package faultdisk

import (
	"bufio"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Fail has system calls of a running process fail from now on, those that are on
// the given file: what says which and how, as strace's -e inject= does, say
// "fsync,fdatasync:error=EIO". heal ends it and returns how many have failed; the
// end of the test ends it too.
func Fail(t testing.TB, pid int, what, file string) (heal func() int) {
	t.Helper()
	need(t, "strace", "strace")
	calls, _, _ := strings.Cut(what, ":")
	tracer := exec.Command("strace", "-f", "-p", fmt.Sprint(pid), "-P", file, "-e", "trace="+calls, "-e", "inject="+what)
	said, err := tracer.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tracer.Start(); err != nil {
		t.Fatal(err)
	}
	attached, over := make(chan struct{}), make(chan struct{})
	var transcript strings.Builder
	go func() {
		defer close(over)
		lines := bufio.NewScanner(said)
		for first := true; lines.Scan(); {
			transcript.WriteString(lines.Text() + "\n")
			if first && strings.Contains(lines.Text(), " attached") { // with all its threads, strace says
				first = false
				close(attached)
			}
		}
	}()
	heal = func() int {
		tracer.Process.Signal(syscall.SIGINT) // it lets go of the process; an error if it has ended
		<-over
		tracer.Wait()
		return strings.Count(transcript.String(), "(INJECTED)")
	}
	t.Cleanup(func() { heal() })
	select {
	case <-attached:
	case <-over:
		t.Skipf("no process can be traced here:\n%s", transcript.String())
	case <-time.After(time.Minute):
		t.Fatal("strace does not attach")
	}
	return heal
}
