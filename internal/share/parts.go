package share

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/handout-rtc/handout/internal/crash"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Parts is what a Service needs of the store for files that come in parts.
type Parts interface {
	CreatePartial(ctx context.Context, s store.Share, q store.Quota) error
	JoinPartials(ctx context.Context, s store.Share, parts []protocol.ShareID, q store.Quota) error
	Parts(ctx context.Context, id protocol.ShareID) ([]store.Share, error)
	Partials(ctx context.Context, room protocol.RoomID, sender protocol.ParticipantID) ([]protocol.ShareID, error)
}

// Union is a file that its sender has sent as partial uploads.
type Union struct {
	Draft Draft // its size is the sum of theirs
	To    protocol.Audience
	// UserRefs adds to To.List everybody in the room whom the application calls so.
	UserRefs []string
	Parts    []protocol.ShareID // in their order, none twice
	// Concat names the parts in the words of the edge.
	Concat string
}

// OfferPartial creates a partial upload: nobody's share, until it is joined.
func (s *Service) OfferPartial(ctx context.Context, c Caller, d Draft) (part store.Share, err error) {
	d = Draft{Size: d.Size, Metadata: d.Metadata} // all else is said of the file that it becomes a part of
	err = s.inHouse(ctx, c.Room, func(h house) error {
		if err := mayOffer(c, protocol.Audience{}, h.Rules); err != nil {
			return err
		}
		h.Allow, h.Deny = nil, nil
		if err := checkDrafts([]Draft{d}, 0, h); err != nil {
			return err
		}
		part = s.record(c, d, protocol.Audience{}, h, s.Now())
		part.Concat = store.ConcatPartial
		settle, err := s.admit(ctx, c, []store.Share{part})
		if err != nil {
			return err
		}
		err = s.Parts.CreatePartial(ctx, part, s.quota(h))
		settle(err == nil)
		return offerFailed(err)
	})
	return part, err
}

// Join creates a share of partial uploads that are the caller's and have all
// their bytes; the bytes are for upload.Service.Join to bring. Joining the same
// parts in the same order again returns the share that they were joined to.
//
// A part of somebody else is CodeShareNotFound, as one that does not exist. One
// that was joined otherwise is CodeShareEnded: each byte that was sent is in one
// file, once, so nobody can have the server write more than it has received.
func (s *Service) Join(ctx context.Context, c Caller, u Union) (store.Share, error) {
	whole, err := s.joinedBefore(ctx, c, u)
	if err != nil || whole.ID != "" {
		return whole, err
	}
	err = s.inHouse(ctx, c.Room, func(h house) (err error) {
		if u.Draft.Size, err = s.sumOf(ctx, c, h, u.Parts); err != nil {
			return err
		}
		to, err := s.audience(ctx, c, h, u.To, u.UserRefs)
		if err != nil {
			return err
		}
		if err := checkDrafts([]Draft{u.Draft}, len(to.List), h); err != nil {
			return err
		}
		whole = s.record(c, u.Draft, to, h, s.Now())
		whole.Concat = u.Concat
		return offerFailed(s.Parts.JoinPartials(ctx, whole, u.Parts, s.quota(h)))
	})
	if errors.Is(err, store.ErrConflict) { // by the same request, which overtook this one
		before, beforeErr := s.joinedBefore(ctx, c, u)
		if beforeErr != nil || before.ID != "" {
			return before, beforeErr
		}
	}
	if err != nil {
		return whole, err
	}
	crash.At(crash.PartsTaken)
	s.Log.Info("share created", "share", whole.ID, "room", whole.Room, "participant", c.ID, "bytes", whole.Reserved, "parts", len(u.Parts))
	return whole, nil
}

// joinedBefore returns the share that exactly these parts were joined to, or an
// empty one if none of them was joined to any.
func (s *Service) joinedBefore(ctx context.Context, c Caller, u Union) (whole store.Share, err error) {
	var of protocol.ShareID
	for _, id := range u.Parts {
		part, err := s.Authorise(ctx, c, id, Write)
		switch {
		case err != nil:
			return whole, err
		case !part.Partial():
			return whole, protocol.NewError(protocol.CodeInvalidRequest, "an upload to be joined is no partial one")
		case part.PartOf != "":
			of = part.PartOf
		case part.State.Ended():
			return whole, endedError(part.Share)
		}
	}
	if of == "" {
		return whole, nil
	}
	parts, err := s.Parts.Parts(ctx, of)
	if err != nil {
		return whole, err
	}
	if !slices.EqualFunc(parts, u.Parts, func(p store.Share, id protocol.ShareID) bool { return p.ID == id }) {
		return whole, protocol.NewError(protocol.CodeShareEnded, "a partial upload was joined to another file")
	}
	whole, err = s.Authorise(ctx, c, of, Write)
	if err == nil && whole.State.Ended() {
		err = endedError(whole.Share)
	}
	return whole, err
}

// sumOf adds up what the parts have, up to the limit of a file.
func (s *Service) sumOf(ctx context.Context, c Caller, h house, parts []protocol.ShareID) (*int64, error) {
	var sum int64
	for _, id := range parts {
		part, err := s.Authorise(ctx, c, id, Write)
		switch {
		case err != nil:
			return nil, err
		case part.Size == nil || part.Offset != *part.Size:
			return nil, protocol.NewError(protocol.CodeOffsetMismatch, "a partial upload lacks bytes")
		case *part.Size > h.limits.FileSize-sum: // and not their sum, which could overflow
			return nil, TooLarge(h.limits.FileSize)
		}
		sum += *part.Size
	}
	return &sum, nil
}

// dropPartials ends the partial uploads of who was removed from the room.
func (s *Service) dropPartials(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID) error {
	partials, err := s.Parts.Partials(ctx, room, id)
	if err != nil {
		return fmt.Errorf("reading the partial uploads of who was dropped: %w", err)
	}
	for _, part := range partials {
		_, err := s.end(ctx, store.Share{Share: protocol.Share{ID: part}}, protocol.Failed, protocol.CodeDropped)
		if err != nil && !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return nil
}
