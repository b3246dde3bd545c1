-- Parts of files (tus, concatenation). concat is an upload's Upload-Concat:
-- 'partial' for a part, which is nobody's share, 'final;…' for a share that is
-- joined from parts, '' for any other. part_of is the share that a part has been
-- given to, '' for none yet; position is its place there.

-- +goose Up
ALTER TABLE shares ADD COLUMN concat TEXT NOT NULL DEFAULT '';
ALTER TABLE shares ADD COLUMN part_of TEXT NOT NULL DEFAULT '';
CREATE INDEX shares_parts ON shares (part_of, position) WHERE part_of <> '';

-- +goose Down
DROP INDEX shares_parts;
DELETE FROM shares WHERE concat = 'partial';
ALTER TABLE shares DROP COLUMN part_of;
ALTER TABLE shares DROP COLUMN concat;
