package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// look is what the server holds at a moment.
type look struct {
	At         time.Duration // since the load began
	RSS        float64       // bytes
	Files      float64       // open descriptors
	Goroutines float64
}

// look asks the system, and of what it does not know the server.
func (s *soak) look(ctx context.Context) (look, error) {
	m, err := readMemory(s.peer.cmd.Process.Pid)
	if err != nil {
		return look{}, err
	}
	open, err := os.ReadDir(procFile(s.peer.cmd.Process.Pid, "fd"))
	if err != nil {
		return look{}, err
	}
	goroutines, err := s.goroutines(ctx)
	return look{RSS: float64(m.resident), Files: float64(len(open)), Goroutines: goroutines}, err
}

func (s *soak) goroutines(ctx context.Context) (float64, error) {
	c, err := dial(ctx, s.peer.address)
	if err != nil {
		return 0, err
	}
	defer c.close()
	var text bytes.Buffer
	if _, err := c.do(request{method: http.MethodGet, path: "/metrics", want: http.StatusOK}, &text); err != nil {
		return 0, err
	}
	for line := range strings.Lines(text.String()) {
		if value, ok := strings.CutPrefix(line, "go_goroutines "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				return 0, fmt.Errorf("reading the metrics: %w", err)
			}
			return n, nil
		}
	}
	return 0, errors.New("the metrics do not tell of goroutines")
}
