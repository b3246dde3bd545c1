package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

const shareColumns = `id, room, sender, sender_name, audience, name, type, size, received, state, reason, sha256,
	created_at, available_at, expires_at, updated_at, ended_at, purged, rev, metadata, reserved, hash, run, offer_key, offer_digest,
	concat, part_of, dialect, sender_role, path, thumbnail, vet, holder, fence`

func scanShare(r row) (Share, error) {
	var s Share
	err := r.Scan(shareFields(&s)...)
	return finished(s), err
}

// shareFields returns where to scan shareColumns to; finished does the rest.
func shareFields(s *Share) []any {
	s.AvailableAt = new(time.Time)
	return []any{&s.ID, &s.Room, &s.Sender.ID, &s.Sender.Name, jsonColumn{&s.To}, &s.Name, &s.Type, &s.Size, &s.Offset,
		&s.State, &s.Reason, &s.SHA256, timeColumn{&s.CreatedAt}, timeColumn{s.AvailableAt}, timeColumn{&s.ExpiresAt},
		timeColumn{&s.UpdatedAt}, timeColumn{&s.EndedAt}, &s.Purged, &s.Rev, &s.Metadata, &s.Reserved,
		bytesColumn{&s.Checkpoint.Hash}, &s.Checkpoint.Run, &s.Offer.Key, &s.Offer.Digest,
		&s.Concat, &s.PartOf, &s.Dialect, &s.SenderRole, &s.Path, &s.Thumbnail, &s.Vet, &s.Holder, &s.Fence}
}

func finished(s Share) Share {
	if s.AvailableAt.IsZero() {
		s.AvailableAt = nil
	}
	s.Checkpoint.Offset = s.Offset
	return s
}

func share(ctx context.Context, q querier, id protocol.ShareID) (Share, error) {
	return one(ctx, q, scanShare, `SELECT `+shareColumns+` FROM shares WHERE id = $1`, id)
}

// Share returns a share, also one that has ended, until it is forgotten. It takes
// as long to find none as to find one: instead of what is not there, another is
// read and thrown away. Else the time of an answer would tell a share that the
// caller may not know of from one that does not exist.
func (db *DB) Share(ctx context.Context, id protocol.ShareID) (Share, error) {
	s, err := one(ctx, db.engine.Reader(), scanShare, `SELECT `+shareColumns+` FROM shares
		WHERE id = COALESCE((SELECT id FROM shares WHERE id = $1), (SELECT id FROM shares LIMIT 1))`, id)
	if err == nil && s.ID != id {
		err = ErrNotFound
	}
	if err != nil {
		return Share{}, fmt.Errorf("reading a share: %w", err)
	}
	return s, nil
}

// Offered returns what is remembered of the shares that a sender's request of
// that key made, in their order, whatever has become of them.
func (db *DB) Offered(ctx context.Context, room protocol.RoomID, sender protocol.ParticipantID, key string) ([]Share, error) {
	return offered(ctx, db.engine.Reader(), room, sender, key)
}

func offered(ctx context.Context, q querier, room protocol.RoomID, sender protocol.ParticipantID, key string) ([]Share, error) {
	if key == "" {
		return nil, nil
	}
	shares, err := list(ctx, q, scanShare, `SELECT `+shareColumns+` FROM shares
		WHERE room = $1 AND sender = $2 AND offer_key = $3 AND offer_key <> '' ORDER BY position`, room, sender, key)
	if err != nil {
		return nil, fmt.Errorf("reading the shares of a request: %w", err)
	}
	return shares, nil
}

// CreateShares adds a batch of new shares with the same room, sender, audience
// and offer, all or none, with an event for each stream that may see them, or
// several when they are too long for one (protocol.MaxEventBytes). It fails with
// ErrNotFound without the room, with ErrConflict when the offer has been made
// before, with protocol.CodeRoomEnded, with protocol.CodeUnauthenticated if the
// sender was dropped, with protocol.CodeSharingOff for its role, and with
// protocol.CodeRoomFull or protocol.CodeTooManyUploads over the quota. Beyond
// BoundAudit it fails with protocol.CodeUnavailable, and with ErrStaleRules by other
// rules than the room's.
func (db *DB) CreateShares(ctx context.Context, shares []Share, q Quota) error {
	if len(shares) == 0 {
		return nil
	}
	batch := make([]Share, len(shares))
	for i, s := range shares {
		batch[i] = created(s)
	}
	return db.updateIn(ctx, inRooms(batch[0].Room), "creating shares", func(ctx context.Context, c *change) error {
		made, err := offered(ctx, c, batch[0].Room, batch[0].Sender.ID, batch[0].Offer.Key)
		if err != nil {
			return err
		}
		if len(made) > 0 {
			return ErrConflict
		}
		if err := roomForShare(ctx, c, batch[0], q.RulesRev); err != nil {
			return err
		}
		return c.addShares(ctx, batch, q)
	})
}

// addShares adds a batch that fits into the quota, with its events.
func (c *change) addShares(ctx context.Context, batch []Share, q Quota) error {
	if err := c.checkQuota(ctx, batch, q); err != nil {
		return err
	}
	places, err := c.announce(ctx, protocol.SharesCreated, batch, batch[0].CreatedAt)
	if err != nil {
		return err
	}
	for i, s := range batch {
		if err := c.insertShare(ctx, s, places[i], i); err != nil {
			return err
		}
		if err := c.hold(ctx, s.Room, s.Reserved, 1); err != nil {
			return err
		}
		c.noteShare(AuditOffered, s, AuditEntry{Time: s.CreatedAt, By: string(s.Sender.ID), To: &s.To})
		c.hookShare(s, s.CreatedAt)
	}
	return nil
}

// created returns a new share as it will be read back.
func created(s Share) Share {
	s.State, s.Rev, s.Offset, s.Reason, s.SHA256 = protocol.Uploading, 1, 0, "", ""
	s.Thumbnail = len(s.Picture) > 0
	s.CreatedAt, s.ExpiresAt, s.UpdatedAt = rounded(s.CreatedAt), rounded(s.ExpiresAt), rounded(s.UpdatedAt)
	if s.UpdatedAt.IsZero() {
		s.UpdatedAt = s.CreatedAt
	}
	return s
}

// insertShare adds one share of a batch, and a receipt for each recipient.
func (c *change) insertShare(ctx context.Context, s Share, at place, position int) error {
	if s.State == protocol.Uploading {
		s.Holder = c.node // to save whoever sends the first bytes a change
	}
	audience, err := json.Marshal(s.To)
	if err != nil {
		return fmt.Errorf("writing the audience: %w", err)
	}
	_, err = c.exec(ctx, `INSERT INTO shares (`+shareColumns+`, seq, changed, position, mark)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', $11, $12, $13, $14, $15, 0, 0, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, 0, $31, $32, $33, $34)`,
		s.ID, s.Room, s.Sender.ID, s.Sender.Name, string(audience), s.Name, s.Type, s.Size, s.Offset, s.State, s.SHA256,
		micros(s.CreatedAt), micros(available(s)), micros(s.ExpiresAt), micros(s.UpdatedAt), s.Rev, s.Metadata, s.Reserved,
		bytesText(s.Checkpoint.Hash), s.Checkpoint.Run, s.Offer.Key, s.Offer.Digest, s.Concat, s.PartOf, s.Dialect, s.SenderRole, s.Path, flag(s.Thumbnail), flag(s.Vet), s.Holder, at.of(s), at.changed, position, c.db.marks.take())
	if err != nil {
		return fmt.Errorf("adding a share: %w", err)
	}
	if err := c.insertThumbnail(ctx, s); err != nil {
		return err
	}
	return c.insertReceipts(ctx, s, at)
}

// insertReceipts adds one for each recipient that the share lists.
func (c *change) insertReceipts(ctx context.Context, s Share, at place) error {
	for from, to := range portions(len(s.To.List)) {
		args := make([]any, 0, 5*(to-from))
		for _, recipient := range s.To.List[from:to] {
			args = append(args, s.ID, s.Room, recipient, at.seq[recipient], micros(s.CreatedAt))
		}
		_, err := c.exec(ctx, `INSERT INTO receipts (share, room, participant, seq, updated_at) VALUES `+rows(to-from, 5, "")+`
			ON CONFLICT (share, participant) DO NOTHING`, args...)
		if err != nil {
			return fmt.Errorf("adding receipts: %w", err)
		}
	}
	return nil
}
