package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"syscall"
	"time"
)

// peer is a server process under measurement, with a data directory of its own.
type peer struct {
	spec
	data   string    // directory
	perf   *profiler // or nil
	idle   int64     // bytes in RAM after the start
	cmd    *exec.Cmd
	output chan struct{} // closed when the process's output has ended
}

// spec says how to start a server and how to talk to it.
type spec struct {
	name    string
	command []string // the data directory is appended
	dialect dialect
	space   *space // where it runs
	address string // host:port where it will listen, for a server that does not say
}

const (
	startTimeout = 20 * time.Second
	stopTimeout  = 20 * time.Second
)

// announced is how a server says on its standard output that it listens.
var announced = regexp.MustCompile(`http://(127\.0\.0\.1:\d+)/`)

// startPeer runs the server with the data directory and returns when it
// listens. The peer must be stopped.
func startPeer(ctx context.Context, s spec, data string) (*peer, error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	log, err := os.Create(data + ".log")
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own descriptor
	p := &peer{spec: s, data: data, output: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, s.command[0], slices.Concat(s.command[1:], []string{data})...)
	p.cmd.Stderr = log
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = stopTimeout
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.space.do(p.cmd.Start); err != nil {
		return nil, fmt.Errorf("starting %s: %w", s.name, err)
	}
	if err = p.awaitStart(stdout); err == nil {
		err = p.measureIdle()
	}
	if err != nil {
		err = errors.Join(err, p.stop())
		said, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("starting %s: %w\n%s", s.name, err, said[max(0, len(said)-2000):])
	}
	return p, nil
}

// awaitStart returns when the server listens: it names its address, or answers
// where it was told to listen. What it prints is read to the end, so that the
// server never waits for its output.
func (p *peer) awaitStart(stdout io.Reader) error {
	found := make(chan string, 1)
	go func() {
		defer close(p.output)
		defer close(found)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if match := announced.FindStringSubmatch(lines.Text()); match != nil {
				found <- match[1]
				break
			}
		}
		io.Copy(io.Discard, stdout) // ends with the process
	}()
	tryAgain := time.NewTicker(20 * time.Millisecond)
	defer tryAgain.Stop()
	tooLate := time.After(startTimeout)
	for {
		select {
		case address, ok := <-found:
			if !ok {
				return errors.New("it ended without saying where it listens")
			}
			p.address = address
			return nil
		case <-tryAgain.C:
			if p.address != "" && p.space.do(func() error { return knock(p.address) }) == nil {
				return nil
			}
		case <-tooLate:
			return errors.New("it did not say in time where it listens")
		}
	}
}

// knock connects and hangs up.
func knock(address string) error {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return err
	}
	return conn.Close()
}

func (p *peer) measureIdle() error {
	m, err := readMemory(p.cmd.Process.Pid)
	p.idle = m.resident
	return err
}

// stop ends the process and waits until it has ended.
func (p *peer) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	giveUp := time.AfterFunc(stopTimeout, func() { p.cmd.Process.Kill() })
	defer giveUp.Stop()
	<-p.output
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil // a signal ended it, or it said why in its log
	}
	return err
}

// discard ends the process and removes its files. That may not be done before
// small files are measured, see runSmall.
func (p *peer) discard() error { return errors.Join(p.stop(), os.RemoveAll(p.data)) }

// sample is what one run took.
type sample struct {
	wall time.Duration
	cpu  time.Duration // of the server process, user and system
	peak int64         // bytes in RAM at most, over idle
}

// measure runs the load against the peer.
func (p *peer) measure(load func() error) (s sample, err error) {
	if p.perf == nil {
		return p.measureOnly(load)
	}
	running, err := p.perf.start(p.cmd.Process.Pid)
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, p.perf.stop(running)) }()
	return p.measureOnly(load)
}

func (p *peer) measureOnly(load func() error) (sample, error) {
	pid := p.cmd.Process.Pid
	if err := resetPeak(pid); err != nil {
		return sample{}, err
	}
	before, err := cpuTime(pid)
	if err != nil {
		return sample{}, err
	}
	started := time.Now()
	if err := load(); err != nil {
		return sample{}, fmt.Errorf("%s: %w", p.name, err)
	}
	wall := time.Since(started)
	after, err := cpuTime(pid)
	if err != nil {
		return sample{}, err
	}
	m, err := readMemory(pid)
	return sample{wall: wall, cpu: after - before, peak: m.peak - p.idle}, err
}
