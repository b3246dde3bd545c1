package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
)

// host stands in for the test that helpers of tests are written for. What fails is
// an error of the request at work, by way of recovered.
type host struct {
	testing.TB // for what is not called here

	mu       sync.Mutex
	cleanups []func() // guarded by mu
}

// failure is what host panics with.
type failure struct{ error }

// recovered turns the failure of a helper into an error.
func recovered(err *error) {
	switch r := recover().(type) {
	case nil:
	case failure:
		*err = r.error
	default:
		panic(r)
	}
}

// end does what is to be done at the end of a test. It may be called twice.
func (h *host) end() {
	h.mu.Lock()
	cleanups := h.cleanups
	h.cleanups = nil
	h.mu.Unlock()
	for _, cleanup := range slices.Backward(cleanups) {
		cleanup()
	}
}

func (h *host) Helper()                  {}
func (h *host) Name() string             { return "clusters" }
func (h *host) Failed() bool             { return false }
func (h *host) Context() context.Context { return context.Background() }
func (h *host) Log(args ...any)          { fmt.Fprintln(os.Stderr, args...) }

func (h *host) Logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func (h *host) Error(args ...any) { panic(failure{errors.New(fmt.Sprint(args...))}) }
func (h *host) Fatal(args ...any) { h.Error(args...) }
func (h *host) Skip(args ...any)  { h.Error(args...) }

func (h *host) Errorf(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }
func (h *host) Fatalf(format string, args ...any) { h.Errorf(format, args...) }
func (h *host) Skipf(format string, args ...any)  { h.Errorf(format, args...) }

func (h *host) Cleanup(cleanup func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cleanups = append(h.cleanups, cleanup)
}

func (h *host) TempDir() string {
	dir, err := os.MkdirTemp("", "handout-clusters-")
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
