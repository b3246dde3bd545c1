package s3blob

import (
	"context"
	"errors"
	"time"
)

// Segment is a stretch of a blob that is an object.
type Segment struct {
	Start  int64 // of the blob, in bytes
	Length int64 // of the object, from its beginning
	Object string
	Sealed bool // it is not stored again with what follows
}

// State is how far a blob is.
type State int

// What a blob may be.
const (
	Staged    State = 0
	Committed State = 1
	Retired   State = 2 // it is being removed
)

// Listing is what a Manifest says of one blob.
type Listing struct {
	Blob     string
	Epoch    int64 // counts the writers it has had
	State    State
	Size     int64 // bytes
	Changed  time.Time
	Segments []Segment // one behind the other from 0 to Size; nil in a list
}

var (
	// ErrNone: there is no such manifest, or its blob is not staged.
	ErrNone = errors.New("no such manifest")
	// ErrShort: the manifest has fewer bytes.
	ErrShort = errors.New("the manifest has fewer bytes")
	// ErrFenced: another writer has begun, or the blob is not what it was.
	ErrFenced = errors.New("another writer has begun")
)

// Manifest keeps which objects hold which blob, for all processes that use the
// bucket. What it returns as garbage is in no manifest any more.
type Manifest interface {
	// Begin begins an epoch of a staged blob, which is made if offset is 0, and takes
	// out what lies beyond offset. It fails with ErrNone, or with ErrShort.
	Begin(ctx context.Context, blob string, offset int64) (l Listing, garbage []string, err error)
	// Extend puts segments at the end of a staged blob, the first of them in the place
	// of those that are not sealed; commit says that it is whole. It fails with
	// ErrFenced unless the epoch is the last. It may be repeated.
	Extend(ctx context.Context, blob string, epoch int64, add []Segment, commit bool) (garbage []string, err error)
	// Read returns the listing, or ErrNone.
	Read(ctx context.Context, blob string) (Listing, error)
	// Retire ends the blob for readers and writers, or fails with ErrNone; it may be
	// repeated. Forget forgets one that was retired.
	Retire(ctx context.Context, blob string) (Listing, error)
	Forget(ctx context.Context, blob string) error
	// List returns at most limit listings after that blob, without their segments.
	List(ctx context.Context, after string, limit int) ([]Listing, error)
}

// Joins is what joining the segments of whole blobs needs of the manifests.
type Joins interface {
	// Joinable returns at most limit committed blobs after that one that have several
	// segments.
	Joinable(ctx context.Context, after string, limit int) ([]string, error)
	// Join has one object hold a committed blob. It fails with ErrFenced unless the
	// epoch is the last. It may be repeated.
	Join(ctx context.Context, blob string, epoch int64, object string) (garbage []string, err error)
}
