-- Where applications want to be told of what happens in their rooms. events and
-- secrets are JSON lists; no events means all. waiting counts the deliveries that
-- are still to be made, given_up those that never will be.

-- +goose Up
CREATE TABLE endpoints (
    id          TEXT PRIMARY KEY,
    app         TEXT NOT NULL,
    url         TEXT NOT NULL,
    events      TEXT NOT NULL,
    secrets     TEXT NOT NULL,
    fixed       INTEGER NOT NULL,
    created_at  BIGINT NOT NULL,
    disabled_at BIGINT NOT NULL,
    reason      TEXT NOT NULL,
    rests_until BIGINT NOT NULL,
    waiting     BIGINT NOT NULL,
    given_up    BIGINT NOT NULL
);
CREATE INDEX endpoints_app ON endpoints (app);

-- One message for one endpoint, written with the change that it tells of. due_at is
-- when it is tried next, 0 for one that was given up.
CREATE TABLE deliveries (
    id         BIGINT PRIMARY KEY,
    endpoint   TEXT NOT NULL REFERENCES endpoints (id) ON DELETE CASCADE,
    message    TEXT NOT NULL,
    type       TEXT NOT NULL,
    body       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    attempts   INTEGER NOT NULL,
    tried_at   BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    problem    TEXT NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (endpoint, due_at);
INSERT INTO counters (name, value) VALUES ('deliveries', 0);

-- +goose Down
DELETE FROM counters WHERE name = 'deliveries';
DROP TABLE deliveries;
DROP TABLE endpoints;
