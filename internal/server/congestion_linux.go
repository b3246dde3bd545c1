package server

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// setCongestion chooses a congestion control of the kernel by its name. It fails
// if the kernel does not have it, or does not let everybody choose it
// (net.ipv4.tcp_allowed_congestion_control); then nothing has changed.
func setCongestion(connection *net.TCPConn, name string) error {
	raw, err := connection.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, name)
	}); err != nil {
		return err
	}
	if failed != nil {
		return fmt.Errorf("choosing the congestion control %s: %w", name, failed)
	}
	return nil
}
