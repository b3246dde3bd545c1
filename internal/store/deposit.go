package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/handout-rtc/handout/internal/crash"
	"github.com/handout-rtc/handout/protocol"
)

// maxDeposits bounds how many deposits share one change, and one event. It is
// below protocol.SharesPerPage, so that what changed together fits a page.
const maxDeposits = 128

// deposits gathers those that wait for the same commit, so that many small files
// share the price of one: of reading the quota, of the numbers in the streams,
// and of the event.
type deposits struct {
	mu   sync.Mutex
	open map[protocol.RoomID]*depositBatch // guarded by mu; those that wait
}

type depositBatch struct {
	room protocol.RoomID
	all  []*deposit
}

type deposit struct {
	share Share
	quota Quota
	err   error
	done  chan struct{} // closed when err is final
}

// join adds a deposit to those that wait. Who is the first of a batch carries
// it out for all.
func (l *deposits) join(d *deposit) (b *depositBatch, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b = l.open[d.share.Room]
	if b == nil || len(b.all) == maxDeposits {
		b, first = &depositBatch{room: d.share.Room}, true
		if l.open == nil {
			l.open = make(map[protocol.RoomID]*depositBatch)
		}
		l.open[b.room] = b
	}
	b.all = append(b.all, d)
	return b, first
}

// close returns the whole of a batch, which nobody joins any more.
func (l *deposits) close(b *depositBatch) []*deposit {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[b.room] == b {
		delete(l.open, b.room)
	}
	return b.all
}

// Deposit adds a share whose bytes are all there, as one that is available: it
// is announced by shares.available alone. Its Size and SHA256 say what is there.
// Deposits of one sender to one audience that wait together are told of in one
// event. It fails as CreateShares does, and returns the share as it is kept.
func (db *DB) Deposit(ctx context.Context, s Share, q Quota) (Share, error) {
	if err := s.checkText(); err != nil {
		return Share{}, fmt.Errorf("depositing a share: %w", err)
	}
	d := &deposit{share: deposited(s), quota: q, done: make(chan struct{})}
	batch, first := db.deposits.join(d)
	if first {
		db.carryOut(ctx, batch)
	}
	<-d.done
	if d.err != nil {
		return Share{}, fmt.Errorf("depositing a share: %w", d.err)
	}
	return d.share, nil
}

// deposited returns a share that is deposited as it will be read back.
func deposited(s Share) Share {
	size, sum := *s.Size, s.SHA256
	s = created(s)
	now := s.CreatedAt
	s.State, s.AvailableAt, s.SHA256 = protocol.Available, &now, sum
	s.Offset, s.Reserved, s.Checkpoint = size, size, s.Checkpoint.kept(size)
	return s
}

// carryOut makes the batch in one change, which all wait for: the context of the
// one that carries it out does not end it.
func (db *DB) carryOut(ctx context.Context, b *depositBatch) {
	err := db.updateIn(context.WithoutCancel(ctx), inRooms(b.room), "adding deposits", func(ctx context.Context, c *change) error {
		all := db.deposits.close(b)
		for _, d := range all {
			d.err = nil
		}
		for _, group := range alike(all) {
			if err := c.deposit(ctx, group); err != nil {
				return err
			}
		}
		crash.At(crash.DepositWritten)
		return nil
	})
	for _, d := range db.deposits.close(b) {
		if err != nil {
			d.err = err
		}
		close(d.done)
	}
}

// alike groups deposits by what an event has in common: sender and audience. The
// order within a group is kept.
func alike(all []*deposit) [][]*deposit {
	type kind struct {
		room   protocol.RoomID
		sender protocol.ParticipantID
		to     string
	}
	var groups [][]*deposit
	places := make(map[kind]int, 1)
	for _, d := range all {
		of := kind{room: d.share.Room, sender: d.share.Sender.ID}
		if !d.share.To.Room {
			list, _ := json.Marshal(d.share.To) // of strings alone: it cannot fail
			of.to = string(list)
		}
		at, known := places[of]
		if !known {
			at = len(groups)
			places[of] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], d)
	}
	return groups
}

// deposit adds a group of deposits. What refuses one of them is its own error;
// one that is returned undoes them all.
func (c *change) deposit(ctx context.Context, group []*deposit) error {
	accepted, err := c.accepted(ctx, group)
	if err != nil || len(accepted) == 0 {
		return err
	}
	places, err := c.announce(ctx, protocol.SharesAvailable, accepted, accepted[0].CreatedAt)
	if err != nil {
		return err
	}
	var bytes int64
	for i, s := range accepted {
		if err := c.insertShare(ctx, s, places[i], i); err != nil {
			return err
		}
		bytes += s.Reserved
		c.noteShare(AuditAvailable, s, AuditEntry{Time: s.CreatedAt, By: string(s.Sender.ID), To: &s.To})
		c.hookShare(s, s.CreatedAt)
	}
	if err := c.charge(ctx, accepted[0].Room, accepted[0].CreatedAt, protocol.Used{Files: int64(len(accepted)), BytesIn: bytes}); err != nil {
		return err
	}
	return c.hold(ctx, accepted[0].Room, bytes, len(accepted))
}

// accepted returns the shares of a group that may be added, and tells the others
// why not.
func (c *change) accepted(ctx context.Context, group []*deposit) ([]Share, error) {
	h, room, refusal, err := c.roomHolds(ctx, group[0].share)
	if err != nil {
		return nil, err
	}
	if refusal == nil {
		refusal = c.auditHasRoom(ctx)
	}
	var accepted []Share
	for _, d := range group {
		if refusal != nil {
			d.err = refusal
			continue
		}
		made, err := c.wasMade(ctx, d.share, accepted)
		if err != nil {
			return nil, err
		}
		off, full := permits(room.Sharing, d.share), h.fits(d.quota, d.share.Reserved)
		switch {
		case made:
			d.err = ErrConflict
		case d.quota.RulesRev != room.Rules.Rev:
			d.err = ErrStaleRules
		case off != nil:
			d.err = off
		case h.shares >= d.quota.RoomShares:
			d.err = tooManyShares()
		case full != nil:
			d.err = full
		default:
			if err := c.grant(ctx, d.share.Room, &h, d.share.Reserved, d.quota.AppBytes); err != nil {
				if protocol.CodeOf(err) != protocol.CodeRoomFull {
					return nil, err
				}
				d.err = err
				continue
			}
			h.shares++
			h.add(d.share.Reserved)
			accepted = append(accepted, d.share)
		}
	}
	return accepted, nil
}

// roomHolds returns what the share's room holds of its quota, and its switch and the
// revision of its rules, or why it takes no shares of the sender.
func (c *change) roomHolds(ctx context.Context, s Share) (h held, room Room, refusal, err error) {
	var dropped int
	scan := func(r row) (h held, err error) {
		err = r.Scan(timeColumn{&room.EndedAt}, &h.bytes, &h.shares, &h.granted, jsonColumn{&room.Sharing.Off}, &room.Rules.Rev, &dropped)
		return h, err
	}
	h, err = one(ctx, c, scan, `SELECT r.ended_at, r.held_bytes, r.held_shares, r.granted, r.sharing_off, r.rules_rev,
		(SELECT COUNT(*) FROM dropped WHERE room = $1 AND participant = $2) FROM rooms r WHERE r.id = $1`, s.Room, s.Sender.ID)
	switch {
	case errors.Is(err, ErrNotFound):
		return h, room, err, nil
	case err != nil:
		return h, room, nil, fmt.Errorf("reading the quota: %w", err)
	case !room.EndedAt.IsZero():
		return h, room, protocol.NewError(protocol.CodeRoomEnded, "the room has ended"), nil
	case dropped > 0:
		return h, room, wasDropped(), nil
	}
	return h, room, nil, nil
}

// wasMade reports whether the share's request has been made before: by now, or
// by one of those beside it.
func (c *change) wasMade(ctx context.Context, s Share, beside []Share) (bool, error) {
	if s.Offer.Key == "" {
		return false, nil
	}
	if slices.ContainsFunc(beside, func(other Share) bool { return other.Offer.Key == s.Offer.Key }) {
		return true, nil
	}
	made, err := offered(ctx, c, s.Room, s.Sender.ID, s.Offer.Key)
	return len(made) > 0, err
}
