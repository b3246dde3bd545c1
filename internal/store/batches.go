package store

import (
	"context"
	"fmt"

	"github.com/handout-rtc/handout/protocol"
)

// batches runs fn in one transaction after another until it has done less than
// a full batch, and adds up in total what was committed. Others get their turn
// in between.
func (db *DB) batches(ctx context.Context, of Scope, what string, fn func(context.Context, *change) (int, error), total *int) error {
	for {
		var done int
		err := db.updateIn(ctx, of, what, func(ctx context.Context, c *change) (err error) {
			done, err = fn(ctx, c)
			return err
		})
		if err != nil {
			return err
		}
		if total != nil {
			*total += done
		}
		if done < purgeBatch {
			return nil
		}
	}
}

// sweeping is what a sweep clears away.
type sweeping[T any] struct {
	// find returns at most purgeBatch of what is due.
	find func(context.Context, querier) ([]T, error)
	room func(T) protocol.RoomID // that it belongs to
	act  func(context.Context, *change, T) error
}

// sweep acts on what is due, batch after batch, and returns on how much. Nothing is
// written where nothing is due. What is due is found again in the change that acts on
// it, and belongs to the rooms that the change is about.
func sweep[T any](ctx context.Context, db *DB, what string, s sweeping[T]) (total int, err error) {
	for {
		due, err := s.find(ctx, db.engine.Reader())
		if err != nil {
			return total, fmt.Errorf("%s: %w", what, err)
		}
		if len(due) == 0 {
			return total, nil
		}
		var rooms []protocol.RoomID
		about := make(map[protocol.RoomID]bool)
		for _, item := range due {
			if room := s.room(item); !about[room] {
				about[room] = true
				rooms = append(rooms, room)
			}
		}
		done := 0
		err = db.updateIn(ctx, inRooms(rooms...), what, func(ctx context.Context, c *change) error {
			done = 0
			again, err := s.find(ctx, c)
			for _, item := range again {
				if err == nil && about[s.room(item)] {
					err = s.act(ctx, c, item)
					done++
				}
			}
			return err
		})
		if err != nil {
			return total, err
		}
		total += done
		if len(due) < purgeBatch || done == 0 {
			return total, nil
		}
	}
}
