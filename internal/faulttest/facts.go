package faulttest

import (
	"context"
	"database/sql"
	"fmt"

	_ "modernc.org/sqlite" // the driver

	"github.com/handout-rtc/handout/protocol"
)

// Facts are what is left of a server that has ended: its records and its bytes.
type Facts struct {
	Shares []Record
	Rooms  []Holding
	Outbox int // events that were never announced
	Blobs  []Blob
	Strays []string // what is with the files and of none of them
}

// Record is what the database says of a share.
type Record struct {
	ID       protocol.ShareID
	Room     protocol.RoomID
	Sender   protocol.ParticipantID
	Name     string
	State    protocol.ShareState
	Reason   protocol.Code
	Size     int64 // -1 while it is not known
	Offset   int64
	SHA256   string
	Rev      int64
	Reserved int64
	Purged   bool
	Partial  bool             // it is nobody's share
	PartOf   protocol.ShareID // the share that a part belongs to
}

// Holding is what a room says that it holds of its quota.
type Holding struct {
	ID     protocol.RoomID
	Bytes  int64
	Shares int64
}

// Blob is bytes that are kept: on the disk, or in a bucket.
type Blob struct {
	Key       protocol.ShareID
	Committed bool
	Size      int64  // of what is there, from the first byte on
	SHA256    string // of one that is committed
}

// readFacts reads what a database says, and what a storage has.
func readFacts(ctx context.Context, records *sql.DB, files storage, sums bool) (*Facts, error) {
	facts := new(Facts)
	if err := facts.readRecords(ctx, records); err != nil {
		return nil, err
	}
	var err error
	if facts.Blobs, facts.Strays, err = files.blobs(ctx, records, sums); err != nil {
		return nil, fmt.Errorf("reading the files: %w", err)
	}
	return facts, nil
}

// readRecords reads what the database says, whichever it is.
func (f *Facts) readRecords(ctx context.Context, db *sql.DB) error {
	if err := f.readShares(ctx, db); err != nil {
		return fmt.Errorf("reading the records: %w", err)
	}
	if err := f.readRooms(ctx, db); err != nil {
		return fmt.Errorf("reading the rooms: %w", err)
	}
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM outbox`).Scan(&f.Outbox); err != nil {
		return fmt.Errorf("reading the outbox: %w", err)
	}
	return nil
}

func (f *Facts) readShares(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, `SELECT id, room, sender, name, state, reason, COALESCE(size, -1), received, sha256, rev, reserved, purged,
		concat = 'partial', part_of FROM shares ORDER BY id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r Record
		if err := rows.Scan(&r.ID, &r.Room, &r.Sender, &r.Name, &r.State, &r.Reason, &r.Size, &r.Offset, &r.SHA256, &r.Rev, &r.Reserved, &r.Purged,
			&r.Partial, &r.PartOf); err != nil {
			return err
		}
		f.Shares = append(f.Shares, r)
	}
	return rows.Err()
}

func (f *Facts) readRooms(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, `SELECT id, held_bytes, held_shares FROM rooms ORDER BY id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var h Holding
		if err := rows.Scan(&h.ID, &h.Bytes, &h.Shares); err != nil {
			return err
		}
		f.Rooms = append(f.Rooms, h)
	}
	return rows.Err()
}
