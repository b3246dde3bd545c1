package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

const memberColumns = `room, id, name, role, user_ref, grants, data, joined_at, connection, away_since`

func scanMember(r row) (Member, error) {
	var m Member
	err := r.Scan(&m.Room, &m.ID, &m.Name, &m.Role, &m.UserRef, jsonColumn{&m.Grants}, jsonColumn{&m.Data},
		timeColumn{&m.JoinedAt}, &m.Connection, timeColumn{&m.AwaySince})
	return m, err
}

func member(ctx context.Context, q querier, room protocol.RoomID, id protocol.ParticipantID) (Member, error) {
	return one(ctx, q, scanMember, `SELECT `+memberColumns+` FROM members WHERE room = $1 AND id = $2`, room, id)
}

// Members returns the roster of a room, away ones included, in the order of
// joining.
func (db *DB) Members(ctx context.Context, room protocol.RoomID) ([]Member, error) {
	members, err := list(ctx, db.engine.Reader(), scanMember,
		`SELECT `+memberColumns+` FROM members WHERE room = $1 ORDER BY joined_at, id`, room)
	if err != nil {
		return nil, fmt.Errorf("reading the roster: %w", err)
	}
	return members, nil
}

// Member returns one participant of a room's roster.
func (db *DB) Member(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID) (Member, error) {
	m, err := member(ctx, db.engine.Reader(), room, id)
	if err != nil {
		return Member{}, fmt.Errorf("reading a participant: %w", err)
	}
	return m, nil
}

// Dropped reports whether the participant was removed for good.
func (db *DB) Dropped(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID) (bool, error) {
	was, err := dropped(ctx, db.engine.Reader(), room, id)
	if err != nil {
		return false, fmt.Errorf("reading the dropped: %w", err)
	}
	return was, nil
}

func dropped(ctx context.Context, q querier, room protocol.RoomID, id protocol.ParticipantID) (bool, error) {
	n, err := one(ctx, q, column[int], `SELECT COUNT(*) FROM dropped WHERE room = $1 AND participant = $2`, room, id)
	return n > 0, err
}

// Join puts the participant on m.Connection, and on the roster if it is not
// there; only then is there an event, and JoinedAt is kept from then on. It
// returns the connection that m.Connection replaces, "" for none. It fails with
// ErrNotFound without the room, with protocol.CodeRoomEnded, with
// protocol.CodeForbidden for who was dropped, and with protocol.CodeRoomFull
// when maxMembers others are on the roster. Who is not on it is not let in beyond
// BoundAudit.
func (db *DB) Join(ctx context.Context, m Member, maxMembers int, now time.Time) (previous string, err error) {
	err = db.updateIn(ctx, inRooms(m.Room), "joining a room", func(ctx context.Context, c *change) error {
		if _, err := liveRoom(ctx, c, m.Room); err != nil {
			return err
		}
		if was, err := dropped(ctx, c, m.Room, m.ID); err != nil {
			return err
		} else if was {
			return protocol.NewError(protocol.CodeForbidden, "the participant was removed from the room")
		}
		before, err := member(ctx, c, m.Room, m.ID)
		if errors.Is(err, ErrNotFound) {
			previous = ""
			return c.enter(ctx, m, maxMembers, now)
		}
		if err != nil {
			return err
		}
		previous = before.Connection
		m.JoinedAt = before.JoinedAt
		if err := c.saveMember(ctx, m); err != nil || previous == "" {
			return err
		}
		return c.moveRoster(ctx, m.Room)
	})
	return previous, err
}

// enter puts a newcomer on the roster.
func (c *change) enter(ctx context.Context, m Member, maxMembers int, now time.Time) error {
	if err := c.auditHasRoom(ctx); err != nil {
		return err
	}
	here, err := one(ctx, c, column[int], `SELECT COUNT(*) FROM members WHERE room = $1`, m.Room)
	if err != nil {
		return err
	}
	if here >= maxMembers {
		return protocol.LimitError(protocol.CodeRoomFull, "max-participants", "the room has no place for another participant")
	}
	if m.JoinedAt.IsZero() {
		m.JoinedAt = now
	}
	if err := c.saveMember(ctx, m); err != nil {
		return err
	}
	if _, err := c.exec(ctx, `UPDATE rooms SET empty_since = 0 WHERE id = $1`, m.Room); err != nil {
		return err
	}
	if err := c.charge(ctx, m.Room, now, protocol.Used{Joins: 1, Peak: int64(here) + 1}); err != nil {
		return err
	}
	c.note(AuditEntry{Kind: AuditJoined, Time: now, Room: m.Room, By: string(m.ID), Participant: m.ID, User: m.UserRef, Name: m.Name})
	return c.tellOf(ctx, protocol.ParticipantJoined, m, now)
}

// saveMember writes a connected member.
func (c *change) saveMember(ctx context.Context, m Member) error {
	grants, err := json.Marshal(append([]string{}, m.Grants...)) // a list, never null
	if err != nil {
		return fmt.Errorf("writing grants: %w", err)
	}
	_, err = c.exec(ctx, `INSERT INTO members (`+memberColumns+`, node) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10)
		ON CONFLICT (room, id) DO UPDATE SET name = $3, role = $4, user_ref = $5, grants = $6, data = $7, connection = $9, away_since = 0, node = $10`,
		m.Room, m.ID, m.Name, m.Role, m.UserRef, string(grants), string(m.Data), micros(m.JoinedAt), m.Connection, c.node)
	return err
}

// tellOf emits an event about a participant on the room's stream.
func (c *change) tellOf(ctx context.Context, what protocol.EventType, m Member, now time.Time) error {
	p := m.Participant
	p.JoinedAt = rounded(p.JoinedAt)
	p.Grants = append([]string{}, p.Grants...)
	_, _, err := c.emit(ctx, m.Room, roomStream, protocol.Event{Type: what, Time: now, Participant: &p})
	return err
}

// Away notes that the participant's connection has ended. It changes nothing if
// the participant is on another connection by now.
func (db *DB) Away(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID, connection string, now time.Time) error {
	return db.updateIn(ctx, itself(), "marking a participant away", func(ctx context.Context, c *change) error {
		_, err := c.exec(ctx, `UPDATE members SET connection = '', away_since = $1
			WHERE room = $2 AND id = $3 AND connection = $4 AND away_since = 0`, micros(now), room, id, connection)
		return err
	})
}

// AllAway notes at start-up that no connection of an earlier process is left.
// Nobody has been away since later than now, whatever the time was before. In a
// cluster it spares the connections of nodes that are alive.
func (db *DB) AllAway(ctx context.Context, now time.Time) error {
	if db.node != "" {
		return db.allAwayHere(ctx, now)
	}
	return db.update(ctx, "marking everybody away", func(ctx context.Context, c *change) error {
		_, err := c.exec(ctx, `UPDATE members SET connection = '', away_since = $1 WHERE away_since = 0 OR away_since > $1`, micros(now))
		return err
	})
}

// allAwayHere is AllAway in a cluster: of nodes that are gone, and of a process that
// served alone before.
func (db *DB) allAwayHere(ctx context.Context, now time.Time) error {
	err := db.updateIn(ctx, deadNodes(), "marking everybody away", func(ctx context.Context, c *change) error {
		_, err := c.exec(ctx, `UPDATE members SET connection = '', away_since = $1 WHERE away_since = 0 AND node = '' OR away_since > $1`, micros(now))
		return err
	})
	if err == nil {
		_, err = db.DeadAway(ctx, now)
	}
	return err
}

// Leave takes the participant off the roster and returns the connection that it
// was on, "" for none. Who is not on the roster is ErrNotFound.
func (db *DB) Leave(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID, now time.Time) (connection string, err error) {
	err = db.updateIn(ctx, inRooms(room), "leaving a room", func(ctx context.Context, c *change) error {
		connection, err = c.leave(ctx, room, id, now)
		return err
	})
	return connection, err
}

// Drop is Leave for good: the participant may not join this room again. It bars
// who is not on the roster too, but a room bars only so many: half of most who are
// not there, so that names that a moderator makes up leave places for who is, and
// most in all. Beyond that it changes nothing and fails with protocol.CodeRoomFull.
func (db *DB) Drop(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID, most int, now time.Time) (connection string, err error) {
	err = db.updateIn(ctx, inRooms(room), "dropping a participant", func(ctx context.Context, c *change) error {
		connection, err = c.drop(ctx, room, id, most, now)
		return err
	})
	return connection, err
}

func (c *change) drop(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID, most int, now time.Time) (connection string, err error) {
	if was, err := dropped(ctx, c, room, id); err != nil || was {
		return "", err
	}
	barred, err := one(ctx, c, column[int], `SELECT COUNT(*) FROM dropped WHERE room = $1`, room)
	if err != nil {
		return "", err
	}
	_, err = member(ctx, c, room, id)
	absent := errors.Is(err, ErrNotFound) // who may hold a token all the same
	if barred >= most || absent && barred >= most/2 {
		return "", protocol.LimitError(protocol.CodeRoomFull, "max-dropped", "the room has barred as many participants as it may")
	}
	if err == nil {
		connection, err = c.leave(ctx, room, id, now)
	}
	if err != nil && !absent {
		return "", err
	}
	_, err = c.exec(ctx, `INSERT INTO dropped (room, participant) VALUES ($1, $2)`, room, id)
	c.note(AuditEntry{Kind: AuditDropped, Time: now, Room: room, Participant: id})
	return connection, err
}

// LeaveAway takes everybody off the rosters who has been away since before
// before, and returns how many.
func (db *DB) LeaveAway(ctx context.Context, before, now time.Time) (int, error) {
	return sweep(ctx, db, "removing absent participants", sweeping[Member]{
		find: func(ctx context.Context, q querier) ([]Member, error) {
			return list(ctx, q, scanMember, `SELECT `+memberColumns+` FROM members
				WHERE away_since > 0 AND away_since < $1 ORDER BY away_since, room, id LIMIT $2`, micros(before), purgeBatch)
		},
		room: func(m Member) protocol.RoomID { return m.Room },
		act: func(ctx context.Context, c *change, m Member) error {
			_, err := c.leave(ctx, m.Room, m.ID, now)
			return err
		},
	})
}

func (c *change) leave(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID, now time.Time) (connection string, err error) {
	m, err := one(ctx, c, scanMember, `DELETE FROM members WHERE room = $1 AND id = $2 RETURNING `+memberColumns, room, id)
	if err != nil {
		return "", err
	}
	_, err = c.exec(ctx, `UPDATE rooms SET empty_since = $1
		WHERE id = $2 AND NOT EXISTS (SELECT 1 FROM members WHERE room = $2)`, micros(now), room)
	if err != nil {
		return "", err
	}
	if err := c.tellOf(ctx, protocol.ParticipantLeft, m, now); err != nil || m.Connection == "" {
		return m.Connection, err
	}
	return m.Connection, c.moveRoster(ctx, room)
}

// moveRoster notes that a connection has lost its place in the room, for who holds
// connections and did not hear of it: see Look.
func (c *change) moveRoster(ctx context.Context, room protocol.RoomID) error {
	_, err := c.exec(ctx, `UPDATE streams SET changed = changed + 1, roster = changed + 1 WHERE room = $1 AND participant = ''`, room)
	if err != nil {
		return fmt.Errorf("noting a change of the roster: %w", err)
	}
	return nil
}
