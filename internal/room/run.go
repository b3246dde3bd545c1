package room

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	absenceEvery = time.Second
	purgeEvery   = time.Minute
)

// Recover notes that no connection of an earlier process is left. Its
// participants have the grace from now on to come back. Call it before the
// first connection comes.
func (s *Service) Recover(ctx context.Context) error {
	if err := s.Records.AllAway(ctx, s.Now()); err != nil {
		return fmt.Errorf("recovering rooms: %w", err)
	}
	return nil
}

// Run lets those leave who have been away for longer than the grace, and clears
// away rooms that have ended or that nobody came back to. It returns when ctx
// ends. What fails is tried again.
func (s *Service) Run(ctx context.Context) {
	absence := time.NewTicker(absenceEvery)
	defer absence.Stop()
	purge := time.NewTicker(purgeEvery)
	defer purge.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-absence.C:
			err = s.leaveAway(ctx)
		case <-purge.C:
			_, err = s.Records.PurgeRooms(ctx, s.Now().Add(-s.IdleLifetime), s.Now())
			err = errors.Join(err, s.forgetUsage(ctx))
			s.admitted.forget()
		}
		if err != nil && ctx.Err() == nil {
			s.Log.Error("looking after rooms failed", "err", err)
		}
	}
}

func (s *Service) leaveAway(ctx context.Context) error {
	now := s.Now()
	left, err := s.Records.LeaveAway(ctx, now.Add(-time.Duration(s.Limits.ReconnectSeconds)*time.Second), now)
	if left > 0 {
		s.Log.Info("absent participants left", "participants", left)
	}
	return err
}
