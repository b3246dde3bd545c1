-- What each room has used on each day, for who pays for it: it outlives the room.
-- day counts from 1970 in UTC. peak is the most participants at once, all else are
-- sums.

-- +goose Up
CREATE TABLE accounts (
    app       TEXT NOT NULL,
    room      TEXT NOT NULL,
    day       BIGINT NOT NULL,
    files     BIGINT NOT NULL,
    bytes_in  BIGINT NOT NULL,
    bytes_out BIGINT NOT NULL,
    receipts  BIGINT NOT NULL,
    joins     BIGINT NOT NULL,
    peak      BIGINT NOT NULL,
    PRIMARY KEY (app, room, day)
);
CREATE INDEX accounts_day ON accounts (day);

-- +goose Down
DROP TABLE accounts;
