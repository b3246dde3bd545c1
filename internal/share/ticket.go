package share

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// TicketLife is how long a ticket may wait for its one use.
const TicketLife = time.Minute

// Tickets is what a Service needs of the store for tickets.
type Tickets interface {
	CreateTicket(ctx context.Context, hash [32]byte, t store.Ticket, now time.Time) error
	UseTicket(ctx context.Context, hash [32]byte, now time.Time) (store.Ticket, error)
}

// Ticket returns a secret that lets its bearer begin one download of the share
// in the caller's name, and when it expires.
func (s *Service) Ticket(ctx context.Context, c Caller, id protocol.ShareID) (secret string, expires time.Time, err error) {
	record, err := s.Authorise(ctx, c, id, Read)
	if err != nil {
		return "", time.Time{}, err
	}
	if record.State.Ended() {
		return "", time.Time{}, endedError(record.Share)
	}
	secret = protocol.NewTicket()
	now := s.Now()
	expires = now.Add(TicketLife)
	ticket := store.Ticket{Share: id, Participant: c.ID, ExpiresAt: expires}
	if err := s.Tickets.CreateTicket(ctx, sha256.Sum256([]byte(secret)), ticket, now); err != nil {
		return "", time.Time{}, fmt.Errorf("creating a ticket: %w", err)
	}
	return secret, expires, nil
}

// Redeem uses a ticket up and returns the caller that it stands for: one who
// may receive, in the room of the share. A ticket for another share is used up
// too.
func (s *Service) Redeem(ctx context.Context, secret string, id protocol.ShareID) (Caller, error) {
	invalid := protocol.NewError(protocol.CodeTicketInvalid, "the ticket is unknown, used or expired")
	now := s.Now()
	ticket, err := s.Tickets.UseTicket(ctx, sha256.Sum256([]byte(secret)), now)
	if errors.Is(err, store.ErrNotFound) {
		return Caller{}, invalid
	}
	if err != nil {
		return Caller{}, fmt.Errorf("using a ticket: %w", err)
	}
	tooLong := ticket.ExpiresAt.Sub(now) > TicketLife // made when the clock was ahead, before the server started
	if ticket.Share != id || tooLong {
		return Caller{}, invalid
	}
	record, err := s.Records.Share(ctx, id)
	if err != nil {
		return Caller{}, invalid
	}
	if ticket.Participant == protocol.OperatorID {
		return AsOperator(record.Room, ""), nil
	}
	return Caller{Room: record.Room, ID: ticket.Participant, Receive: true}, nil
}
