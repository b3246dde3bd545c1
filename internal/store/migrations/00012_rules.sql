-- What an application has laid down for its rooms: the JSON of protocol.Rules, ''
-- for none, how often it was changed, and how long files outlive the room's last
-- participant by it, in microseconds, 0 for as long as the server says. vet is 1 for
-- an upload whose first bytes are to be held against the room's types.

-- +goose Up
ALTER TABLE rooms ADD COLUMN rules TEXT NOT NULL DEFAULT '';
ALTER TABLE rooms ADD COLUMN rules_rev BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN empty_life BIGINT NOT NULL DEFAULT 0;
CREATE INDEX rooms_empty_life ON rooms (empty_life) WHERE empty_life > 0;
ALTER TABLE shares ADD COLUMN vet INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE shares DROP COLUMN vet;
DROP INDEX rooms_empty_life;
ALTER TABLE rooms DROP COLUMN empty_life;
ALTER TABLE rooms DROP COLUMN rules_rev;
ALTER TABLE rooms DROP COLUMN rules;
