package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/handout-rtc/handout/internal/server"
	"github.com/handout-rtc/handout/protocol"
)

// TestReadyzSaysWhyNot lets checks fail one after the other.
func TestReadyzSaysWhyNot(t *testing.T) {
	var broken atomic.Pointer[error]
	ready := server.NewReadiness(slog.New(slog.DiscardHandler),
		server.Check{Name: "fine", Ask: func(context.Context) error { return nil }},
		server.Check{Name: "fickle", Ask: func(context.Context) error {
			if err := broken.Load(); err != nil {
				return *err
			}
			return nil
		}})
	r := newRig(t, func(b *build) { b.Ready = ready })
	wants := func(status int, reasons map[string]string) {
		t.Helper()
		response, err := http.Get(r.URL + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var said struct {
			Status any
			Detail string
			Checks []server.CheckState
		}
		if err := json.NewDecoder(response.Body).Decode(&said); err != nil || response.StatusCode != status || len(said.Checks) != 3 {
			t.Fatalf("it answers %s, %+v, %v; want %d", response.Status, said, err, status)
		}
		for _, check := range said.Checks {
			want, fails := reasons[check.Name]
			if check.OK == fails || check.Reason != want {
				t.Errorf("of %s it says %+v, want %q", check.Name, check, want)
			}
			if fails && !strings.Contains(said.Detail, check.Name+": "+want) {
				t.Errorf("the detail %q does not tell of %s", said.Detail, check.Name)
			}
		}
	}
	wants(http.StatusOK, nil)
	secret := errors.New("/var/lib/secret is broken")
	broken.Store(&secret)
	wants(http.StatusServiceUnavailable, map[string]string{"fickle": "it fails"})
	told := error(protocol.WrapError(protocol.CodeStorageFull, "the disk is full", secret))
	broken.Store(&told)
	wants(http.StatusServiceUnavailable, map[string]string{"fickle": "the disk is full"})
	broken.Store(nil)
	wants(http.StatusOK, nil)
	ready.Stop()
	wants(http.StatusServiceUnavailable, map[string]string{"running": "the server is stopping"})
}

// TestACheckThatHangsIsAskedOnce: however many want to know, and whatever they
// want to know besides.
func TestACheckThatHangsIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		free := make(chan struct{})
		ready := server.NewReadiness(slog.New(slog.DiscardHandler), server.Check{Name: "disk", Ask: func(context.Context) error {
			asked.Add(1)
			<-free
			return nil
		}})
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				if found := ready.States(t.Context())[1]; found.OK || found.Reason != "no answer in time" {
					t.Errorf("it says %+v", found)
				}
			})
		}
		group.Wait()
		if asked.Load() != 1 {
			t.Errorf("it was asked %d times", asked.Load())
		}
		close(free)
		synctest.Wait()
		if found := ready.States(t.Context())[1]; !found.OK {
			t.Errorf("afterwards it says %+v", found)
		}
	})
}
