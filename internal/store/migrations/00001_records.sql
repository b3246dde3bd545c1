-- One schema for SQLite and PostgreSQL: text, integers and nothing that only
-- one of them knows. Times are microseconds since 1970 in UTC, 0 for "never";
-- JSON is text, '' for none; binary values are base64 or hex text.

-- +goose Up

-- A counter's row is held until the transaction ends, so its values are handed
-- out in the order of the commits: see emit in outbox.go.
CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('outbox', 0);

CREATE TABLE rooms (
    id          TEXT PRIMARY KEY,
    app         TEXT NOT NULL,
    name        TEXT NOT NULL,
    owner_ref   TEXT NOT NULL,
    settings    TEXT NOT NULL,
    data        TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    empty_since BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL
);
CREATE INDEX rooms_live ON rooms (app, created_at) WHERE ended_at = 0;
CREATE INDEX rooms_ended ON rooms (ended_at) WHERE ended_at > 0;
CREATE INDEX rooms_empty ON rooms (empty_since) WHERE empty_since > 0;

-- participant '' is the room's own stream. horizon is the highest seq that a
-- forgotten share had in the stream.
CREATE TABLE streams (
    room        TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    participant TEXT NOT NULL,
    seq         BIGINT NOT NULL,
    horizon     BIGINT NOT NULL,
    PRIMARY KEY (room, participant)
);

CREATE TABLE members (
    room       TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    id         TEXT NOT NULL,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    user_ref   TEXT NOT NULL,
    grants     TEXT NOT NULL,
    data       TEXT NOT NULL,
    joined_at  BIGINT NOT NULL,
    connection TEXT NOT NULL,
    away_since BIGINT NOT NULL,
    PRIMARY KEY (room, id)
);
CREATE INDEX members_away ON members (away_since) WHERE away_since > 0;

CREATE TABLE dropped (
    room        TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    participant TEXT NOT NULL,
    PRIMARY KEY (room, participant)
);

-- received is the offset, a word that PostgreSQL keeps for itself. audience is
-- the JSON of protocol.Audience. seq is where the share stands in the room's
-- stream, or in its sender's; changed orders the changes of all streams, and
-- position the shares of one batch.
CREATE TABLE shares (
    id           TEXT PRIMARY KEY,
    room         TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    sender       TEXT NOT NULL,
    sender_name  TEXT NOT NULL,
    audience     TEXT NOT NULL,
    name         TEXT NOT NULL,
    type         TEXT NOT NULL,
    size         BIGINT,
    received     BIGINT NOT NULL,
    state        TEXT NOT NULL,
    reason       TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    available_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL,
    purged       INTEGER NOT NULL,
    rev          BIGINT NOT NULL,
    metadata     TEXT NOT NULL,
    reserved     BIGINT NOT NULL,
    hash         TEXT NOT NULL,
    run          TEXT NOT NULL,
    seq          BIGINT NOT NULL,
    changed      BIGINT NOT NULL,
    position     INTEGER NOT NULL
);
CREATE INDEX shares_room ON shares (room, seq);
CREATE INDEX shares_sender ON shares (room, sender, seq);
CREATE INDEX shares_live ON shares (expires_at) WHERE ended_at = 0;
CREATE INDEX shares_uploading ON shares (updated_at) WHERE state = 'uploading';
CREATE INDEX shares_ended ON shares (ended_at) WHERE ended_at > 0;
CREATE INDEX shares_held ON shares (room) WHERE purged = 0;
CREATE INDEX shares_unpurged ON shares (ended_at) WHERE ended_at > 0 AND purged = 0;

-- seq is where the share stands in the recipient's own stream.
CREATE TABLE receipts (
    share       TEXT NOT NULL REFERENCES shares (id) ON DELETE CASCADE,
    room        TEXT NOT NULL,
    participant TEXT NOT NULL,
    seq         BIGINT NOT NULL,
    state       TEXT NOT NULL DEFAULT 'offered',
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (share, participant)
);
CREATE INDEX receipts_stream ON receipts (room, participant, seq);

CREATE TABLE tickets (
    hash        TEXT PRIMARY KEY,
    share       TEXT NOT NULL,
    participant TEXT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX tickets_expiry ON tickets (expires_at);

-- No reference to rooms: an event outlives what it tells of until it is
-- announced.
CREATE TABLE outbox (
    id          BIGINT PRIMARY KEY,
    room        TEXT NOT NULL,
    participant TEXT NOT NULL,
    event       TEXT NOT NULL
);
CREATE INDEX outbox_room ON outbox (room);

-- +goose Down
DROP TABLE outbox;
DROP TABLE tickets;
DROP TABLE receipts;
DROP TABLE shares;
DROP TABLE dropped;
DROP TABLE members;
DROP TABLE streams;
DROP TABLE rooms;
DROP TABLE counters;
