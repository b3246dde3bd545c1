package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// profiler records where a server spends its time in each run, by perf: the
// kernel's part, which is most of it, is in no profile that Go takes itself.
type profiler struct {
	dir   string
	label string // of the files
	taken int
}

// A run that is over sooner has too few samples to say anything.
const leastProfiled = 200 * time.Millisecond

// profile is one recording under way.
type profile struct {
	cmd         *exec.Cmd
	tell, heard *os.File // commands to perf, and that it has obeyed
	file        string
	began       time.Time
}

// start returns when perf records the process.
func (p *profiler) start(pid int) (*profile, error) {
	hear, tell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer hear.Close()
	heard, answer, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, tell.Close())
	}
	defer answer.Close()
	running := &profile{tell: tell, heard: heard, file: filepath.Join(p.dir, fmt.Sprintf("%s-%d.perf", p.label, p.taken+1))}
	running.cmd = exec.Command("perf", "record", "--quiet", "--freq", "499", "--call-graph", "fp", "--pid", fmt.Sprint(pid),
		"--delay", "-1", "--control", "fd:3,4", "--output", running.file)
	running.cmd.ExtraFiles = []*os.File{hear, answer}
	running.cmd.Stderr = os.Stderr
	if err := running.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("-profile needs perf: %w", err), running.hangUp())
	}
	answer.Close() // so that the reading ends if perf does
	_, err = tell.WriteString("enable\n")
	if err == nil {
		_, err = bufio.NewReader(heard).ReadString('\n')
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting perf: %w", err), running.hangUp(), running.cmd.Wait())
	}
	running.began = time.Now()
	return running, nil
}

func (r *profile) hangUp() error { return errors.Join(r.tell.Close(), r.heard.Close()) }

// stop ends the recording and writes what it says beside it, as a text.
func (p *profiler) stop(running *profile) error {
	took := time.Since(running.began)
	if err := running.cmd.Process.Signal(os.Interrupt); err != nil {
		return errors.Join(err, running.hangUp())
	}
	_ = running.cmd.Wait() // it says that it was interrupted
	if err := running.hangUp(); err != nil {
		return err
	}
	if took < leastProfiled {
		return os.Remove(running.file)
	}
	p.taken++
	text, err := exec.Command("perf", "report", "--stdio", "--no-children", "--call-graph", "none", "--percent-limit", "0.5",
		"--input", running.file).Output()
	if err != nil {
		return fmt.Errorf("reading the profile: %w", err)
	}
	return os.WriteFile(running.file+".txt", text, 0o644)
}
