package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A manifest says which objects of a bucket hold a blob, and in which order. Many
// processes may read it; each that wants to write begins an epoch of its own, and what
// the ones before it have still to say is refused (ErrFenced). A segment that is taken
// out of a manifest is garbage, and so is an object that never came into one: whoever
// has the bucket removes it.

// Segment is a stretch of a blob that is an object.
type Segment struct {
	Start  int64 // of the blob, in bytes
	Length int64 // of the object, from its beginning
	Object string
	Sealed bool // it is not stored again with what follows
}

// ManifestState is how far a blob is.
type ManifestState int

// What a blob may be.
const (
	ManifestStaged    ManifestState = 0
	ManifestCommitted ManifestState = 1
	ManifestRetired   ManifestState = 2 // it is being removed
)

// Manifest is what holds a blob.
type Manifest struct {
	Blob      string
	Epoch     int64
	State     ManifestState
	Size      int64 // bytes
	Count     int   // of the segments
	ChangedAt time.Time
	Segments  []Segment // one behind the other from 0 to Size; nil in a list of manifests
}

const manifestColumns = `blob, epoch, state, size, segments, changed_at`

func scanManifest(r row) (m Manifest, err error) {
	err = r.Scan(&m.Blob, &m.Epoch, &m.State, &m.Size, &m.Count, timeColumn{&m.ChangedAt})
	return m, err
}

func scanSegment(r row) (s Segment, err error) {
	err = r.Scan(&s.Start, &s.Length, &s.Object, &s.Sealed)
	return s, err
}

func manifest(ctx context.Context, q querier, blob string) (Manifest, error) {
	m, err := one(ctx, q, scanManifest, `SELECT `+manifestColumns+` FROM manifests WHERE blob = $1`, blob)
	if err != nil {
		return m, err
	}
	m.Segments, err = list(ctx, q, scanSegment, `SELECT start, length, object, sealed FROM segments WHERE blob = $1 ORDER BY start`, blob)
	return m, err
}

// manifestOf is the scope of the manifest of one blob.
func manifestOf(blob string) Scope { return these(Key{Name: "blob " + blob}) }

// BeginManifest begins an epoch of a staged blob, which is made if offset is 0, and
// takes out what lies beyond offset. It returns the manifest as it is then, and the
// objects that are garbage. It is ErrNotFound if there is none and offset is not 0, or
// if the blob is not staged, unless it is an empty one and offset is 0; and ErrConflict
// if fewer bytes are there.
func (db *DB) BeginManifest(ctx context.Context, blob string, offset int64) (m Manifest, garbage []string, err error) {
	err = db.updateIn(ctx, manifestOf(blob), "opening a blob", func(ctx context.Context, c *change) error {
		garbage = nil
		m, err = manifest(ctx, c, blob)
		switch {
		case errors.Is(err, ErrNotFound) && offset == 0:
			m = Manifest{Blob: blob, Epoch: 1}
			_, err = c.exec(ctx, `INSERT INTO manifests (`+manifestColumns+`) VALUES ($1, 1, 0, 0, 0, `+db.microsNow()+`)`, blob)
			return err
		case err != nil:
			return err
		case m.State != ManifestStaged && (offset > 0 || m.Size > 0):
			return ErrNotFound
		case m.Size < offset:
			return ErrConflict
		}
		m.Epoch, m.State = m.Epoch+1, ManifestStaged
		if m.Segments, garbage, err = c.cutSegments(ctx, m, offset); err != nil {
			return err
		}
		m.Size, m.Count = offset, len(m.Segments)
		return c.saveManifest(ctx, db, m)
	})
	return m, garbage, err
}

// cutSegments takes out what lies beyond offset, and returns what stays.
func (c *change) cutSegments(ctx context.Context, m Manifest, offset int64) (kept []Segment, garbage []string, err error) {
	for _, s := range m.Segments {
		switch {
		case s.Start >= offset:
			garbage = append(garbage, s.Object)
		case s.Start+s.Length > offset:
			s.Length, s.Sealed = offset-s.Start, false
			if _, err := c.exec(ctx, `UPDATE segments SET length = $1, sealed = $2 WHERE blob = $3 AND start = $4`, s.Length, flag(s.Sealed), m.Blob, s.Start); err != nil {
				return nil, nil, err
			}
			fallthrough
		default:
			kept = append(kept, s)
		}
	}
	if len(garbage) > 0 {
		_, err = c.exec(ctx, `DELETE FROM segments WHERE blob = $1 AND start >= $2`, m.Blob, offset)
	}
	return kept, garbage, err
}

func (c *change) saveManifest(ctx context.Context, db *DB, m Manifest) error {
	_, err := c.exec(ctx, `UPDATE manifests SET epoch = $1, state = $2, size = $3, segments = $4, changed_at = `+db.microsNow()+` WHERE blob = $5`,
		m.Epoch, m.State, m.Size, m.Count, m.Blob)
	return err
}

// ExtendManifest puts segments at the end of a staged blob, in order; the first may
// take the place of unsealed ones. commit says that they are the last, and that the
// blob is whole. It returns the objects that are garbage then. It is ErrFenced if the
// blob has another epoch by now, or is staged no more. What was done already is done
// again at no harm.
func (db *DB) ExtendManifest(ctx context.Context, blob string, epoch int64, add []Segment, commit bool) (garbage []string, err error) {
	err = db.updateIn(ctx, manifestOf(blob), "extending a blob", func(ctx context.Context, c *change) error {
		garbage = nil
		m, err := one(ctx, c, scanManifest, `SELECT `+manifestColumns+` FROM manifests WHERE blob = $1`, blob)
		switch {
		case errors.Is(err, ErrNotFound):
			return ErrFenced
		case err != nil:
			return err
		case m.Epoch != epoch || m.State == ManifestRetired:
			return ErrFenced
		case m.State == ManifestCommitted:
			return nil // the answer got lost
		}
		if garbage, err = c.addSegments(ctx, &m, add); err != nil {
			return err
		}
		if commit {
			m.State = ManifestCommitted
		}
		return c.saveManifest(ctx, db, m)
	})
	return garbage, err
}

// addSegments puts the segments in the place of what is there from the first one on.
func (c *change) addSegments(ctx context.Context, m *Manifest, add []Segment) (garbage []string, err error) {
	if len(add) == 0 {
		return nil, nil
	}
	from := add[0].Start
	replaced, err := list(ctx, c, scanSegment, `SELECT start, length, object, sealed FROM segments WHERE blob = $1 AND start >= $2 ORDER BY start`, m.Blob, from)
	if err != nil {
		return nil, err
	}
	end := m.Size
	if len(replaced) > 0 {
		if _, err := c.exec(ctx, `DELETE FROM segments WHERE blob = $1 AND start >= $2`, m.Blob, from); err != nil {
			return nil, err
		}
		end = replaced[0].Start
	}
	for _, s := range replaced {
		if !slices.ContainsFunc(add, func(a Segment) bool { return a.Object == s.Object }) {
			garbage = append(garbage, s.Object)
		}
	}
	m.Count -= len(replaced)
	for _, s := range add {
		if s.Start != end || s.Length <= 0 {
			return nil, fmt.Errorf("a segment of %d bytes at %d, where %d bytes are", s.Length, s.Start, end)
		}
		if _, err := c.exec(ctx, `INSERT INTO segments (blob, start, length, object, sealed) VALUES ($1, $2, $3, $4, $5)`,
			m.Blob, s.Start, s.Length, s.Object, flag(s.Sealed)); err != nil {
			return nil, err
		}
		end += s.Length
	}
	if end < m.Size {
		return nil, fmt.Errorf("segments up to %d, where %d bytes are", end, m.Size)
	}
	m.Size, m.Count = end, m.Count+len(add)
	return garbage, nil
}

// Manifest returns what holds a blob, or ErrNotFound.
func (db *DB) Manifest(ctx context.Context, blob string) (m Manifest, err error) {
	err = db.read(ctx, "reading what holds a blob", func(tx *sql.Tx) error {
		m, err = manifest(ctx, tx, blob)
		return err
	})
	return m, err
}

// RetireManifest has nobody read or write the blob any more, and returns what held it,
// whose objects may go now; ErrNotFound if there is none. It may be repeated.
func (db *DB) RetireManifest(ctx context.Context, blob string) (m Manifest, err error) {
	err = db.updateIn(ctx, manifestOf(blob), "retiring a blob", func(ctx context.Context, c *change) error {
		m, err = manifest(ctx, c, blob)
		if err != nil || m.State == ManifestRetired {
			return err
		}
		m.Epoch, m.State = m.Epoch+1, ManifestRetired
		return c.saveManifest(ctx, db, m)
	})
	return m, err
}

// ForgetManifest forgets a blob that was retired, once its objects are gone.
func (db *DB) ForgetManifest(ctx context.Context, blob string) error {
	return db.updateIn(ctx, manifestOf(blob), "forgetting a blob", func(ctx context.Context, c *change) error {
		for _, query := range []string{
			`DELETE FROM segments WHERE blob IN (SELECT blob FROM manifests WHERE blob = $1 AND state = 2)`,
			`DELETE FROM manifests WHERE blob = $1 AND state = 2`,
		} {
			if _, err := c.exec(ctx, query, blob); err != nil {
				return err
			}
		}
		return nil
	})
}

// Manifests returns at most limit manifests whose blob comes after that one, without
// their segments.
func (db *DB) Manifests(ctx context.Context, after string, limit int) ([]Manifest, error) {
	all, err := list(ctx, db.engine.Reader(), scanManifest, `SELECT `+manifestColumns+` FROM manifests WHERE blob > $1 ORDER BY blob LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("listing what holds blobs: %w", err)
	}
	return all, nil
}

// Joinable returns at most limit committed blobs after that one that have several
// segments.
func (db *DB) Joinable(ctx context.Context, after string, limit int) ([]string, error) {
	all, err := list(ctx, db.engine.Reader(), column[string], `SELECT blob FROM manifests WHERE state = 1 AND segments > 1 AND blob > $1 ORDER BY blob LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("listing what can be joined: %w", err)
	}
	return all, nil
}

// JoinManifest has one object hold a committed blob in place of its segments, and
// returns those that are garbage then. It is ErrFenced if the blob has another epoch
// by now, or is not committed. What was done already is done again at no harm.
func (db *DB) JoinManifest(ctx context.Context, blob string, epoch int64, object string) (garbage []string, err error) {
	err = db.updateIn(ctx, manifestOf(blob), "joining a blob", func(ctx context.Context, c *change) error {
		garbage = nil
		m, err := one(ctx, c, scanManifest, `SELECT `+manifestColumns+` FROM manifests WHERE blob = $1`, blob)
		switch {
		case errors.Is(err, ErrNotFound):
			return ErrFenced
		case err != nil:
			return err
		case m.Epoch != epoch || m.State != ManifestCommitted:
			return ErrFenced
		}
		size := m.Size
		if garbage, err = c.addSegments(ctx, &m, []Segment{{Length: size, Object: object, Sealed: true}}); err != nil {
			return err
		}
		return c.saveManifest(ctx, db, m)
	})
	return garbage, err
}
