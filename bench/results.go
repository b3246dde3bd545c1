package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"runtime"
	"time"
)

// results are the parts that were measured on one machine, by name. They are
// kept in a file beside the report, so that a part can be measured again alone.
type results struct {
	Machine machine
	Parts   map[string]*part
}

// machine is what all figures depend on.
type machine struct {
	CPU    string
	Cores  int
	Kernel string
	Go     string
}

// runFacts are how and when a part was measured.
type runFacts struct {
	Time       time.Time
	Seconds    int
	Rounds     int
	FileSystem string
	TCP        string // congestion control on loopback
	LoadBefore string // load average
}

func thisMachine() machine {
	return machine{CPU: cpuModel(), Cores: runtime.NumCPU(), Kernel: kernel(), Go: runtime.Version()}
}

// loadResults reads the file. One that is not there, and one of another machine,
// whose figures say nothing beside those of this one, is empty.
func loadResults(file string) (*results, error) {
	fresh := &results{Machine: thisMachine(), Parts: make(map[string]*part)}
	if file == "" {
		return fresh, nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return nil, err
	}
	saved := &results{Parts: make(map[string]*part)}
	if err := json.Unmarshal(text, saved); err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	if saved.Machine != fresh.Machine {
		return fresh, nil
	}
	return saved, nil
}

func (r *results) save(file string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// loopbackTCP names the congestion control of a new connection: BBR is slower
// than the others where nothing is ever lost.
func loopbackTCP() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "unknown"
	}
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		return "unknown"
	}
	defer conn.Close()
	return congestionControl(conn)
}
