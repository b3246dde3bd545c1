-- path is the folders that a file lies in, with "/" between, '' for none; thumbnail
-- is 1 while there is a small picture of the file. The pictures themselves, in
-- base64, have a table of their own, so that reading shares does not read them.

-- +goose Up
ALTER TABLE shares ADD COLUMN path TEXT NOT NULL DEFAULT '';
ALTER TABLE shares ADD COLUMN thumbnail INTEGER NOT NULL DEFAULT 0;
CREATE TABLE thumbnails (
    share   TEXT PRIMARY KEY REFERENCES shares (id) ON DELETE CASCADE,
    picture TEXT NOT NULL
);

-- +goose Down
DROP TABLE thumbnails;
ALTER TABLE shares DROP COLUMN thumbnail;
ALTER TABLE shares DROP COLUMN path;
