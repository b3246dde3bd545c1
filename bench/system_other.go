//go:build !linux

package main

import (
	"errors"
	"net"
	"os"
	"runtime"
	"time"
)

// What the benchmark reads of a process is known on Linux only. Elsewhere it
// builds, and says so when it is run.

type memory struct{ resident, peak int64 }

func preallocate(*os.File, int64)        {}
func settle(string) error                { return errors.ErrUnsupported }
func cpuTime(int) (time.Duration, error) { return 0, errors.ErrUnsupported }
func readMemory(int) (memory, error)     { return memory{}, errors.ErrUnsupported }
func resetPeak(int) error                { return errors.ErrUnsupported }
func congestionControl(net.Conn) string  { return "unknown" }
func fileSystem(string) string           { return "unknown" }
func kernel() string                     { return runtime.GOOS }
func cpuModel() string                   { return runtime.GOARCH }
func loadAverage() string                { return "unknown" }
