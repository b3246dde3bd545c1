-- Each room counts its own changes, so that no row is common to all rooms.
-- streams.changed is, for the room's own stream (participant ''), the number of the
-- room's last change, and for any other that of the last change which it tells of;
-- roster is the change by which a connection last lost its place in the room. An
-- event in the outbox has its number in the room; written_at is when.
--
-- mark says between which two syncs a share was written by a server that syncs later:
-- the counter 'synced' is the last of them that is behind us.

-- +goose Up
ALTER TABLE streams ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE streams ADD COLUMN roster BIGINT NOT NULL DEFAULT 0;
INSERT INTO streams (room, participant, seq, horizon) SELECT id, '', 0, 0 FROM rooms
    WHERE NOT EXISTS (SELECT 1 FROM streams WHERE streams.room = rooms.id AND streams.participant = '');
-- What was numbered among all changes stays: each room goes on from there.
UPDATE streams SET changed = (SELECT value FROM counters WHERE name = 'outbox');
ALTER TABLE outbox RENAME TO outbox_before;
DROP INDEX outbox_room;
CREATE TABLE outbox (
    room        TEXT NOT NULL,
    id          BIGINT NOT NULL,
    participant TEXT NOT NULL,
    event       TEXT NOT NULL,
    written_at  BIGINT NOT NULL,
    PRIMARY KEY (room, id)
);
INSERT INTO outbox (room, id, participant, event, written_at) SELECT room, id, participant, event, 0 FROM outbox_before;
DROP TABLE outbox_before;
ALTER TABLE shares ADD COLUMN mark BIGINT NOT NULL DEFAULT 0;
UPDATE shares SET mark = 1 WHERE changed > COALESCE((SELECT value FROM counters WHERE name = 'synced'), 0);
UPDATE counters SET value = 0 WHERE name = 'synced';
DELETE FROM counters WHERE name = 'outbox';

-- +goose Down
-- Afterwards every share of a server that syncs later is in doubt.
INSERT INTO counters (name, value) SELECT 'outbox', COALESCE(MAX(changed), 0) + (SELECT COUNT(*) FROM outbox) FROM streams;
ALTER TABLE shares DROP COLUMN mark;
ALTER TABLE outbox RENAME TO outbox_after;
CREATE TABLE outbox (
    id          BIGINT PRIMARY KEY,
    room        TEXT NOT NULL,
    participant TEXT NOT NULL,
    event       TEXT NOT NULL
);
INSERT INTO outbox (id, room, participant, event) SELECT
    (SELECT COALESCE(MAX(changed), 0) FROM streams) + ROW_NUMBER() OVER (ORDER BY room, id), room, participant, event FROM outbox_after;
DROP TABLE outbox_after;
CREATE INDEX outbox_room ON outbox (room);
ALTER TABLE streams DROP COLUMN roster;
ALTER TABLE streams DROP COLUMN changed;
