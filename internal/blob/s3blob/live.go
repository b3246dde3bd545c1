package s3blob

import (
	"os"
	"sync"
	"sync/atomic"

	"github.com/handout-rtc/handout/internal/blob"
)

// live is a staged blob that this process writes: what of it is in the bucket and what
// is in the spool. Readers in the process see all that is written.
type live struct {
	epoch int64

	mu     sync.Mutex
	stored []Segment // in the bucket, from 0 on; all below is guarded by mu
	pieces []*piece  // in the spool, behind that
	end    int64     // of what is written
	fresh  []Segment // of the stored ones, those that the manifest lacks
	fault  error     // nothing more is written after it
	closed bool      // by the manifest one knows more
	turn   chan struct{}
}

// piece is a segment that is being written or sent. Its live guards what changes.
type piece struct {
	start, limit int64 // where it is in the blob; how many bytes it may have
	file         *shared
	size         int64 // bytes that are written
	crc          uint32

	// From here on nothing of it is stored, not even as a short segment.
	unsent    int64 // of the piece, in bytes
	unsentCRC uint32
	shorts    []Segment // what is stored of it, in short segments
	listed    int       // how many of those the manifest has

	sealed bool   // it takes no more
	object string // its name, once it is sealed
	sent   bool   // it is in the bucket
}

func (p *piece) end() int64 { return p.start + p.size }

// shared is a file that is closed by the last who uses it.
type shared struct {
	*os.File
	users atomic.Int32
}

func newShared(file *os.File) *shared {
	s := &shared{File: file}
	s.users.Store(1)
	return s
}

func (s *shared) release() {
	if s.users.Add(-1) == 0 {
		s.File.Close() // nobody needs what is in it
	}
}

func newLive(l Listing) *live {
	return &live{epoch: l.Epoch, stored: l.Segments, end: l.Size, turn: make(chan struct{})}
}

// changedLocked wakes who waits for a change.
func (l *live) changedLocked() {
	close(l.turn)
	l.turn = make(chan struct{})
}

// fail has the writer end: nothing of it can be kept any more.
func (l *live) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault == nil {
		l.fault = err
	}
	l.changedLocked()
}

// advanceLocked moves what is in the bucket from the pieces to the segments, as far as
// it is without a gap, and returns the pieces, which are done.
func (l *live) advanceLocked() (done []*piece) {
	for len(l.pieces) > 0 && l.pieces[0].sent {
		p := l.pieces[0]
		l.pieces = l.pieces[1:]
		for len(l.stored) > 0 && l.stored[len(l.stored)-1].Start >= p.start {
			l.stored = l.stored[:len(l.stored)-1] // short ones, in whose place it comes
		}
		s := Segment{Start: p.start, Length: p.size, Object: p.object, Sealed: true}
		l.stored, l.fresh = append(l.stored, s), append(l.fresh, s)
		done = append(done, p)
	}
	l.changedLocked()
	return done
}

// sight is where the byte of a position is.
type sight struct {
	file    *shared // in the spool, and in use until release; nil if it is not there
	at      int64   // its place in the file
	bytes   int64   // how many come one after the other
	segment Segment // in the bucket, if file is nil
	next    Segment // the one behind it; of no length if there is none
}

// look returns where the byte at offset is; found is false beyond the end, and known
// once the writer has gone.
func (l *live) look(offset int64) (at sight, found, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return sight{}, false, false
	}
	for _, p := range l.pieces {
		if offset >= p.start && offset < p.end() {
			p.file.users.Add(1)
			return sight{file: p.file, at: offset - p.start, bytes: p.end() - offset}, true, true
		}
	}
	at, found = lookIn(l.stored, offset)
	return at, found, true
}

// size returns how many bytes are written; known is false once the writer has gone.
func (l *live) size() (bytes int64, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end, !l.closed
}

// writing are the blobs that this process writes.
type writing struct {
	mu  sync.Mutex
	now map[blob.Key]*live // guarded by mu
}

func (w *writing) of(key blob.Key) *live {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now[key]
}

func (w *writing) begin(key blob.Key, l *live) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now[key] = l
}

func (w *writing) end(key blob.Key, l *live) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now[key] == l {
		delete(w.now, key)
	}
}
