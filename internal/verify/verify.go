// Package verify holds a data directory against its records: is every byte there
// that was acknowledged, is nothing there that should be gone, and do the counts
// add up.
//
// Check changes nothing and can look at a directory that a server is using. Repair
// needs the directory for itself.
package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Records is what a check needs of the store.
type Records interface {
	Every(ctx context.Context, after protocol.ShareID, limit int) ([]store.Share, error)
	Share(ctx context.Context, id protocol.ShareID) (store.Share, error)
	Known(ctx context.Context, ids []protocol.ShareID) (map[protocol.ShareID]protocol.ShareState, error)
	Miscounts(ctx context.Context) ([]store.Miscount, error)
	AppMiscounts(ctx context.Context) ([]store.Miscount, error)
	Integrity(ctx context.Context, quick bool) ([]string, error)
}

// Kind says what is wrong. Kinds are only ever added.
type Kind string

// Damage: something that was promised is not kept.
const (
	Missing    Kind = "missing"    // acknowledged bytes are not there at all
	Short      Kind = "short"      // fewer bytes are there than were acknowledged
	Long       Kind = "long"       // a complete file has more bytes than it should
	Corrupt    Kind = "corrupt"    // the bytes are not those that the record's hash is of
	Unreadable Kind = "unreadable" // the bytes are there and cannot be read
	Quota      Kind = "quota"      // a room's counts, or an application's, are not the sums of its shares
	Database   Kind = "database"   // the database's own check found a fault
	Audit      Kind = "audit"      // the audit log is not whole
)

// Leftovers: something is there that should not be. The next start of the server
// clears away all but strays.
const (
	Orphan   Kind = "orphan"   // bytes that no live share knows
	Unpurged Kind = "unpurged" // bytes of a share that ended more than PurgeWithin ago
	Stray    Kind = "stray"    // a file that is nothing of the server's
)

// PurgeWithin is how soon the bytes of what has ended must be gone.
const PurgeWithin = time.Minute

// Damage reports whether something is lost or wrong, and not merely left over.
func (k Kind) Damage() bool { return k != Orphan && k != Unpurged && k != Stray }

// Finding is one thing that is wrong.
type Finding struct {
	Kind   Kind                `json:"kind"`
	Share  protocol.ShareID    `json:"share,omitempty"`
	Room   protocol.RoomID     `json:"room,omitempty"`
	App    string              `json:"app,omitempty"`
	State  protocol.ShareState `json:"state,omitempty"`  // of the share
	Name   string              `json:"name,omitempty"`   // of a file, below the directory of the files
	Detail string              `json:"detail,omitempty"` // for people
	// Repaired says what Repair has done about it, or why nothing; "" before.
	Repaired string `json:"repaired,omitempty"`
	// Open: it is as it was found.
	Open bool `json:"open"`

	modified time.Time // of an orphan
}

// Report is the outcome of a check.
type Report struct {
	Quick    bool      `json:"quick"`  // nothing was hashed
	Shares   int       `json:"shares"` // records looked at, partial uploads and ended ones included
	Blobs    int       `json:"blobs"`  // blobs looked at
	Bytes    int64     `json:"bytes"`  // hashed
	Findings []Finding `json:"findings"`
}

// Damaged reports whether anything that is lost or wrong is still open, and Left
// whether anything is left over.
func (r *Report) Damaged() bool { return r.any(Kind.Damage) }

// Left reports whether anything that should be gone is still there.
func (r *Report) Left() bool { return r.any(func(k Kind) bool { return !k.Damage() }) }

func (r *Report) any(match func(Kind) bool) bool {
	for _, f := range r.Findings {
		if f.Open && match(f.Kind) {
			return true
		}
	}
	return false
}

// Add puts what somebody else has found into the report.
func (r *Report) Add(f Finding) {
	f.Open = true
	r.Findings = append(r.Findings, f)
}

// Check is a check of one data directory. All fields but Quick and Now are
// required.
type Check struct {
	Records Records
	// Blobs opens the bytes as they are when it is called.
	Blobs func() (Blobs, error)
	// Quick leaves out what reads every byte.
	Quick bool
	// Settle is how long to wait before what looks wrong is looked at again: beside
	// a server that runs, a share may have moved on in the meantime. Zero believes
	// the first look.
	Settle time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Blobs is what a check needs of the bytes.
type Blobs interface {
	Source
	Lister
	Close() error
}

// Run checks everything. What it could not look at is an error; what it found
// is in the report.
func (c Check) Run(ctx context.Context) (*Report, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	report := &Report{Quick: c.Quick, Findings: []Finding{}}
	if err := c.database(ctx, report); err != nil {
		return nil, err
	}
	suspects, err := c.look(ctx, report)
	if err != nil {
		return nil, err
	}
	if len(suspects) > 0 && c.Settle > 0 {
		if suspects, err = c.lookAgain(ctx, suspects); err != nil {
			return nil, err
		}
	}
	report.Findings = append(report.Findings, suspects...)
	return report, nil
}

// database checks what the records say of themselves.
func (c Check) database(ctx context.Context, report *Report) error {
	faults, err := c.Records.Integrity(ctx, c.Quick)
	if err != nil {
		return err
	}
	for _, fault := range faults {
		report.Add(Finding{Kind: Database, Detail: fault})
	}
	miscounts, err := c.Records.Miscounts(ctx)
	if err != nil {
		return err
	}
	for _, m := range miscounts {
		report.Add(Finding{Kind: Quota, Room: m.Room, Detail: fmt.Sprintf("the room counts %d bytes in %d shares, its shares add up to %d in %d",
			m.Bytes, m.Shares, m.ActualBytes, m.ActualShares)})
	}
	if miscounts, err = c.Records.AppMiscounts(ctx); err != nil {
		return err
	}
	for _, m := range miscounts {
		report.Add(Finding{Kind: Quota, App: m.App, Detail: fmt.Sprintf("the application has granted %d bytes, its rooms have %d", m.Bytes, m.ActualBytes)})
	}
	return nil
}

// look returns what looks wrong with the bytes.
func (c Check) look(ctx context.Context, report *Report) ([]Finding, error) {
	blobs, err := c.Blobs()
	if err != nil {
		return nil, err
	}
	defer blobs.Close()
	suspects, err := c.records(ctx, blobs, report)
	if err != nil {
		return nil, err
	}
	more, err := c.blobs(ctx, blobs, report)
	return append(suspects, more...), err
}

// lookAgain returns those of the suspects that still look wrong a while later.
func (c Check) lookAgain(ctx context.Context, suspects []Finding) ([]Finding, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(c.Settle):
	}
	blobs, err := c.Blobs()
	if err != nil {
		return nil, err
	}
	defer blobs.Close()
	var found []Finding
	for _, f := range suspects {
		if f.Kind != Stray { // strays do not move on
			again, wrong, err := c.again(ctx, blobs, f)
			if err != nil {
				return nil, err
			}
			if !wrong {
				continue
			}
			f = again
		}
		found = append(found, f)
	}
	return found, nil
}

func (c Check) again(ctx context.Context, blobs Blobs, f Finding) (Finding, bool, error) {
	if !f.Kind.Damage() {
		return c.leftover(ctx, blobs, blob.Info{Key: blob.Key(f.Share), Modified: f.modified})
	}
	record, err := c.Records.Share(ctx, f.Share)
	if isNotFound(err) {
		return f, false, nil // forgotten meanwhile
	}
	if err != nil {
		return f, false, err
	}
	again, wrong := c.record(blobs, record, new(Report))
	return again, wrong, nil
}
