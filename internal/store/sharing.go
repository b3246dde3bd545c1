package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// SwitchSharing switches sharing off for those roles of a room and on for all
// others, with an event on the room's stream, and returns the switch as it is
// then. Nothing happens if it stands so already. A share that is made at the same
// time is made before, or refused. It fails with ErrNotFound without the room, and
// with protocol.CodeRoomEnded.
func (db *DB) SwitchSharing(ctx context.Context, id protocol.RoomID, off []string, now time.Time) (protocol.Sharing, error) {
	var sharing protocol.Sharing
	err := db.updateIn(ctx, inRooms(id), "switching sharing", func(ctx context.Context, c *change) error {
		r, err := liveRoom(ctx, c, id)
		if err != nil {
			return err
		}
		sharing = r.Sharing
		if slices.Equal(sharing.Off, off) {
			return nil
		}
		sharing.Off, sharing.Rev = off, sharing.Rev+1
		text, err := rolesText(off)
		if err != nil {
			return err
		}
		if _, err := c.exec(ctx, `UPDATE rooms SET sharing_off = $1, sharing_rev = $2 WHERE id = $3`, text, sharing.Rev, id); err != nil {
			return err
		}
		c.note(AuditEntry{Kind: AuditSharing, Time: now, Room: id, Off: off})
		_, _, err = c.emit(ctx, id, roomStream, protocol.Event{Type: protocol.SharingChanged, Time: now, Sharing: &sharing})
		return err
	})
	return sharing, err
}

// rolesText is how a list of roles is kept.
func rolesText(roles []string) (string, error) {
	if len(roles) == 0 {
		return "", nil
	}
	text, err := json.Marshal(roles)
	if err != nil {
		return "", fmt.Errorf("writing roles: %w", err)
	}
	return string(text), nil
}

// roomForShare returns nil if the room takes a new share of that sender's: else
// ErrNotFound, protocol.CodeRoomEnded, protocol.CodeUnauthenticated for who was
// dropped, protocol.CodeSharingOff, or ErrStaleRules if it has other rules than rev.
func roomForShare(ctx context.Context, q querier, s Share, rev int64) error {
	r, err := liveRoom(ctx, q, s.Room)
	if err != nil {
		return err
	}
	if r.Rules.Rev != rev {
		return ErrStaleRules
	}
	if was, err := dropped(ctx, q, s.Room, s.Sender.ID); err != nil {
		return err
	} else if was {
		return wasDropped()
	}
	return permits(r.Sharing, s)
}

// wasDropped refuses a request that was on its way when its sender was dropped.
func wasDropped() error {
	return protocol.NewError(protocol.CodeUnauthenticated, "the participant was removed from the room")
}

func permits(sharing protocol.Sharing, s Share) error {
	if sharing.Permits(s.SenderRole) {
		return nil
	}
	return protocol.NewError(protocol.CodeSharingOff, "sharing is switched off")
}

// NoteRead notes for the audit log that the application was sent bytes of a share.
func (db *DB) NoteRead(ctx context.Context, s Share, now time.Time) error {
	return db.updateIn(ctx, inRooms(s.Room), "noting what the application reads", func(_ context.Context, c *change) error {
		c.noteShare(AuditDownloading, s, AuditEntry{Time: now, By: ByOperator})
		return nil
	})
}

// LiveIn returns the shares and partial uploads of a room that have not ended, in
// the order of their ids, beginning behind after: of every sender, or of that one.
// What is a part of another share is left out, for it ends with that.
func (db *DB) LiveIn(ctx context.Context, room protocol.RoomID, sender protocol.ParticipantID, after protocol.ShareID, limit int) ([]Share, error) {
	shares, err := list(ctx, db.engine.Reader(), scanShare, `SELECT `+shareColumns+` FROM shares
		WHERE room = $1 AND id > $2 AND ended_at = 0 AND part_of = '' AND (sender = $3 OR $3 = '') ORDER BY id LIMIT $4`, room, after, sender, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the live shares of a room: %w", err)
	}
	return shares, nil
}
