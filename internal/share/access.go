package share

import (
	"context"
	"errors"
	"fmt"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Caller is who asks: a participant, as its token says, or the application.
type Caller struct {
	Room protocol.RoomID
	ID   protocol.ParticipantID
	Name string

	Send      bool // may offer shares
	Receive   bool // may see and download shares of others
	SendToAll bool // may offer to the whole room
	Moderate  bool // may end shares of others

	// Role is what the room's switch counts the participant as: see
	// protocol.SharingRole.
	Role string

	// Operator: it is the application that the room is of. See AsOperator.
	Operator bool
}

// AsOperator returns the application as a caller in one of its rooms; name is what
// participants see of the sender of what it shares.
func AsOperator(room protocol.RoomID, name string) Caller {
	return Caller{
		Room: room, ID: protocol.OperatorID, Name: name,
		Send: true, SendToAll: true, Moderate: true, Role: protocol.RoleOperator, Operator: true,
	}
}

// View returns a share as the caller may see it.
func (c Caller) View(s store.Share) protocol.Share {
	if c.Operator {
		return s.Share
	}
	return s.For(c.ID)
}

// Verb is what a caller wants to do with a share.
type Verb string

const (
	// See: read the record.
	See Verb = "see"
	// Read: download the bytes.
	Read Verb = "read"
	// Write: ask the offset of the upload, or add bytes to it.
	Write Verb = "write"
	// End: cancel or revoke.
	End Verb = "end"
	// Say: tell what has become of the share on the caller's own side.
	Say Verb = "say"
	// Account: read what every recipient has said.
	Account Verb = "account"
)

// Authorise returns the share if the caller may do verb with it, whatever its
// state. It is the one function that decides this for every request.
func (s *Service) Authorise(ctx context.Context, c Caller, id protocol.ShareID, verb Verb) (store.Share, error) {
	if !id.Valid() {
		return store.Share{}, notFound()
	}
	record, err := s.Records.Share(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return store.Share{}, notFound()
	}
	if err != nil {
		return store.Share{}, fmt.Errorf("reading share: %w", err)
	}
	if err := decide(c, record, verb); err != nil {
		return store.Share{}, err
	}
	if verb == Write {
		return s.certain(ctx, record)
	}
	return record, nil
}

// RoomOf returns the room of a share or of a partial upload; of what does not exist,
// one that does not exist either. It tells nobody anything: who asks must be held
// against that room.
func (s *Service) RoomOf(ctx context.Context, id protocol.ShareID) (protocol.RoomID, error) {
	record, err := s.Records.Share(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return protocol.NewRoomID(), nil
	}
	if err != nil {
		return "", fmt.Errorf("reading share: %w", err)
	}
	return record.Room, nil
}

// decide holds the rules. Whoever may not see a share is told that there is
// none; whoever may see it is told what is missing. A partial upload is no share:
// it has an offset and an end, for its sender.
//
// A moderator may end what it may not see. It has the id from somebody who sees it,
// for nobody guesses one, and learns nothing more of it (docs/decisions/0015). The
// application sees and reads all that is shared in its rooms, and writes what is its
// own (docs/decisions/0023).
func decide(c Caller, s store.Share, verb Verb) error {
	if c.Room != s.Room {
		return notFound()
	}
	sender := c.ID == s.Sender.ID
	recipient := c.Receive && s.To.Includes(c.ID)
	if verb == End && c.Moderate && !s.Partial() {
		return nil
	}
	if !sender && !recipient && !c.Operator || s.Partial() && (!sender || verb != Write && verb != End) {
		return notFound()
	}
	switch verb {
	case See, Read:
		return nil
	case Write:
		if sender && c.Send {
			return nil
		}
		return protocol.NewError(protocol.CodeForbidden, "only the sender may write to an upload")
	case End:
		if sender {
			return nil
		}
		return protocol.NewError(protocol.CodeForbidden, "only the sender or a moderator may end a share")
	case Say:
		if recipient && !sender {
			return nil
		}
		return protocol.NewError(protocol.CodeForbidden, "only a recipient has a receipt, and not of its own share")
	case Account:
		if sender || c.Operator {
			return nil
		}
		return protocol.NewError(protocol.CodeForbidden, "only the sender may read the receipts of others")
	}
	return protocol.NewError(protocol.CodeForbidden, "not permitted")
}

// mayOffer reports why the caller may not offer files to the audience in a room of
// these rules, if it may not. A partial upload is offered to nobody yet.
func mayOffer(c Caller, to protocol.Audience, rules protocol.Rules) error {
	switch {
	case !rules.MaySend(c.Role, false):
		return protocol.NewError(protocol.CodeForbidden, "the rules of the room do not permit your role to send")
	case to.Room && !rules.MaySend(c.Role, true):
		return protocol.NewError(protocol.CodeForbidden, "the rules of the room do not permit your role to send to the whole room")
	case !c.Send:
		return protocol.NewError(protocol.CodeForbidden, "the token does not permit to send")
	case to.Room && !c.SendToAll:
		return protocol.NewError(protocol.CodeForbidden, "the token does not permit to send to the whole room")
	}
	return nil
}

// seen returns what the caller may see of what the store has selected for it. The
// store goes by the same rules, to be fast; decide is asked all the same, so that
// a query that is wrong shows nobody anything.
func seen(c Caller, selected []store.Share) []protocol.Share {
	shares := []protocol.Share{} // a list on the wire, never null
	for _, s := range selected {
		if decide(c, s, See) == nil {
			shares = append(shares, c.View(s))
		}
	}
	return shares
}

func notFound() error {
	return protocol.NewError(protocol.CodeShareNotFound, "there is no such share")
}

// endedError says why nothing more can be done with a share.
func endedError(s protocol.Share) error {
	return protocol.NewError(protocol.CodeShareEnded, "the share was "+string(s.State))
}
