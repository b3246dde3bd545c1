-- A receipt keeps what its recipient has said: the columns are as they are here
-- until it has said something. A recipient of a broadcast has no receipt before.
-- told is where the last step stands in the stream of the share's sender.

-- +goose Up
ALTER TABLE receipts ADD COLUMN sender TEXT NOT NULL DEFAULT '';
ALTER TABLE receipts ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE receipts ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE receipts ADD COLUMN offered_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE receipts ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE receipts ADD COLUMN started_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE receipts ADD COLUMN ended_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE receipts ADD COLUMN rev BIGINT NOT NULL DEFAULT 0;
ALTER TABLE receipts ADD COLUMN told BIGINT NOT NULL DEFAULT 0;
CREATE INDEX receipts_told ON receipts (room, sender, told) WHERE told > 0;

-- +goose Down
DROP INDEX receipts_told;
ALTER TABLE receipts DROP COLUMN told;
ALTER TABLE receipts DROP COLUMN rev;
ALTER TABLE receipts DROP COLUMN ended_at;
ALTER TABLE receipts DROP COLUMN started_at;
ALTER TABLE receipts DROP COLUMN seen_at;
ALTER TABLE receipts DROP COLUMN offered_at;
ALTER TABLE receipts DROP COLUMN reason;
ALTER TABLE receipts DROP COLUMN name;
ALTER TABLE receipts DROP COLUMN sender;
