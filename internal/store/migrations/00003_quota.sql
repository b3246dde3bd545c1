-- What each room holds of its quota: the bytes that its shares have reserved,
-- those of ended ones until they are gone, and its live shares.

-- +goose Up
ALTER TABLE rooms ADD COLUMN held_bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN held_shares BIGINT NOT NULL DEFAULT 0;
UPDATE rooms SET
    held_bytes = (SELECT CAST(COALESCE(SUM(reserved), 0) AS BIGINT) FROM shares WHERE room = rooms.id AND purged = 0),
    held_shares = (SELECT COUNT(*) FROM shares WHERE room = rooms.id AND ended_at = 0);
CREATE INDEX shares_open ON shares (room, sender) WHERE state = 'uploading';

-- +goose Down
DROP INDEX shares_open;
ALTER TABLE rooms DROP COLUMN held_shares;
ALTER TABLE rooms DROP COLUMN held_bytes;
