package room

import (
	"time"

	"github.com/handout-rtc/handout/internal/limit"
	"github.com/handout-rtc/handout/protocol"
)

// Chatter bounds what messages cost: each its bytes, and what an event has beside
// them, for everybody who is sent it. Zero values stand for what their comments
// name.
type Chatter struct {
	Participant limit.Rate // 8 MiB a second, 64 MiB at once
	Room        limit.Rate // of all its participants: 32 MiB, 256 MiB
}

const (
	// mostChatting bounds how many of each kind are counted at a time.
	mostChatting = 100_000
	// envelope is what an event has beside the body of a message, in bytes.
	envelope = 256
)

// chatter counts messages.
type chatter struct {
	bounds       Chatter
	participants *limit.Rates[chatting]
	rooms        *limit.Rates[protocol.RoomID]
}

// chatting is a participant who sends messages.
type chatting struct {
	room protocol.RoomID
	id   protocol.ParticipantID
}

func newChatter(c Chatter) *chatter {
	c.Participant = c.Participant.Or(limit.Rate{PerSecond: 8 << 20, Burst: 64 << 20})
	c.Room = c.Room.Or(limit.Rate{PerSecond: 32 << 20, Burst: 256 << 20})
	return &chatter{
		bounds:       c,
		participants: limit.NewRates[chatting](c.Participant, mostChatting),
		rooms:        limit.NewRates[protocol.RoomID](c.Room, mostChatting),
	}
}

// take counts a message with a body of so many bytes to so many connections. It
// fails with CodeTooManyRequests for a participant, or a room, that sends too much.
// One message alone is never too much.
func (c *chatter) take(now time.Time, room protocol.RoomID, sender protocol.ParticipantID, bytes, connections int) error {
	cost := (bytes + envelope) * max(connections, 1)
	if wait := c.participants.Take(now, chatting{room, sender}, min(cost, c.bounds.Participant.Burst)); wait > 0 {
		return tooFast("message-rate", wait)
	}
	if wait := c.rooms.Take(now, room, min(cost, c.bounds.Room.Burst)); wait > 0 {
		return tooFast("room-message-rate", wait)
	}
	return nil
}

func tooFast(name string, wait time.Duration) error {
	err := protocol.LimitError(protocol.CodeTooManyRequests, name, "too many messages: try again in a moment")
	err.After = wait
	return err
}
