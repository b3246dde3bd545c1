package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// preallocate asks for the blocks of a whole file without moving its end.
func preallocate(file *os.File, length int64) {
	_ = unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, length)
}

// settle writes back what earlier runs left dirty, so that no run pays for the
// one before it.
func settle(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := unix.Syncfs(int(d.Fd())); err != nil {
		return fmt.Errorf("syncing the file system: %w", err)
	}
	return nil
}

// cpuTime returns how long all threads of the process have run, user and
// system. /proc/<pid>/stat counts the same in steps of 10 ms, which is too
// coarse for a download; this is the process's CPU clock (clock_getcpuclockid).
func cpuTime(pid int) (time.Duration, error) {
	const schedClock = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|schedClock), &t); err != nil {
		return 0, fmt.Errorf("reading the CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// memory is what a process has in RAM, in bytes.
type memory struct{ resident, peak int64 }

// readMemory returns VmRSS and VmHWM of the process.
func readMemory(pid int) (memory, error) {
	status, err := os.ReadFile(procFile(pid, "status"))
	if err != nil {
		return memory{}, err
	}
	m := memory{resident: -1, peak: -1}
	for line := range strings.Lines(string(status)) {
		for key, field := range map[string]*int64{"VmRSS:": &m.resident, "VmHWM:": &m.peak} {
			if rest, ok := strings.CutPrefix(line, key); ok {
				kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
				if err != nil {
					return memory{}, fmt.Errorf("reading %s: %w", key, err)
				}
				*field = kib << 10
			}
		}
	}
	if m.resident < 0 || m.peak < 0 {
		return memory{}, fmt.Errorf("the memory of process %d is not in its status", pid)
	}
	return m, nil
}

// resetPeak makes the peak start again at what is in RAM now.
func resetPeak(pid int) error {
	return os.WriteFile(procFile(pid, "clear_refs"), []byte("5"), 0)
}

func procFile(pid int, name string) string { return filepath.Join("/proc", strconv.Itoa(pid), name) }

// congestionControl names what TCP uses on the connection.
func congestionControl(conn net.Conn) string {
	name := "unknown"
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return name
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return name
	}
	_ = raw.Control(func(fd uintptr) {
		if s, err := unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION); err == nil {
			name = s
		}
	})
	return name
}

// fileSystem names the file system that holds the directory.
func fileSystem(dir string) string {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return "unknown"
	}
	names := map[int64]string{
		unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs",
		unix.TMPFS_MAGIC: "tmpfs", unix.OVERLAYFS_SUPER_MAGIC: "overlayfs",
	}
	if name, ok := names[int64(stat.Type)]; ok {
		return name
	}
	return fmt.Sprintf("type %#x", stat.Type)
}

// kernel returns the name and release of the running kernel.
func kernel() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return "Linux " + strings.TrimSpace(string(release))
}

// cpuModel returns what the processor calls itself.
func cpuModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// loadAverage returns how many processes wanted to run in the last minute.
func loadAverage() string {
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(load), " ")
	return first
}
