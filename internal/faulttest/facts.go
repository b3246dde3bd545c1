package faulttest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/blob/diskblob"
	"github.com/handout-rtc/handout/protocol"
)

// Facts are what is left of a server that has ended: its records and its bytes.
type Facts struct {
	Shares []Record
	Rooms  []Holding
	Outbox int // events that were never announced
	Blobs  []Blob
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

// Blob is bytes on the disk.
type Blob struct {
	Key       protocol.ShareID
	Committed bool
	Size      int64
	SHA256    string // of one that is committed
}

// ReadFacts reads the data directory of a server that has ended, however it did.
func ReadFacts(ctx context.Context, data string) (*Facts, error) {
	facts := new(Facts)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "handout.db")+"?mode=rw")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := facts.readRecords(ctx, db); err != nil {
		return nil, err
	}
	if err := facts.readBlobs(ctx, filepath.Join(data, "files")); err != nil {
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

// readBlobs reads the bytes as the server would.
func (f *Facts) readBlobs(ctx context.Context, dir string) error {
	blobs, err := diskblob.Open(dir)
	if err != nil {
		return err
	}
	defer blobs.Close()
	for info, err := range blobs.List(ctx) {
		if err != nil {
			return err
		}
		b := Blob{Key: protocol.ShareID(info.Key), Committed: info.Committed, Size: info.Size}
		if b.Committed {
			if b.SHA256, err = sumOf(ctx, blobs, info.Key); err != nil {
				return err
			}
		}
		f.Blobs = append(f.Blobs, b)
	}
	return nil
}

func sumOf(ctx context.Context, blobs blob.Store, key blob.Key) (string, error) {
	bytes, err := blobs.Open(ctx, key)
	if err != nil {
		return "", err
	}
	defer bytes.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, bytes); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
