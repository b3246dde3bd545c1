// Package blob keeps bytes at rest. It knows nothing of rooms, shares or
// HTTP: a blob has a key, is written once from its beginning to its end, and
// never changes after Commit.
//
// blobtest holds the conformance suite that every Store passes.
package blob

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Key names a blob. It is made by the server: lower-case letters, digits and
// "_", 1 to 64 characters. A Store refuses any other.
type Key string

// Valid reports whether the key has the only form that a Store takes.
func (k Key) Valid() bool {
	if len(k) == 0 || len(k) > 64 {
		return false
	}
	for _, c := range []byte(k) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

var (
	// ErrNotFound: there is no such blob.
	ErrNotFound = errors.New("blob not found")
	// ErrKey: the key does not have the form of a key.
	ErrKey = errors.New("not a blob key")
	// ErrLost: bytes that were said to be kept, or were to be, are not there or
	// cannot be believed. They never can again.
	ErrLost = errors.New("blob lost bytes")
	// ErrFull: the storage has no room left. Trying later may help.
	ErrFull = errors.New("blob storage is full")
	// ErrUnavailable: the storage did not answer, or refused for the moment. What
	// was asked of it may have been done. Trying later may help.
	ErrUnavailable = errors.New("blob storage does not answer")
	// ErrSuperseded: another Writer has been opened for the blob, here or elsewhere.
	// Nothing more of this one is kept.
	ErrSuperseded = errors.New("another writer has taken the blob")
	// ErrElsewhere: what is to be read next is not here yet, but comes in at another
	// node: see Stream.
	ErrElsewhere = errors.New("the bytes come in at another node")
	// ErrPoisoned: the disk failed to sync or to write, so the store takes no more
	// writes until it is opened again. For the blob that it failed, the error is
	// ErrLost as well.
	ErrPoisoned = errors.New("blob storage is poisoned by a failed sync or write")
)

// Store keeps blobs. It is safe for concurrent use; a single blob has one
// Writer at a time, which the caller sees to.
type Store interface {
	// Write opens the staged blob for writing at offset, creating it when
	// offset is 0 and cutting off what lies beyond offset. It fails with
	// ErrLost if fewer bytes are there, and with ErrNotFound if there is no
	// staged blob and offset is not 0.
	Write(ctx context.Context, key Key, offset int64) (Writer, error)
	// Open opens a committed blob for reading.
	Open(ctx context.Context, key Key) (Reader, error)
	// OpenStaged opens a blob that is not committed yet, for reading what has
	// been written so far.
	OpenStaged(ctx context.Context, key Key) (Reader, error)
	// Settle makes a committed blob survive a power cut, as the Commit that gave
	// it its place has done unless its process died within it. Repeating it is
	// harmless. It fails with ErrNotFound if no such blob is committed.
	Settle(ctx context.Context, key Key) error
	// Remove deletes a blob, staged or committed. Removing what is not there
	// is no error.
	Remove(ctx context.Context, key Key) error
	// List yields every blob there is, in any order.
	List(ctx context.Context) iter.Seq2[Info, error]
}

// Putter keeps blobs that come whole and small. Every Store of the project is
// one.
type Putter interface {
	// Put keeps a blob of a fresh key, from data that the caller may use again
	// afterwards, and commits it: what Write, one Write of its Writer, and Commit
	// do, for less. When it fails there may be a blob under the key, which Remove
	// removes.
	Put(ctx context.Context, key Key, data []byte) error
}

// Info is what List says of a blob.
type Info struct {
	Key       Key
	Committed bool
	Size      int64 // bytes
	Modified  time.Time
}

// Writer appends to a staged blob. It is for one goroutine, but for Flush.
type Writer interface {
	// Write appends. Bytes written survive the death of the process once they are
	// flushed, and not yet a power cut.
	io.Writer
	// Flush makes every byte that was written before survive the death of the
	// process, for whoever opens the blob next, wherever the store is open. It may
	// be called beside Write, from another goroutine. A file has its bytes as they
	// are written: there it does nothing.
	Flush(ctx context.Context) error
	// Sync makes every byte written so far survive a power cut. After it has
	// failed the blob is lost: see ErrLost and ErrPoisoned.
	Sync() error
	// Commit syncs, gives the blob its final place and makes that survive a
	// power cut. The Writer is closed afterwards, whatever the result.
	// Committing what is already committed with the same size is no error.
	Commit(ctx context.Context) error
	// Close lets go of the staged blob and leaves the bytes that were flushed for
	// the next Writer. It may be called twice, and after Commit.
	Close() error
}

// Stream is the bytes of a blob that another node receives, from some place on, as
// they come. It is for one goroutine.
type Stream interface {
	// Next returns up to limit of the next bytes, at least one, as soon as they are
	// there; the caller must read them all. It returns io.EOF behind the last byte of
	// a blob that is complete. Any other error says that the stream has broken off:
	// more may be found where blobs are kept, or in another stream.
	Next(limit int64) (*io.LimitedReader, error)
	io.Closer
}

// Reader reads a blob. A staged one may grow: a Reader at its end goes on with
// what is written next, also after the commit. For a blob in a local file it is the *os.File, so that
// the kernel can send it (sendfile).
type Reader interface {
	io.ReadSeekCloser
	io.ReaderAt
}
