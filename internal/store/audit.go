package store

import (
	"context"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// AuditKind says what an entry of the audit log tells of. Kinds are only ever
// added.
type AuditKind string

const (
	AuditRoomCreated       AuditKind = "room-created"
	AuditRoomEnded         AuditKind = "room-ended"
	AuditJoined            AuditKind = "joined"             // a participant came into the room
	AuditDropped           AuditKind = "dropped"            // a participant was removed from it for good
	AuditSharing           AuditKind = "sharing-switched"   // sharing was switched off for some roles of it, or on
	AuditRules             AuditKind = "rules-changed"      // the application laid down rules for it
	AuditOffered           AuditKind = "offered"            // a file was offered; its bytes are to come
	AuditAvailable         AuditKind = "available"          // all bytes of a file are there
	AuditDownloading       AuditKind = "downloading"        // a recipient was sent the first byte
	AuditReceived          AuditKind = "received"           // a recipient has all of it, and verified it
	AuditDeclined          AuditKind = "declined"           // a recipient does not want it
	AuditDownloadCancelled AuditKind = "download-cancelled" // a recipient stopped its download
	AuditDownloadFailed    AuditKind = "download-failed"    // a recipient could not complete it
	AuditCancelled         AuditKind = "cancelled"          // an upload was stopped
	AuditFailed            AuditKind = "failed"             // an upload cannot be completed
	AuditRevoked           AuditKind = "revoked"            // a file was withdrawn
	AuditExpired           AuditKind = "expired"            // a file's time was over, or its bytes are lost
	AuditPurged            AuditKind = "purged"             // its bytes have left the disk
	AuditWebhookAdded      AuditKind = "webhook-added"      // an application has an endpoint for webhooks
	AuditWebhookChanged    AuditKind = "webhook-changed"    // the endpoint's address, types, secrets or whether it is used were changed
	AuditWebhookRemoved    AuditKind = "webhook-removed"
	AuditWebhookDisabled   AuditKind = "webhook-disabled" // the endpoint said that it is gone
)

// Who does what nobody in a room does. No participant can be called so.
const (
	ByServer   = "@server"
	ByOperator = string(protocol.OperatorID) // the application's back end
)

// AuditEntry is one line of the audit log: who did what when with which file.
type AuditEntry struct {
	N    int64           `json:"n,omitempty"` // counted from 1, without a gap
	Time time.Time       `json:"time"`
	Kind AuditKind       `json:"kind"`
	App  string          `json:"app,omitempty"`
	Room protocol.RoomID `json:"room,omitempty"`
	// By is who did it: a participant's id, ByServer or ByOperator.
	By string `json:"by"`
	// Participant is whom it was done to.
	Participant protocol.ParticipantID `json:"participant,omitempty"`
	// User is the application's own name of the participant.
	User   string                 `json:"user,omitempty"`
	Share  protocol.ShareID       `json:"share,omitempty"`
	Sender protocol.ParticipantID `json:"sender,omitempty"` // of the share
	To     *protocol.Audience     `json:"to,omitempty"`     // of what is offered
	Size   *int64                 `json:"size,omitempty"`   // bytes; absent while it is unknown
	SHA256 string                 `json:"sha256,omitempty"`
	Reason string                 `json:"reason,omitempty"` // an error code: why the server did it, or what failed
	// Off are the roles for which sharing was switched off; it was switched on for
	// all others.
	Off []string `json:"off,omitempty"`
	// Webhook is the endpoint that was added, changed, removed or disabled.
	Webhook string `json:"webhook,omitempty"`
	// Rules are what the application laid down.
	Rules *protocol.Rules `json:"rules,omitempty"`
	// Name is the file's, or the display name of the participant or the room, or the
	// host of an endpoint; "" in a log that keeps no names.
	Name string `json:"name,omitempty"`
}

// AuditState is which entries the log has.
type AuditState struct {
	Oldest, Newest int64
	Chain          string // behind Newest: see package audit
}

type actorKey struct{}

// By returns a context for what somebody does: changes that are made with it are
// in the audit log as done by who, and else by ByServer.
func By(ctx context.Context, who string) context.Context {
	return context.WithValue(ctx, actorKey{}, who)
}

func actor(ctx context.Context) string {
	if who, ok := ctx.Value(actorKey{}).(string); ok {
		return who
	}
	return ByServer
}

// BoundAudit has the store begin nothing new while most entries or more are not in
// the audit log: no share, no room, nobody on a roster. What has begun goes on, and
// ends. Zero bounds nothing. Call it before the first change.
func (db *DB) BoundAudit(most int64) { db.mostUnaudited = most }

// AuditHasRoom fails with protocol.CodeUnavailable while so many entries wait for the
// audit log that nothing new begins: see BoundAudit.
func (db *DB) AuditHasRoom(ctx context.Context) error {
	return auditHasRoom(ctx, db.engine.Reader(), db.mostUnaudited)
}

func (c *change) auditHasRoom(ctx context.Context) error {
	return auditHasRoom(ctx, c, c.mostUnaudited)
}

func auditHasRoom(ctx context.Context, q querier, most int64) error {
	if most == 0 {
		return nil
	}
	waiting, err := one(ctx, q, column[int64], `SELECT `+unaudited)
	if err != nil {
		return fmt.Errorf("counting what is to be audited: %w", err)
	}
	if waiting >= most {
		return protocol.LimitError(protocol.CodeUnavailable, "max-unaudited", "the audit log cannot be written: nothing new begins until it is looked after")
	}
	return nil
}

// unaudited is how many entries are not in the audit log yet.
const unaudited = `(SELECT value FROM counters WHERE name = 'audit') - (SELECT newest FROM audit_log)
	+ (SELECT CAST(COALESCE(SUM(lines), 0) AS BIGINT) FROM noted)`

// KeepNames has entries keep the names of files, participants and rooms from now
// on. Call it before the first change.
func (db *DB) KeepNames() { db.names = true }

// note has the entry written to the audit log, with the change or not at all. By
// is who makes the change, unless the entry says so itself.
func (c *change) note(e AuditEntry) {
	if e.By == "" {
		e.By = c.by
	}
	if !c.names {
		e.Name = ""
	}
	e.Time = rounded(e.Time)
	c.notes = append(c.notes, e)
}

// noteShare is note of what has become of a share.
func (c *change) noteShare(kind AuditKind, s Share, e AuditEntry) {
	if s.Partial() {
		return // nobody's file, until it is joined
	}
	e.Kind, e.Room, e.Share, e.Sender, e.Size, e.SHA256, e.Name = kind, s.Room, s.ID, s.Sender.ID, s.Size, s.SHA256, s.Name
	c.note(e)
}

// Audited notes which entries the audit log has, and forgets those. A log that
// has more than were made was there before these records: they were restored from
// a backup, and what is made from now on is counted on from the log's. In a cluster it
// is ErrFenced by a node that has not the duty "audit".
func (db *DB) Audited(ctx context.Context, has AuditState) error {
	return db.updateIn(ctx, duty("audit"), "noting what is audited", func(ctx context.Context, c *change) error {
		if err := c.onDuty(ctx, "audit"); err != nil {
			return err
		}
		if _, err := c.exec(ctx, `DELETE FROM audit WHERE id <= $1`, has.Newest); err != nil {
			return err
		}
		if _, err := c.exec(ctx, `UPDATE counters SET value = $1 WHERE name = 'audit' AND value < $1`, has.Newest); err != nil {
			return err
		}
		_, err := c.exec(ctx, `UPDATE audit_log SET oldest = $1, newest = $2, chain = $3`, has.Oldest, has.Newest, has.Chain)
		return err
	})
}

// AuditLog returns which entries the audit log has.
func (db *DB) AuditLog(ctx context.Context) (AuditState, error) {
	scan := func(r row) (s AuditState, err error) {
		err = r.Scan(&s.Oldest, &s.Newest, &s.Chain)
		return s, err
	}
	s, err := one(ctx, db.engine.Reader(), scan, `SELECT oldest, newest, chain FROM audit_log`)
	if err != nil {
		return s, fmt.Errorf("reading what is audited: %w", err)
	}
	return s, nil
}
