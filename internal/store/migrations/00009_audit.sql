-- What is to be written to the audit log. Each row is what one change has to tell,
-- a JSON object on each line; id is the number of the last of them, so the others
-- have the numbers below it. A row goes when its entries are in the log.

-- +goose Up
CREATE TABLE audit (
    id      BIGINT PRIMARY KEY,
    entries TEXT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('audit', 0);

-- Which entries the log has, by their numbers, and the chain behind the newest.
CREATE TABLE audit_log (
    id     INTEGER PRIMARY KEY,
    oldest BIGINT NOT NULL,
    newest BIGINT NOT NULL,
    chain  TEXT NOT NULL
);
INSERT INTO audit_log (id, oldest, newest, chain) VALUES (1, 1, 0, '');

-- +goose Down
DROP TABLE audit_log;
DELETE FROM counters WHERE name = 'audit';
DROP TABLE audit;
