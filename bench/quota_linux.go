package main

import (
	"fmt"
	"os"

	"github.com/containerd/cgroups/v3"
	"github.com/containerd/cgroups/v3/cgroup1"
	"github.com/containerd/cgroups/v3/cgroup2"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// groups is where control groups are.
const groups = "/sys/fs/cgroup"

// holdTo lets a process have so much of one core and no more. When the process has
// ended, release has the kernel forget it.
func holdTo(pid int, cores float64) (release func() error, err error) {
	period := uint64(100_000) // in microseconds, as the quota
	quota := int64(cores * float64(period))
	name := fmt.Sprintf("/handout-bench-%d-%d", os.Getpid(), pid)
	if cgroups.Mode() == cgroups.Unified {
		group, err := cgroup2.NewManager(groups, name, &cgroup2.Resources{CPU: &cgroup2.CPU{Max: cgroup2.NewCPUMax(&quota, &period)}})
		if err != nil {
			return nil, err
		}
		return group.Delete, group.AddProc(uint64(pid))
	}
	onlyCPU := func() ([]cgroup1.Subsystem, error) { return []cgroup1.Subsystem{cgroup1.NewCpu(groups)}, nil }
	group, err := cgroup1.New(cgroup1.StaticPath(name), &specs.LinuxResources{CPU: &specs.LinuxCPU{Quota: &quota, Period: &period}},
		cgroup1.WithHierarchy(onlyCPU))
	if err != nil {
		return nil, err
	}
	return group.Delete, group.AddProc(uint64(pid))
}
