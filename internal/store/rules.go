package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// ErrStaleRules: what is to be made was held against rules that the room does not
// have any more. Nothing was changed.
var ErrStaleRules = errors.New("the room's rules have changed")

// SetRules lays down rules for a room, with an event on the room's stream that says
// what they make of the server's limits, and returns them with their revision.
// Nothing happens if they stand so already. A share that is made at the same time is
// made before, or by the new rules. It fails with ErrNotFound without the room, and
// with protocol.CodeRoomEnded.
func (db *DB) SetRules(ctx context.Context, id protocol.RoomID, rules protocol.Rules, server protocol.Limits, now time.Time) (protocol.Rules, error) {
	var stand protocol.Rules
	err := db.updateIn(ctx, inRooms(id), "laying down rules", func(ctx context.Context, c *change) error {
		r, err := liveRoom(ctx, c, id)
		if err != nil {
			return err
		}
		stand, rules.Rev = r.Rules, r.Rules.Rev
		if reflect.DeepEqual(stand, rules) {
			return nil
		}
		rules.Rev++
		stand = rules
		text, life, err := rulesColumns(rules)
		if err != nil {
			return err
		}
		if _, err := c.exec(ctx, `UPDATE rooms SET rules = $1, rules_rev = $2, empty_life = $3 WHERE id = $4`, text, rules.Rev, life, id); err != nil {
			return err
		}
		c.note(AuditEntry{Kind: AuditRules, Time: now, Room: id, Rules: &rules})
		limits := rules.Within(server)
		_, _, err = c.emit(ctx, id, roomStream, protocol.Event{Type: protocol.RulesChanged, Time: now, Rules: &rules, Limits: &limits})
		return err
	})
	return stand, err
}

// rulesColumns are the rules as a room's record keeps them, but for their revision.
func rulesColumns(rules protocol.Rules) (text string, emptyLife int64, err error) {
	rules.Rev = 0
	if rules.None() {
		return "", 0, nil
	}
	raw, err := json.Marshal(rules)
	if err != nil {
		return "", 0, fmt.Errorf("writing rules: %w", err)
	}
	return string(raw), (time.Duration(rules.Limits["emptyRoomSeconds"]) * time.Second).Microseconds(), nil
}
