package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// ReceiptMove is a step that one recipient's receipt is to take.
type ReceiptMove struct {
	Share       protocol.ShareID
	Participant protocol.ParticipantID
	Name        string // of who is not on the roster
	State       protocol.ReceiptState
	Reason      string // of a failure
}

// ReceiptOutcome is a receipt as it is after a move, or why there is none:
// ErrNotFound without the share, protocol.CodeRoomFull when it has as many
// receipts as it may.
type ReceiptOutcome struct {
	Receipt protocol.Receipt
	Err     error
}

// ReceiptPage is one page of what a sender may read of receipts.
type ReceiptPage struct {
	Receipts []protocol.Receipt
	Seq      int64 // in the sender's stream
	More     bool
}

// ledgerEntry is a receipt, stored or not, with what only the store knows of it.
type ledgerEntry struct {
	protocol.Receipt
	room      protocol.RoomID
	sender    protocol.ParticipantID
	broadcast bool
	stored    bool
	told      int64
	moved     bool   // by the moves at hand
	size      *int64 // of the share, as sha256
	sha256    string
}

// ledgerColumns are of a share s, and of a receipt r and a member m of the same
// participant, either of which may be missing.
const ledgerColumns = `s.id, COALESCE(r.participant, m.id, '') AS participant, COALESCE(m.name, r.name, ''),
	COALESCE(r.state, 'offered'), COALESCE(r.reason, ''), s.created_at, COALESCE(m.joined_at, 0), COALESCE(r.offered_at, 0),
	COALESCE(r.seen_at, 0), COALESCE(r.started_at, 0), COALESCE(r.ended_at, 0), COALESCE(r.rev, 0),
	s.room, s.sender AS sender, CASE WHEN s.audience = '"room"' THEN 1 ELSE 0 END,
	CASE WHEN r.share IS NULL THEN 0 ELSE 1 END, COALESCE(r.told, 0) AS told, s.size, s.sha256`

func scanLedgerEntry(r row) (ledgerEntry, error) {
	var e ledgerEntry
	var created, joined, offered, seen, started, ended int64
	var broadcast, stored int
	err := r.Scan(&e.Share, &e.Participant, &e.Name, &e.State, &e.Reason, &created, &joined, &offered, &seen, &started, &ended,
		&e.Rev, &e.room, &e.sender, &broadcast, &stored, &e.told, &e.size, &e.sha256)
	e.broadcast, e.stored = broadcast == 1, stored == 1
	switch {
	case offered != 0:
	case e.broadcast: // to who came later, it was offered then
		offered = max(created, joined)
	default:
		offered = created
	}
	e.OfferedAt = timeOf(offered)
	e.SeenAt, e.StartedAt, e.EndedAt = timeOrNil(seen), timeOrNil(started), timeOrNil(ended)
	return e, err
}

func timeOrNil(us int64) *time.Time {
	if us == 0 {
		return nil
	}
	at := timeOf(us)
	return &at
}

func microsOf(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return micros(*t)
}

// entry returns one participant's receipt of a share, as it would be if there is
// none yet.
func entry(ctx context.Context, q querier, share protocol.ShareID, participant protocol.ParticipantID) (ledgerEntry, error) {
	e, err := one(ctx, q, scanLedgerEntry, `SELECT `+ledgerColumns+` FROM shares s
		LEFT JOIN receipts r ON r.share = s.id AND r.participant = $2
		LEFT JOIN members m ON m.room = s.room AND m.id = $2
		WHERE s.id = $1`, share, participant)
	e.Participant = participant
	return e, err
}

// Receipt returns the receipt of one who may receive the share; ErrNotFound
// without the share.
func (db *DB) Receipt(ctx context.Context, share protocol.ShareID, participant protocol.ParticipantID) (protocol.Receipt, error) {
	e, err := entry(ctx, db.engine.Reader(), share, participant)
	if err != nil {
		return protocol.Receipt{}, fmt.Errorf("reading a receipt: %w", err)
	}
	return e.Receipt, nil
}

// Receipts returns the receipts of a share in the order of the participants'
// ids, beginning behind after: of everybody listed, or of everybody who has said
// something and, until the share ends, who is here and may receive. The sender has
// none.
func (db *DB) Receipts(ctx context.Context, share protocol.ShareID, after protocol.ParticipantID, limit int) ([]protocol.Receipt, error) {
	entries, err := list(ctx, db.engine.Reader(), scanLedgerEntry, `SELECT * FROM (
			SELECT `+ledgerColumns+` FROM receipts r JOIN shares s ON s.id = r.share
				LEFT JOIN members m ON m.room = s.room AND m.id = r.participant
			WHERE r.share = $1
		UNION ALL
			SELECT `+ledgerColumns+` FROM shares s JOIN members m ON m.room = s.room
				LEFT JOIN receipts r ON r.share = s.id AND r.participant = m.id
			WHERE s.id = $1 AND s.ended_at = 0 AND s.audience = '"room"' AND r.share IS NULL AND m.grants LIKE '%"`+protocol.GrantReceive+`"%'
		) AS ledger WHERE participant > $2 AND participant <> sender ORDER BY participant LIMIT $3`, share, after, limit)
	if err != nil {
		return nil, fmt.Errorf("reading receipts: %w", err)
	}
	return receiptsOf(entries), nil
}

// SharesIn returns what is remembered of the shares of a room, in the order of
// their ids, beginning behind after. A partial upload is no share.
func (db *DB) SharesIn(ctx context.Context, room protocol.RoomID, after protocol.ShareID, limit int) ([]Share, error) {
	shares, err := list(ctx, db.engine.Reader(), scanShare, `SELECT `+shareColumns+` FROM shares
		WHERE room = $1 AND id > $2 AND concat <> '`+ConcatPartial+`' ORDER BY id LIMIT $3`, room, after, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the shares of a room: %w", err)
	}
	return shares, nil
}

// ReceiptsFor returns a page of the receipts of a sender's shares in a room that
// took a step after since, a number of the sender's stream, oldest step first.
// Receipts that were told of together are never parted.
func (db *DB) ReceiptsFor(ctx context.Context, room protocol.RoomID, sender protocol.ParticipantID, since int64, limit int) (ReceiptPage, error) {
	limit = max(limit, receiptsPerEvent) // so that what was told of together fits
	var p ReceiptPage
	err := db.read(ctx, "reading receipts", func(tx *sql.Tx) error {
		head, _, err := heads(ctx, tx, room, sender)
		if err != nil {
			return err
		}
		entries, err := list(ctx, tx, scanLedgerEntry, `SELECT `+ledgerColumns+` FROM receipts r JOIN shares s ON s.id = r.share
				LEFT JOIN members m ON m.room = s.room AND m.id = r.participant
			WHERE r.room = $1 AND r.sender = $2 AND r.told > $3 AND r.told > 0
			ORDER BY r.told, r.share, r.participant LIMIT $4`, room, sender, since, limit+1)
		if err != nil {
			return err
		}
		p = ReceiptPage{Seq: head.Personal}
		if len(entries) > limit {
			last := limit
			for last > 0 && entries[last-1].told == entries[limit].told {
				last--
			}
			entries = entries[:last]
			p.More, p.Seq = true, entries[last-1].told
		}
		p.Receipts = receiptsOf(entries)
		return nil
	})
	return p, err
}

func receiptsOf(entries []ledgerEntry) []protocol.Receipt {
	receipts := make([]protocol.Receipt, len(entries))
	for i, e := range entries {
		receipts[i] = e.Receipt
	}
	return receipts
}
