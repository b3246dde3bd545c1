-- What the rooms of each application hold together: the bytes that their shares
-- have reserved, those of ended ones until they are gone.

-- +goose Up
CREATE TABLE apps (
    id         TEXT PRIMARY KEY,
    held_bytes BIGINT NOT NULL
);
INSERT INTO apps (id, held_bytes) SELECT app, CAST(COALESCE(SUM(held_bytes), 0) AS BIGINT) FROM rooms GROUP BY app;

-- +goose Down
DROP TABLE apps;
