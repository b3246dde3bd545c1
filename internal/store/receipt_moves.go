package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// receiptsPerEvent keeps an event about receipts well below
// protocol.MaxEventBytes, whatever the names.
const receiptsPerEvent = 50

// MoveReceipts lets receipts take steps, in the order of the moves, and tells
// each sender in its own stream what its receipts have become, in one transaction
// with them. A move that its receipt may not make (protocol.Receipt.Step) changes
// nothing, and is no error. A share of a whole room has at most perShare receipts:
// who has left goes first, the longest silent one before others.
func (db *DB) MoveReceipts(ctx context.Context, moves []ReceiptMove, perShare int, now time.Time) ([]ReceiptOutcome, error) {
	// Most steps of a download that goes on are ones that were taken before: they
	// should not cost a commit.
	l := newLedger(moves, now)
	if err := db.read(ctx, "reading receipts", func(tx *sql.Tx) error { return l.decide(ctx, tx) }); err != nil {
		return nil, err
	}
	if len(l.changed) == 0 {
		return l.outcomes, nil
	}
	err := db.updateIn(ctx, inRooms(l.rooms()...), "moving receipts", func(ctx context.Context, c *change) error {
		l = newLedger(moves, now)
		if err := l.decide(ctx, c); err != nil {
			return err
		}
		if err := l.makeRoom(ctx, c, perShare); err != nil {
			return err
		}
		return l.save(ctx, c)
	})
	return l.outcomes, err
}

// ledger is what a number of moves come to.
type ledger struct {
	moves    []ReceiptMove
	now      time.Time
	outcomes []ReceiptOutcome

	entries map[receiptKey]*ledgerEntry
	changed []*ledgerEntry // in the order of their first step
}

type receiptKey struct {
	share       protocol.ShareID
	participant protocol.ParticipantID
}

func newLedger(moves []ReceiptMove, now time.Time) *ledger {
	return &ledger{
		moves: moves, now: rounded(now), outcomes: make([]ReceiptOutcome, len(moves)), entries: make(map[receiptKey]*ledgerEntry),
	}
}

// decide takes the steps, in memory.
func (l *ledger) decide(ctx context.Context, q querier) error {
	for i, move := range l.moves {
		if err := move.checkText(); err != nil {
			l.outcomes[i].Err = err
			continue
		}
		e, err := l.entry(ctx, q, receiptKey{move.Share, move.Participant})
		if errors.Is(err, ErrNotFound) {
			l.outcomes[i].Err = err
			continue
		}
		if err != nil {
			return err
		}
		after, moved := e.Step(move.State, move.Reason, l.now)
		if moved {
			if e.Receipt = after; e.Name == "" {
				e.Name = move.Name
			}
			if !e.moved {
				e.moved = true
				l.changed = append(l.changed, e)
			}
		}
		l.outcomes[i].Receipt = e.Receipt
	}
	return nil
}

// rooms returns the rooms of what the moves are about.
func (l *ledger) rooms() []protocol.RoomID {
	var all []protocol.RoomID
	for _, e := range l.entries {
		all = append(all, e.room)
	}
	return all
}

func (l *ledger) entry(ctx context.Context, q querier, key receiptKey) (*ledgerEntry, error) {
	if e := l.entries[key]; e != nil {
		return e, nil
	}
	e, err := entry(ctx, q, key.share, key.participant)
	if err != nil {
		return nil, err
	}
	l.entries[key] = &e
	return &e, nil
}

// makeRoom sees to it that no share gets more receipts than it may.
func (l *ledger) makeRoom(ctx context.Context, c *change, perShare int) error {
	counts := make(map[protocol.ShareID]int)
	refused := make(map[*ledgerEntry]bool)
	for _, e := range l.changed {
		if e.stored || !e.broadcast {
			continue
		}
		n, known := counts[e.Share]
		if !known {
			var err error
			if n, err = one(ctx, c, column[int], `SELECT COUNT(*) FROM receipts WHERE share = $1`, e.Share); err != nil {
				return err
			}
		}
		if n >= perShare {
			gone, err := c.forgetReceipt(ctx, e.Share)
			if err != nil {
				return err
			}
			n -= int(gone)
		}
		if refused[e] = n >= perShare; !refused[e] {
			n++
		}
		counts[e.Share] = n
	}
	l.changed = slices.DeleteFunc(l.changed, func(e *ledgerEntry) bool { return refused[e] })
	for i, move := range l.moves {
		if refused[l.entries[receiptKey{move.Share, move.Participant}]] {
			l.outcomes[i] = ReceiptOutcome{Err: protocol.NewError(protocol.CodeRoomFull, "the share has as many receipts as it may")}
		}
	}
	return nil
}

// forgetReceipt makes room for a receipt of a share: that of who has left and was
// silent longest goes, if there is one. It returns how many went.
func (c *change) forgetReceipt(ctx context.Context, share protocol.ShareID) (int64, error) {
	return c.exec(ctx, `DELETE FROM receipts WHERE share = $1 AND participant = (SELECT r.participant FROM receipts r
		WHERE r.share = $1 AND NOT EXISTS (SELECT 1 FROM members m WHERE m.room = r.room AND m.id = r.participant)
		ORDER BY r.updated_at, r.participant LIMIT 1)`, share)
}

// save tells the senders and writes what has changed.
func (l *ledger) save(ctx context.Context, c *change) error {
	type stream struct {
		room   protocol.RoomID
		sender protocol.ParticipantID
	}
	var order []stream
	bySender := make(map[stream][]*ledgerEntry)
	for _, e := range l.changed {
		to := stream{e.room, e.sender}
		if bySender[to] == nil {
			order = append(order, to)
		}
		bySender[to] = append(bySender[to], e)
	}
	for _, to := range order {
		if err := c.chargeReceived(ctx, to.room, l.now, bySender[to]); err != nil {
			return err
		}
		for together := range slices.Chunk(bySender[to], receiptsPerEvent) {
			event := protocol.Event{Type: protocol.ReceiptsChanged, Time: l.now}
			for _, e := range together {
				event.Receipts = append(event.Receipts, e.Receipt)
			}
			seq, _, err := c.emit(ctx, to.room, to.sender, event)
			if err != nil {
				return err
			}
			for _, e := range together {
				if err := c.saveReceipt(ctx, e, seq, l.now); err != nil {
					return err
				}
				c.noteReceipt(e, l.now)
				c.hookReceipt(e, l.now)
			}
		}
	}
	return nil
}

// chargeReceived charges a room for what was received of one sender's.
func (c *change) chargeReceived(ctx context.Context, room protocol.RoomID, now time.Time, entries []*ledgerEntry) error {
	var u protocol.Used
	for _, e := range entries {
		if e.State == protocol.ReceiptReceived && e.size != nil { // which it becomes once
			u.Receipts++
			u.BytesOut += *e.size
		}
	}
	if u == (protocol.Used{}) {
		return nil
	}
	return c.charge(ctx, room, now, u)
}

// auditedReceipts are the states that the audit log tells of.
var auditedReceipts = map[protocol.ReceiptState]AuditKind{
	protocol.ReceiptDownloading: AuditDownloading, protocol.ReceiptReceived: AuditReceived, protocol.ReceiptDeclined: AuditDeclined,
	protocol.ReceiptCancelled: AuditDownloadCancelled, protocol.ReceiptFailed: AuditDownloadFailed,
}

// noteReceipt notes what a receipt has become. Of several steps at once it is the
// last.
func (c *change) noteReceipt(e *ledgerEntry, now time.Time) {
	if kind, ok := auditedReceipts[e.State]; ok {
		c.note(AuditEntry{
			Kind: kind, Time: now, Room: e.room, By: string(e.Participant), Share: e.Share, Sender: e.sender,
			SHA256: e.sha256, Size: e.size, Reason: e.Reason,
		})
	}
}

func (c *change) saveReceipt(ctx context.Context, e *ledgerEntry, told int64, now time.Time) error {
	// The place in the recipient's own stream, seq, is the share's affair.
	_, err := c.exec(ctx, `INSERT INTO receipts (share, room, participant, seq, state, updated_at,
			sender, name, reason, offered_at, seen_at, started_at, ended_at, rev, told)
		VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (share, participant) DO UPDATE SET state = $4, updated_at = $5,
			sender = $6, name = $7, reason = $8, offered_at = $9, seen_at = $10, started_at = $11, ended_at = $12, rev = $13, told = $14`,
		e.Share, e.room, e.Participant, e.State, micros(now), e.sender, e.Name, e.Reason,
		micros(e.OfferedAt), microsOf(e.SeenAt), microsOf(e.StartedAt), microsOf(e.EndedAt), e.Rev, told)
	if err != nil {
		return fmt.Errorf("writing a receipt: %w", err)
	}
	return nil
}
