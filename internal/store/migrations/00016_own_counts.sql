-- No row is written by the changes of all rooms: each would wait for the commit of the
-- one before.

-- +goose Up

-- What changes have to tell the audit log and has no number yet: lines are how many
-- entries there are. n and at order those of one room; room is '@' and an endpoint for
-- what is of no room. Numbered, they are in audit.
CREATE TABLE noted (
    room    TEXT NOT NULL,
    n       BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    lines   BIGINT NOT NULL,
    entries TEXT NOT NULL,
    PRIMARY KEY (room, n)
);
CREATE INDEX noted_order ON noted (at, room, n);

-- granted are the bytes of its application's quota that a room has for its own, what
-- it holds included; spare is how many it may keep beyond that. An application's
-- held_bytes are what it has granted.
ALTER TABLE rooms ADD COLUMN granted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN spare BIGINT NOT NULL DEFAULT 0;
UPDATE rooms SET granted = held_bytes;

-- What waits for an endpoint is counted when it is asked for.
ALTER TABLE endpoints DROP COLUMN waiting;
DELETE FROM counters WHERE name = 'deliveries';

-- +goose Down
INSERT INTO counters (name, value) SELECT 'deliveries', COALESCE(MAX(id), 0) FROM deliveries;
ALTER TABLE endpoints ADD COLUMN waiting BIGINT NOT NULL DEFAULT 0;
UPDATE endpoints SET waiting = (SELECT COUNT(*) FROM deliveries WHERE endpoint = endpoints.id AND due_at > 0);
UPDATE apps SET held_bytes = (SELECT CAST(COALESCE(SUM(held_bytes), 0) AS BIGINT) FROM rooms WHERE app = apps.id);
ALTER TABLE rooms DROP COLUMN spare;
ALTER TABLE rooms DROP COLUMN granted;
DROP TABLE noted;
