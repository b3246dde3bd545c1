package room

import (
	"context"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// Accounts is what a Service needs of the store for what rooms have used.
type Accounts interface {
	Used(ctx context.Context, app string, from, to time.Time, after protocol.RoomID, limit int) (protocol.Used, []protocol.RoomUsed, error)
	ForgetUsed(ctx context.Context, before time.Time, most int) (int, error)
}

// Usage returns what an application has used on the days from the one of from to the
// one of to, with a page of its rooms, beginning behind after: also those that have
// ended, while it is kept.
func (s *Service) Usage(ctx context.Context, app string, from, to time.Time, after protocol.RoomID) (protocol.Usage, error) {
	total, rooms, err := s.Accounts.Used(ctx, app, from, to, after, protocol.RoomsPerPage+1)
	if err != nil {
		return protocol.Usage{}, fmt.Errorf("reading usage: %w", err)
	}
	u := protocol.Usage{From: from.Format(time.DateOnly), To: to.Format(time.DateOnly), Total: total, Rooms: []protocol.RoomUsed{}}
	u.More = len(rooms) > protocol.RoomsPerPage
	u.Rooms = append(u.Rooms, rooms[:min(len(rooms), protocol.RoomsPerPage)]...)
	return u, nil
}

// forgetUsage forgets what is older than UsageKept, or more than UsageLines.
func (s *Service) forgetUsage(ctx context.Context) error {
	if s.Accounts == nil {
		return nil
	}
	_, err := s.Accounts.ForgetUsed(ctx, s.Now().Add(-s.UsageKept), s.UsageLines)
	return err
}
