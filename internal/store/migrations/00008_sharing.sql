-- The switch of a room: for whom sharing is off, a JSON list of roles, '' for
-- nobody, and how often it was switched. sender_role is what the switch counts the
-- sender of a share as, '' for one that was made before there was a switch.

-- +goose Up
ALTER TABLE rooms ADD COLUMN sharing_off TEXT NOT NULL DEFAULT '';
ALTER TABLE rooms ADD COLUMN sharing_rev BIGINT NOT NULL DEFAULT 0;
ALTER TABLE shares ADD COLUMN sender_role TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE shares DROP COLUMN sender_role;
ALTER TABLE rooms DROP COLUMN sharing_rev;
ALTER TABLE rooms DROP COLUMN sharing_off;
