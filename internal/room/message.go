package room

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Message passes a message on to who is connected now; it is not kept. The
// sender and every recipient must be on the roster. A message for chosen
// participants reaches each on its own stream and names that one alone. Who sends
// too much, or whose room does, is told CodeTooManyRequests: see Chatter.
func (s *Service) Message(ctx context.Context, room protocol.RoomID, sender protocol.Sender, m protocol.MessageRequest) error {
	if err := s.checkMessage(m); err != nil {
		return err
	}
	to, err := s.audience(ctx, room, sender.ID, *m.To)
	if err != nil {
		return err
	}
	connections := len(to.List)
	if to.Room {
		connections = s.Push.Listening(room)
	}
	if err := s.chatter.take(s.Now(), room, sender.ID, len(m.Body), connections); err != nil {
		return err
	}
	event := protocol.Event{
		Type: protocol.MessageReceived, Time: s.Now().UTC(),
		Message: &protocol.Message{Kind: m.Kind, Sender: sender, To: to, Body: m.Body},
	}
	if to.Room {
		return s.publish(room, "", event)
	}
	for _, id := range to.List {
		alone := *event.Message
		alone.To = protocol.Audience{List: []protocol.ParticipantID{id}}
		event.Message = &alone
		if err := s.publish(room, id, event); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) publish(room protocol.RoomID, id protocol.ParticipantID, event protocol.Event) error {
	if err := s.Push.Publish(room, id, event); err != nil {
		return fmt.Errorf("passing a message on: %w", err)
	}
	return nil
}

// checkMessage checks what does not depend on who is here.
func (s *Service) checkMessage(m protocol.MessageRequest) error {
	switch {
	case m.Kind != protocol.TextMessage && m.Kind != protocol.DataMessage:
		return invalid(`"kind" must be "text" or "data"`)
	case m.To == nil:
		return invalid(`"to" is missing`)
	case !m.To.Room && len(m.To.List) == 0:
		return protocol.NewError(protocol.CodeEmptyList, "the message is for nobody")
	case len(m.To.List) > s.Limits.RecipientsPerRequest:
		return invalid(fmt.Sprintf("more than %d recipients", s.Limits.RecipientsPerRequest))
	case len(m.Body) > s.Limits.MessageBytes:
		return protocol.LimitError(protocol.CodeRequestTooLarge, "max-message", fmt.Sprintf("the message is larger than %d bytes", s.Limits.MessageBytes))
	case len(m.Body) == 0 || !json.Valid(m.Body):
		return invalid(`"body" is missing`)
	case m.Kind == protocol.TextMessage && !bytes.HasPrefix(bytes.TrimSpace(m.Body), []byte(`"`)):
		return invalid(`the "body" of a text must be a string`)
	}
	return nil
}

// audience checks that sender and recipients are here, and folds duplicates. It
// reads of those alone: a message to a room of thousands is no reason to read
// who all of them are.
func (s *Service) audience(ctx context.Context, room protocol.RoomID, sender protocol.ParticipantID, to protocol.Audience) (protocol.Audience, error) {
	if here, err := s.here(ctx, room, sender); err != nil {
		return to, err
	} else if !here {
		return to, protocol.NewError(protocol.CodeForbidden, "who sends must have joined the room")
	}
	var list []protocol.ParticipantID
	named := make(map[protocol.ParticipantID]bool, len(to.List))
	for _, id := range to.List {
		if named[id] {
			continue
		}
		named[id] = true
		if here, err := s.here(ctx, room, id); err != nil {
			return to, err
		} else if !here {
			return to, protocol.NewError(protocol.CodeUnknownRecipient, "a recipient is not in the room")
		}
		list = append(list, id)
	}
	return protocol.Audience{Room: to.Room, List: list}, nil
}

// here reports whether the participant is on the roster.
func (s *Service) here(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID) (bool, error) {
	switch _, err := s.Records.Member(ctx, room, id); {
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading the roster: %w", err)
	}
	return true, nil
}
