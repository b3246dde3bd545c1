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
// the test process lets go of the other end, or dies: then the kernel hangs up a group
// in which somebody is paused, and who is paused hears of nothing.
const supervised = `
	trap '' HUP
	"$@" </dev/null >>log 2>&1 &
	echo $! >pid.new; mv pid.new pid
	cat >/dev/null
	kill -s "$0" $! 2>/dev/null
	kill -s CONT $! $(cat /proc/$!/task/$!/children 2>/dev/null) 2>/dev/null
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
	return pid != 0 && !running(pid)
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

// kill ends the server and all processes that it has started at once, as a fault
// would, and waits until they have ended.
func (p *process) kill() error {
	all := p.signal(syscall.SIGKILL)
	err := p.close()
	for _, pid := range all {
		for deadline := time.Now().Add(stopPatience); running(pid); time.Sleep(lookAgain) {
			if time.Now().After(deadline) {
				return errors.Join(err, fmt.Errorf("process %d does not end", pid))
			}
		}
	}
	return err
}

// signal sends a signal to the server and all processes that it has started, and
// returns which those are.
func (p *process) signal(s syscall.Signal) []int {
	server := p.pid()
	if server == 0 {
		return nil
	}
	all := []int{server}
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if _, parent := stat(pid); err == nil && parent == server {
			all = append(all, pid)
		}
	}
	for _, pid := range all {
		syscall.Kill(pid, s)
	}
	return all
}

// running reports whether there is such a process that has not ended.
func running(pid int) bool {
	state, _ := stat(pid)
	return state != "" && state != "Z"
}

// stat returns the state of a process, "" without it, and its parent.
func stat(pid int) (state string, parent int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fmt.Sscan(rest, &state, &parent) // what is no number is no parent
	return state, parent
}
