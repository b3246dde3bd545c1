package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/handout-rtc/handout/protocol"
)

type heldKey struct{}

// heldShare is what a node believes of an upload that it holds.
type heldShare struct {
	id    protocol.ShareID
	fence int64
}

// Held returns a context for what the holder of an upload does: changes of that
// upload that are made with it are ErrFenced if another node has taken it over since
// the record was read.
func Held(ctx context.Context, s Share) context.Context {
	return context.WithValue(ctx, heldKey{}, heldShare{s.ID, s.Fence})
}

// fenceOf returns the fence that a change of the upload is bound to, nil for none.
func fenceOf(ctx context.Context, id protocol.ShareID) *int64 {
	if held, ok := ctx.Value(heldKey{}).(heldShare); ok && held.id == id {
		return &held.fence
	}
	return nil
}

// fenced returns ErrFenced if the change is bound to another fence than the upload's.
func fenced(ctx context.Context, s Share) error {
	if fence := fenceOf(ctx, s.ID); fence != nil && *fence != s.Fence {
		return ErrFenced
	}
	return nil
}

// refused says why a change of the upload was refused that its state or its fence does
// not permit.
func refused(ctx context.Context, s Share) error {
	if err := fenced(ctx, s); err != nil {
		return err
	}
	return ErrConflict
}

// TakeUpload makes this node the holder of an upload that stands at that fence, and
// raises the fence: from then on the holder before changes nothing more of it. It is
// ErrConflict if the upload has another fence by now or is not uploading; the record
// is returned as it is then.
func (db *DB) TakeUpload(ctx context.Context, id protocol.ShareID, fence int64) (Share, error) {
	var now Share
	err := db.updateIn(ctx, db.bytesOf(id), "taking an upload over", func(ctx context.Context, c *change) error {
		n, err := c.exec(ctx, `UPDATE shares SET holder = $1, fence = fence + 1 WHERE id = $2 AND fence = $3 AND state = 'uploading'`,
			c.node, id, fence)
		if err != nil {
			return err
		}
		if now, err = share(ctx, c, id); err == nil && n == 0 {
			err = ErrConflict
		}
		return err
	})
	return now, err
}

// Abandoned returns uploads whose holder is dead or has left, in the order of their
// ids, beginning behind after.
func (db *DB) Abandoned(ctx context.Context, after protocol.ShareID, limit int) ([]Share, error) {
	shares, err := list(ctx, db.engine.Reader(), scanShare, `SELECT `+shareColumns+` FROM shares
		WHERE state = 'uploading' AND holder <> '' AND holder IN (SELECT id FROM nodes WHERE seen_at <= `+db.microsNow()+` - $1)
		AND id > $2 ORDER BY id LIMIT $3`, NodeDead.Microseconds(), after, limit)
	if err != nil {
		return nil, fmt.Errorf("reading abandoned uploads: %w", err)
	}
	return shares, nil
}

// Standing is where a share stands: what may change beside a node that reads or
// writes it.
type Standing struct {
	Room   protocol.RoomID
	State  protocol.ShareState
	Offset int64
	Holder string
	Fence  int64
}

// Standings returns where those of the shares stand that there are records of.
func (db *DB) Standings(ctx context.Context, ids []protocol.ShareID) (map[protocol.ShareID]Standing, error) {
	all := make(map[protocol.ShareID]Standing, len(ids))
	scan := func(r row) (id protocol.ShareID, err error) {
		var s Standing
		err = r.Scan(&id, &s.Room, &s.State, &s.Offset, &s.Holder, &s.Fence)
		all[id] = s
		return id, err
	}
	for len(ids) > 0 {
		marks, args := placeholders(ids[:min(len(ids), knownBatch)])
		ids = ids[len(args):]
		if _, err := list(ctx, db.engine.Reader(), scan, `SELECT id, room, state, received, holder, fence FROM shares WHERE id IN (`+marks+`)`, args...); err != nil {
			return nil, fmt.Errorf("reading where shares stand: %w", err)
		}
	}
	return all, nil
}

// Seat is a participant in a room.
type Seat struct {
	Room protocol.RoomID
	ID   protocol.ParticipantID
}

// Barred returns those of the participants who were dropped from their rooms.
func (db *DB) Barred(ctx context.Context, seats []Seat) ([]Seat, error) {
	asked := make(map[Seat]bool, len(seats))
	ids := make([]protocol.ParticipantID, 0, len(seats))
	for _, seat := range seats {
		if !asked[seat] {
			asked[seat] = true
			ids = append(ids, seat.ID)
		}
	}
	scan := func(r row) (s Seat, err error) {
		err = r.Scan(&s.Room, &s.ID)
		return s, err
	}
	var barred []Seat
	for len(ids) > 0 {
		marks, args := placeholders(ids[:min(len(ids), knownBatch)])
		ids = ids[len(args):]
		found, err := list(ctx, db.engine.Reader(), scan, `SELECT room, participant FROM dropped WHERE participant IN (`+marks+`)`, args...)
		if err != nil {
			return nil, fmt.Errorf("reading who was dropped: %w", err)
		}
		for _, seat := range found {
			if asked[seat] {
				asked[seat] = false // told once
				barred = append(barred, seat)
			}
		}
	}
	return barred, nil
}

// placeholders returns the marks and arguments of an IN list.
func placeholders[T ~string](items []T) (marks string, args []any) {
	all := make([]string, len(items))
	args = make([]any, len(items))
	for i, item := range items {
		all[i], args[i] = "$"+strconv.Itoa(i+1), item
	}
	return strings.Join(all, ", "), args
}
