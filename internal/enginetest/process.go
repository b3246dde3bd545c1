package enginetest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	startPatience = time.Minute
	stopPatience  = 30 * time.Second
	lookAgain     = 20 * time.Millisecond
)

// process is a server that runs in a directory of its own.
type process struct {
	dir   string // has its log and its pid
	stop  syscall.Signal
	cmd   *exec.Cmd
	stdin io.Closer
}

// supervised runs "$@" until it ends or its own standard input does, which is when
// the test process lets go of the other end, or dies.
const supervised = `
	"$@" </dev/null >>log 2>&1 &
	echo $! >pid.new; mv pid.new pid
	cat >/dev/null
	kill -s "$0" $! 2>/dev/null
	wait $!`

// start runs a program in dir, as a user if as is not nil, and waits until ready
// returns nil. It is stopped by the signal.
func start(dir string, as *syscall.Credential, stop syscall.Signal, ready func() error, args ...string) (*process, error) {
	p := &process{dir: dir, stop: stop}
	if err := os.Remove(filepath.Join(dir, "pid")); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	name := map[syscall.Signal]string{syscall.SIGINT: "INT", syscall.SIGTERM: "TERM"}[stop]
	p.cmd = exec.Command("sh", append([]string{"-c", supervised, name}, args...)...)
	p.cmd.Dir, p.cmd.Env = dir, append(os.Environ(), "LC_ALL=C")
	// A group of its own, so that it does not get what is typed, and can be paused whole.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", args[0], err)
	}
	for deadline := time.Now().Add(startPatience); ; time.Sleep(lookAgain) {
		err := ready()
		if err == nil {
			return p, nil
		}
		if time.Now().After(deadline) || p.ended() {
			said, _ := os.ReadFile(filepath.Join(dir, "log"))
			return nil, errors.Join(fmt.Errorf("%s does not answer: %w\n%s", args[0], err, said), p.close())
		}
	}
}

// pid returns the server's own process, 0 before there is one.
func (p *process) pid() int {
	text, _ := os.ReadFile(filepath.Join(p.dir, "pid"))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

// ended reports whether the server has ended.
func (p *process) ended() bool {
	pid := p.pid()
	if pid == 0 {
		return false
	}
	// One that nobody has waited for yet has ended too.
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return syscall.Kill(pid, 0) != nil
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z")
}

// close stops the server and waits until it has ended.
func (p *process) close() error {
	p.signal(syscall.SIGCONT) // who is paused hears nothing
	p.stdin.Close()
	timer := time.AfterFunc(stopPatience, func() { p.signal(syscall.SIGKILL) })
	defer timer.Stop()
	var status *exec.ExitError // how a server ends that is told to is its own affair
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &status) {
		return err
	}
	return nil
}

// kill ends the server at once, as a fault would, and waits until it has ended.
func (p *process) kill() error {
	if pid := p.pid(); pid != 0 {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	return p.close()
}

// signal sends a signal to the server and all processes that it has started.
func (p *process) signal(s syscall.Signal) { syscall.Kill(-p.cmd.Process.Pid, s) }
