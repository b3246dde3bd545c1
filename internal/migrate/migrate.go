// Package migrate moves what a server has, records and bytes, to other engines
// while no server uses either: `handout migrate`.
//
// The bytes go first. What they are is in the records, so a blob that is there
// already is not sent again, and one that is there in part goes on. The records
// follow as a whole, and with them the mark goes that keeps servers from using
// what is not complete. So a migration that was killed is started again, and goes
// on; and the source may have changed in between.
package migrate

import (
	"context"
	"errors"
	"fmt"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Blobs is what a migration needs of a blob store.
type Blobs interface {
	blob.Store
	blob.Putter
}

// Side is where records and bytes are.
type Side struct {
	Records *store.DB
	Blobs   Blobs
}

// Observer hears how a migration does. Its methods return at once, and are called
// by many goroutines.
type Observer interface {
	// Phase hears what begins now, and how much of it there is.
	Phase(p Phase, total int64)
	// Done hears of so much more of it.
	Done(n int64)
}

// Phase is a stretch of a migration.
type Phase string

// The phases, in their order.
const (
	Bytes   Phase = "bytes"   // copying and verifying; counted in bytes
	Records Phase = "records" // counted in rows
)

// Migration says what is moved. From and To are required.
type Migration struct {
	From, To Side
	// Quick does not read back what was written: sizes alone are compared.
	Quick bool
	// Parallel is how many files are copied at a time; zero means 8.
	Parallel int
	// Observer may be nil.
	Observer Observer
	// Unused: nobody has used the source since Closed was called of a migration before,
	// so that it is told again how that has ended.
	Unused bool
	// Closed is called when all is there, before a server may use it: it sees to it
	// that none uses the source any more. It may be nil, and is called again by a
	// migration that was killed right after it.
	Closed func() error
}

// ErrNotEmpty: the target holds something else already. Nothing was changed.
var ErrNotEmpty = errors.New("the target is not empty")

// Report is the outcome of a migration.
type Report struct {
	// Again: the migration had been finished before, and nothing was done.
	Again   bool              `json:"again"`
	Files   int64             `json:"files"`   // complete ones
	Uploads int64             `json:"uploads"` // in progress, with at least a byte
	Bytes   int64             `json:"bytes"`   // of all of them
	Copied  int64             `json:"copied"`  // bytes that this run has written
	Tables  []store.TableCopy `json:"tables"`
	// Findings are files that cannot be moved because they are not what their
	// records say. With any, the migration is not finished.
	Findings []Finding `json:"findings"`
}

// Finding is a file whose bytes are not those of its record.
type Finding struct {
	Share  protocol.ShareID `json:"share"`
	Room   protocol.RoomID  `json:"room"`
	Detail string           `json:"detail"`
}

// Run moves everything. The caller has both sides for itself. It may be started
// again whatever ended it. With findings in the report it was not finished, and the
// error is nil.
func (m Migration) Run(ctx context.Context) (*Report, error) {
	m = m.withDefaults()
	report := &Report{Findings: []Finding{}, Tables: []store.TableCopy{}}
	number, err := m.From.Records.CopyNumber(ctx, m.Unused)
	if err != nil {
		return report, err
	}
	if report.Again, err = m.begin(ctx, number); err != nil {
		return report, err
	}
	if !report.Again {
		if err := m.move(ctx, report); err != nil || len(report.Findings) > 0 {
			return report, err
		}
		if err := m.To.Records.EndFilling(ctx); err != nil {
			return report, err
		}
	}
	if err := errors.Join(m.To.Records.Flush(), m.From.Records.EndCopy(ctx)); err != nil {
		return report, err
	}
	return report, m.From.Records.Flush()
}

func (m Migration) withDefaults() Migration {
	if m.Parallel == 0 {
		m.Parallel = 8
	}
	if m.Observer == nil {
		m.Observer = nobody{}
	}
	if m.Closed == nil {
		m.Closed = func() error { return nil }
	}
	return m
}

// nobody is an Observer that does not listen.
type nobody struct{}

func (nobody) Phase(Phase, int64) {}
func (nobody) Done(int64)         {}

// begin marks the target, or finds that it was filled by this migration. Bytes that
// are there before the mark are somebody else's.
func (m Migration) begin(ctx context.Context, number int64) (done bool, err error) {
	if done, err = m.To.Records.Filled(ctx, number); done || err != nil {
		return done, err
	}
	if m.To.Records.Whole(ctx) == nil {
		for info, err := range m.To.Blobs.List(ctx) {
			if err != nil {
				return false, err
			}
			return false, fmt.Errorf("%w: it has files, %s among them", ErrNotEmpty, info.Key)
		}
	}
	return false, notEmpty(m.To.Records.BeginFilling(ctx, number))
}

func notEmpty(err error) error {
	if errors.Is(err, store.ErrNotEmpty) {
		return fmt.Errorf("%w: %w", ErrNotEmpty, err)
	}
	return err
}

// move copies everything.
func (m Migration) move(ctx context.Context, report *Report) error {
	work, err := m.plan(ctx)
	if err != nil {
		return err
	}
	report.Files, report.Uploads, report.Bytes = work.files, work.uploads, work.bytes
	m.Observer.Phase(Bytes, work.bytes)
	if err := m.copyAll(ctx, report); err != nil || len(report.Findings) > 0 {
		return err
	}
	if err := m.removeOthers(ctx); err != nil {
		return err
	}
	rows, err := m.From.Records.Rows(ctx)
	if err != nil {
		return err
	}
	m.Observer.Phase(Records, rows)
	report.Tables, err = m.From.Records.CopyTo(ctx, m.To.Records, func(n int) { m.Observer.Done(int64(n)) })
	if err != nil {
		return err
	}
	return m.Closed()
}

// volume is how much there is to move.
type volume struct{ files, uploads, bytes int64 }

// plan adds up what there is to move.
func (m Migration) plan(ctx context.Context) (v volume, err error) {
	err = m.each(ctx, func(record store.Share) error {
		if record.State == protocol.Available {
			v.files++
		} else {
			v.uploads++
		}
		v.bytes += record.Offset
		return nil
	})
	return v, err
}

// page is how many records are read at a time.
const page = 500

// each calls do with every record that has bytes.
func (m Migration) each(ctx context.Context, do func(store.Share) error) error {
	var last protocol.ShareID
	for {
		records, err := m.From.Records.Every(ctx, last, page)
		if err != nil || len(records) == 0 {
			return err
		}
		for _, record := range records {
			if !hasBytes(record) {
				continue
			}
			if err := do(record); err != nil {
				return err
			}
		}
		last = records[len(records)-1].ID
	}
}

// hasBytes reports whether something of the share is kept: an empty file is.
func hasBytes(record store.Share) bool {
	return record.State == protocol.Available || !record.State.Ended() && record.Offset > 0
}
