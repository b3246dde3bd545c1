package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/handout-rtc/handout/internal/store"
)

// syncer makes what was acknowledged survive a power cut, again and again: it is
// what --sync=interval does in place of a sync before each answer. The bytes go
// first: a record that survives must not speak of bytes that did not.
type syncer struct {
	every   time.Duration
	flush   func() error // of the files
	records *store.DB
	// settled reports whether nothing of an earlier boot is in doubt any more.
	settled func() bool
	log     *slog.Logger
}

// Run syncs until ctx ends, and once more then.
func (s *syncer) Run(ctx context.Context) {
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			s.sync(context.WithoutCancel(ctx))
			return
		case <-tick.C:
			s.sync(ctx)
		}
	}
}

func (s *syncer) sync(ctx context.Context) {
	if err := s.syncAll(ctx); err != nil {
		s.log.Error("syncing failed", "err", err)
	}
}

// syncAll syncs what there was when it was called, and then notes up to where
// that is: what a power cut leaves beyond is in doubt.
func (s *syncer) syncAll(ctx context.Context) error {
	upTo, news := s.records.Unsynced()
	if err := s.flush(); err != nil {
		return err
	}
	if err := s.records.Flush(); err != nil {
		return err
	}
	if !news || !s.settled() {
		return nil
	}
	return s.records.Synced(ctx, upTo)
}
