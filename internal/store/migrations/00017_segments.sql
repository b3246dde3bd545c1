-- Where the bytes of blobs are, if they are in a bucket: one line for each blob that
-- was not put there whole, and one for each object that has a stretch of it. epoch
-- counts the writers that a blob has had, of which the last one alone may add to it.
-- state is 0 while it is staged, 1 once it is committed, 2 while it is being removed;
-- size is that of all its segments, of which there are so many. sealed is 0 for a
-- segment that is shorter than it would be, and is stored again with what follows.

-- +goose Up
CREATE TABLE manifests (
    blob       TEXT PRIMARY KEY,
    epoch      BIGINT NOT NULL,
    state      INTEGER NOT NULL,
    size       BIGINT NOT NULL,
    segments   INTEGER NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE TABLE segments (
    blob   TEXT NOT NULL REFERENCES manifests (blob) ON DELETE CASCADE,
    start  BIGINT NOT NULL,
    length BIGINT NOT NULL,
    object TEXT NOT NULL,
    sealed INTEGER NOT NULL,
    PRIMARY KEY (blob, start)
);
CREATE INDEX manifests_joinable ON manifests (blob) WHERE state = 1 AND segments > 1;

-- +goose Down
DROP TABLE segments;
DROP TABLE manifests;
