-- The records of a server whose schema was 2, as it left them when it was stopped:
-- four complete files, one with 700000 of its 2000000 bytes, and one that was
-- cancelled. Their bytes are faulttest.File of the seeds 1 to 6, in this order. They
-- were to be kept for a hundred years.
BEGIN TRANSACTION;
CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO "counters" VALUES('outbox',11);
CREATE TABLE dropped (
    room        TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    participant TEXT NOT NULL,
    PRIMARY KEY (room, participant)
);
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO "goose_db_version" VALUES(1,0,1,'2026-11-24 09:52:55');
INSERT INTO "goose_db_version" VALUES(2,1,1,'2026-11-24 09:52:55');
INSERT INTO "goose_db_version" VALUES(3,2,1,'2026-11-24 09:52:55');
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
CREATE TABLE outbox (
    id          BIGINT PRIMARY KEY,
    room        TEXT NOT NULL,
    participant TEXT NOT NULL,
    event       TEXT NOT NULL
);
CREATE TABLE receipts (
    share       TEXT NOT NULL REFERENCES shares (id) ON DELETE CASCADE,
    room        TEXT NOT NULL,
    participant TEXT NOT NULL,
    seq         BIGINT NOT NULL,
    state       TEXT NOT NULL DEFAULT 'offered',
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (share, participant)
);
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
INSERT INTO "rooms" VALUES('rm_s5aizdayo3lr6jc7nwoucacrom','dev','faults','faults','','',1795513975295832,1795513975295832,0);
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
, offer_key TEXT NOT NULL DEFAULT '', offer_digest TEXT NOT NULL DEFAULT '');
INSERT INTO "shares" VALUES('sh_buc22lp24z6nb5prr54ljyyvz4','rm_s5aizdayo3lr6jc7nwoucacrom','ana','N ana','"room"','empty','application/octet-stream',0,0,'available','','e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',1795513975299423,1795513975300697,4949113975299423,1795513975300697,0,0,2,'filename ZW1wdHk=',0,'','',2,2,0,'','');
INSERT INTO "shares" VALUES('sh_g6mdp33wd6e5c3vykm2fhd43p4','rm_s5aizdayo3lr6jc7nwoucacrom','ana','N ana','"room"','small','application/octet-stream',1000,1000,'available','','9dbd2e1baa659b47e12a5c104470aecb76e475fc1493bdc4e82aad4805219fd6',1795513975301855,1795513975303124,4949113975301855,1795513975303124,0,0,2,'filename c21hbGw=',1000,'','',4,4,0,'','');
INSERT INTO "shares" VALUES('sh_4kh4wdsvm2n3hojz4m442eonei','rm_s5aizdayo3lr6jc7nwoucacrom','ana','N ana','"room"','medium','application/octet-stream',100000,100000,'available','','c051f65d57b8bf5a583fe0fe59f574f5d8b825103eefd08073b61e17f1c48ec3',1795513975303872,1795513975306335,4949113975303872,1795513975306335,0,0,2,'filename bWVkaXVt',100000,'','',6,6,0,'','');
INSERT INTO "shares" VALUES('sh_exmw76lqbi772dpa2mee2o5y24','rm_s5aizdayo3lr6jc7nwoucacrom','ana','N ana','"room"','large','application/octet-stream',3000000,3000000,'available','','1992873c5bdc739cc4e0a6d841910b7f7128ba1f0be0ee702c3245e5931baf84',1795513975308173,1795513975338328,4949113975308173,1795513975338328,0,0,2,'filename bGFyZ2U=',3000000,'','',8,8,0,'','');
INSERT INTO "shares" VALUES('sh_pftunradlatrflrcgt3fcldum4','rm_s5aizdayo3lr6jc7nwoucacrom','ana','N ana','"room"','half','application/octet-stream',2000000,700000,'uploading','','',1795513975343677,0,4949113975343677,1795513975347118,0,0,1,'filename aGFsZg==',2000000,'c2hhA4SAVqorjPnrnt16DID58L5EYCZuUIc7EXAMyT662un3VIQMD4xF7dqju+ERZqx4B+lVaK9Jm9KlKkXnbON2QDUAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACq5g','1603f09b-ddea-4032-b3f1-c186c5966a4a',9,9,0,'','');
INSERT INTO "shares" VALUES('sh_rwfldigzuxznzsui4o4tdaoqgq','rm_s5aizdayo3lr6jc7nwoucacrom','ana','N ana','"room"','cancelled','application/octet-stream',5000,100,'cancelled','','',1795513975347737,0,4949113975347737,1795513975349003,1795513975349003,1,2,'filename Y2FuY2VsbGVk',5000,'','1603f09b-ddea-4032-b3f1-c186c5966a4a',11,11,0,'','');
CREATE TABLE streams (
    room        TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    participant TEXT NOT NULL,
    seq         BIGINT NOT NULL,
    horizon     BIGINT NOT NULL,
    PRIMARY KEY (room, participant)
);
INSERT INTO "streams" VALUES('rm_s5aizdayo3lr6jc7nwoucacrom','',11,0);
CREATE TABLE tickets (
    hash        TEXT PRIMARY KEY,
    share       TEXT NOT NULL,
    participant TEXT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX rooms_live ON rooms (app, created_at) WHERE ended_at = 0;
CREATE INDEX rooms_ended ON rooms (ended_at) WHERE ended_at > 0;
CREATE INDEX rooms_empty ON rooms (empty_since) WHERE empty_since > 0;
CREATE INDEX members_away ON members (away_since) WHERE away_since > 0;
CREATE INDEX shares_room ON shares (room, seq);
CREATE INDEX shares_sender ON shares (room, sender, seq);
CREATE INDEX shares_live ON shares (expires_at) WHERE ended_at = 0;
CREATE INDEX shares_uploading ON shares (updated_at) WHERE state = 'uploading';
CREATE INDEX shares_ended ON shares (ended_at) WHERE ended_at > 0;
CREATE INDEX shares_held ON shares (room) WHERE purged = 0;
CREATE INDEX shares_unpurged ON shares (ended_at) WHERE ended_at > 0 AND purged = 0;
CREATE INDEX receipts_stream ON receipts (room, participant, seq);
CREATE INDEX tickets_expiry ON tickets (expires_at);
CREATE INDEX outbox_room ON outbox (room);
CREATE UNIQUE INDEX shares_offer ON shares (room, sender, offer_key, position) WHERE offer_key <> '';
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('goose_db_version',3);
COMMIT;
