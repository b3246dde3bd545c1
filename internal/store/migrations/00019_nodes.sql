-- The nodes of a cluster; none where one process serves alone. seen_at is when a
-- node was heard of last, by the database's clock: 0 for one that has left. holder
-- is the node that may write an upload, '' for none, and fence counts how often
-- another one has taken it over. members.node has the connection of who is there.

-- +goose Up
CREATE TABLE nodes (
    id         TEXT PRIMARY KEY,
    url        TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);
CREATE TABLE duties (
    name TEXT PRIMARY KEY,
    node TEXT NOT NULL
);
ALTER TABLE shares ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE shares ADD COLUMN fence BIGINT NOT NULL DEFAULT 0;
CREATE INDEX shares_holder ON shares (holder, id) WHERE state = 'uploading' AND holder <> '';
ALTER TABLE members ADD COLUMN node TEXT NOT NULL DEFAULT '';
CREATE INDEX members_node ON members (node) WHERE away_since = 0 AND node <> '';

-- +goose Down
DROP INDEX members_node;
ALTER TABLE members DROP COLUMN node;
DROP INDEX shares_holder;
ALTER TABLE shares DROP COLUMN fence;
ALTER TABLE shares DROP COLUMN holder;
DROP TABLE duties;
DROP TABLE nodes;
