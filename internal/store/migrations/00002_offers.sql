-- What a sender named its request for shares, and a digest of what it asked
-- for, '' for none: a request whose answer was lost can be made again. They go
-- with the shares.

-- +goose Up
ALTER TABLE shares ADD COLUMN offer_key TEXT NOT NULL DEFAULT '';
ALTER TABLE shares ADD COLUMN offer_digest TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX shares_offer ON shares (room, sender, offer_key, position) WHERE offer_key <> '';

-- +goose Down
DROP INDEX shares_offer;
ALTER TABLE shares DROP COLUMN offer_digest;
ALTER TABLE shares DROP COLUMN offer_key;
