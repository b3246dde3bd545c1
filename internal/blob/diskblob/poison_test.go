package diskblob

import (
	"context"
	"errors"
	"io"
	"syscall"
	"testing"

	"github.com/handout-rtc/handout/internal/blob"
)

// TestAFailedSyncIsNeverBelieved poisons the store as a failed fsync does.
func TestAFailedSyncIsNeverBelieved(t *testing.T) {
	ctx := context.Background()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	before, err := s.Write(ctx, "before", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(before, "kept"); err != nil {
		t.Fatal(err)
	}
	if err := before.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	during, err := s.Write(ctx, "during", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Healthy(); err != nil {
		t.Fatal(err)
	}
	s.poison(syscall.EIO)
	if err := during.Commit(ctx); !errors.Is(err, blob.ErrPoisoned) || !errors.Is(err, syscall.EIO) {
		t.Errorf("a commit afterwards: %v", err)
	}
	if _, err := s.Open(ctx, "during"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("what could not be synced is final: %v", err)
	}
	if _, err := s.Write(ctx, "after", 0); !errors.Is(err, blob.ErrPoisoned) {
		t.Errorf("a new writer: %v", err)
	}
	if s.Healthy() == nil {
		t.Error("the store calls itself healthy")
	}
	r, err := s.Open(ctx, "before")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if data, err := io.ReadAll(r); err != nil || string(data) != "kept" {
		t.Errorf("what was durable reads %q, %v", data, err)
	}
}
