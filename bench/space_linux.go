package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// space is a network of its own, as another machine would have it. The nil
// space is the one that the program runs in.
type space struct{ handle netns.NsHandle }

// newSpace makes a network with its loopback alone. It must be closed.
func newSpace() (*space, error) {
	s := new(space)
	err := onOwnThread(func() (err error) {
		if s.handle, err = netns.New(); err != nil {
			return fmt.Errorf("making a network namespace: %w", err)
		}
		if _, err := loopbackUp(); err != nil {
			return errors.Join(err, s.handle.Close())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// do runs f in the network: the sockets that it opens and the processes that it
// starts itself belong there, those of its goroutines do not.
func (s *space) do(f func() error) error {
	if s == nil {
		return f()
	}
	return onOwnThread(func() error {
		if err := netns.Set(s.handle); err != nil {
			return fmt.Errorf("entering a network namespace: %w", err)
		}
		return f()
	})
}

func (s *space) close() error { return s.handle.Close() }

// onOwnThread runs f on a thread that ends with it: a network that f enters or
// makes is nobody else's.
func onOwnThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked
		done <- f()
	}()
	return <-done
}

// plug makes an interface of the space that has the address, and returns its
// other end, of which each read and write is an IP packet.
func (s *space) plug(address string, reaches ...string) (end io.ReadWriteCloser, err error) {
	err = s.do(func() error {
		tun := &netlink.Tuntap{
			LinkAttrs: netlink.LinkAttrs{MTU: 1500}, Mode: netlink.TUNTAP_MODE_TUN,
			Flags: netlink.TUNTAP_NO_PI, Queues: 1, NonPersist: true,
		}
		if err := netlink.LinkAdd(tun); err != nil {
			return fmt.Errorf("making an interface: %w", err)
		}
		end = tun.Fds[0]
		if err := addAddress(tun, address, reaches); err != nil {
			return errors.Join(err, end.Close())
		}
		return nil
	})
	return end, err
}

// addAddress sets the interface up; what it reaches beyond its own network has
// a route.
func addAddress(tun netlink.Link, address string, reaches []string) error {
	own, err := netlink.ParseAddr(address)
	if err != nil {
		return err
	}
	if err := errors.Join(netlink.AddrAdd(tun, own), netlink.LinkSetUp(tun)); err != nil {
		return fmt.Errorf("setting the address %s: %w", address, err)
	}
	for _, network := range reaches {
		_, to, err := net.ParseCIDR(network)
		if err != nil {
			return err
		}
		if err := netlink.RouteAdd(&netlink.Route{LinkIndex: tun.Attrs().Index, Dst: to}); err != nil {
			return fmt.Errorf("adding the route to %s: %w", network, err)
		}
	}
	return nil
}

// quietLoopback is set in the environment of a program that may change the
// loopback of its network.
const quietLoopback = "HANDOUT_BENCH_LOOPBACK"

// runApart runs the program again in a network of its own, whose loopback has a
// congestion control that does not slow it down. It reports false if that is
// done already, or if this user may not.
func runApart(ctx context.Context, args []string, out, progress io.Writer) (done bool, err error) {
	if os.Getenv(quietLoopback) != "" {
		if err := setLoopback(); err != nil {
			fmt.Fprintln(progress, "the loopback is as it was:", err)
		}
		return false, nil
	}
	if unix.Geteuid() != 0 {
		return false, nil
	}
	self, err := os.Executable()
	if err != nil {
		return false, err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(os.Environ(), quietLoopback+"=1")
	cmd.Stdout, cmd.Stderr = out, progress
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		return false, nil // a container need not permit it
	}
	return true, cmd.Wait()
}

// setLoopback sets the loopback up, with CUBIC: BBR, which many machines have
// as the default, halves its throughput. The setting of the whole machine stays.
func setLoopback() error {
	lo, err := loopbackUp()
	if err != nil {
		return err
	}
	home := net.IPv4(127, 0, 0, 1)
	return netlink.RouteReplace(&netlink.Route{
		LinkIndex: lo.Attrs().Index, Dst: &net.IPNet{IP: home, Mask: net.CIDRMask(32, 32)}, Src: home,
		Table: unix.RT_TABLE_LOCAL, Type: unix.RTN_LOCAL, Scope: netlink.SCOPE_HOST, Congctl: "cubic",
	})
}

// loopbackUp returns the loopback, set up. A new network has it down, and then
// reaches not even its own addresses.
func loopbackUp() (netlink.Link, error) {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return nil, fmt.Errorf("looking for the loopback: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return nil, fmt.Errorf("setting the loopback up: %w", err)
	}
	return lo, nil
}
