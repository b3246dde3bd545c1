package memblob_test

import (
	"context"
	"errors"
	"testing"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/blob/blobtest"
	"github.com/handout-rtc/handout/internal/blob/memblob"
)

func TestPutConformance(t *testing.T) {
	blobtest.RunPut(t, func(testing.TB) blobtest.PutStore { return memblob.New() })
}

func TestConformance(t *testing.T) {
	blobtest.RunLocal(t, func(testing.TB) blob.Store { return memblob.New() })
}

func TestFaults(t *testing.T) {
	s := memblob.New()
	broken := errors.New("broken")
	w, err := s.Write(context.Background(), "a", 0)
	if err != nil {
		t.Fatal(err)
	}
	s.Fail(memblob.Faults{Write: broken, Sync: broken})
	if _, err := w.Write([]byte("x")); !errors.Is(err, broken) {
		t.Errorf("writing: %v", err)
	}
	if err := w.Commit(context.Background()); !errors.Is(err, broken) {
		t.Errorf("committing: %v", err)
	}
	if _, err := s.Open(context.Background(), "a"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a failed commit is final: %v", err)
	}
}
