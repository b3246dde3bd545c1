// Package room knows who is here: it makes and ends rooms, lets participants
// in, keeps the roster through short absences, and passes messages on.
//
// The store is the truth. A participant is on the roster from its first Join
// until it leaves, is dropped, or stays away longer than the grace; a
// connection is only where it can be reached meanwhile.
package room

import (
	"context"
	"log/slog"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Rooms is what a Service needs of the store for rooms.
type Rooms interface {
	CreateRoom(ctx context.Context, r store.Room, maxRooms int) error
	Room(ctx context.Context, id protocol.RoomID) (store.Room, error)
	Rooms(ctx context.Context, app string) ([]store.Room, error)
	UpdateRoom(ctx context.Context, r store.Room) error
	EndRoom(ctx context.Context, id protocol.RoomID, now time.Time) error
	PurgeRooms(ctx context.Context, idleBefore, now time.Time) (int, error)
}

// Presence is what a Service needs of the store to change who is here.
type Presence interface {
	Join(ctx context.Context, m store.Member, maxMembers int, now time.Time) (previous string, err error)
	Away(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID, connection string, now time.Time) error
	AllAway(ctx context.Context, now time.Time) error
	Leave(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID, now time.Time) (connection string, err error)
	Drop(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID, most int, now time.Time) (connection string, err error)
	LeaveAway(ctx context.Context, before, now time.Time) (int, error)
}

// Roster is what a Service needs of the store to tell who is here.
type Roster interface {
	Members(ctx context.Context, room protocol.RoomID) ([]store.Member, error)
	Member(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID) (store.Member, error)
	Dropped(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID) (bool, error)
}

// Records is the whole of what a Service needs of the store.
type Records interface {
	Rooms
	Presence
	Roster
	Switch
}

// Push reaches connected participants. No method waits for them.
type Push interface {
	// Disconnect ends a connection of the participant; one that is gone, or "", is no
	// error.
	Disconnect(room protocol.RoomID, participant protocol.ParticipantID, connection string, code protocol.CloseCode)
	// Publish sends the event to a participant, or to everybody in the room
	// when participant is "".
	Publish(room protocol.RoomID, participant protocol.ParticipantID, event protocol.Event) error
	// Listening returns how many connections hear what is published to everybody in
	// the room.
	Listening(room protocol.RoomID) int
}

// Config says what a Service works with. Records, Push and Limits are required.
type Config struct {
	Records Records
	Push    Push
	// Accounts keeps what rooms have used; nil keeps nothing.
	Accounts Accounts
	// UsageKept is how long that is kept, zero means 400 days; and UsageLines how many
	// rooms times days of it, zero means a million.
	UsageKept  time.Duration
	UsageLines int
	Limits     protocol.Limits // ReconnectSeconds is the grace of who is away
	// MaxRooms bounds the rooms of the server; zero means 10,000.
	MaxRooms int
	// MaxDropped bounds those that one room bars; zero means 10,000.
	MaxDropped int
	// Chatter bounds what messages cost; see there for the defaults.
	Chatter Chatter
	// IdleLifetime is how long a room without participants and files is kept;
	// zero means 30 days.
	IdleLifetime time.Duration
	// Dropped ends the transfers of who was removed from a room; nil means that
	// there are none.
	Dropped func(context.Context, protocol.RoomID, protocol.ParticipantID) error
	// CancelUploads ends the uploads of a room of those for whom sharing is off;
	// nil means that there are none.
	CancelUploads func(context.Context, protocol.RoomID, protocol.Sharing) error
	// RulesChanged hears of the rooms whose rules have changed; nil means that nobody
	// does.
	RulesChanged func(protocol.RoomID)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log is never nil after New; nil means discard.
	Log *slog.Logger
}

// Service is the one place that changes who is here. It is safe for concurrent
// use.
type Service struct {
	Config

	admitted admissions
	chatter  *chatter
}

// New returns a Service. Call Recover before the first connection comes, and
// Run to let time do its part.
func New(c Config) *Service {
	if c.MaxRooms == 0 {
		c.MaxRooms = 10_000
	}
	if c.MaxDropped == 0 {
		c.MaxDropped = 10_000
	}
	if c.IdleLifetime == 0 {
		c.IdleLifetime = 30 * 24 * time.Hour
	}
	if c.UsageKept == 0 {
		c.UsageKept = 400 * 24 * time.Hour
	}
	if c.UsageLines == 0 {
		c.UsageLines = 1_000_000
	}
	if c.Dropped == nil {
		c.Dropped = func(context.Context, protocol.RoomID, protocol.ParticipantID) error { return nil }
	}
	if c.CancelUploads == nil {
		c.CancelUploads = func(context.Context, protocol.RoomID, protocol.Sharing) error { return nil }
	}
	if c.RulesChanged == nil {
		c.RulesChanged = func(protocol.RoomID) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Config: c, chatter: newChatter(c.Chatter)}
}
