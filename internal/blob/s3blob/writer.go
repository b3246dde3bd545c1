package s3blob

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/crash"
)

// mostPieces is how many segments of one blob are in the spool at most: one that is
// being written, the others on their way.
const mostPieces = 3

// writer appends to a staged blob. Bytes go to the spool, segments from there to the
// bucket beside the writing, and their names to the manifest when somebody has to rely
// on them.
type writer struct {
	store  *Store
	key    blob.Key
	epoch  int64
	live   *live
	ctx    context.Context // of what is sent; Close ends it
	cancel context.CancelFunc

	fold    []Segment      // short ones at the end, which are not in the spool yet
	slots   chan struct{}  // one for each piece there is
	flushes chan struct{}  // held by who flushes, commits or closes
	sending sync.WaitGroup // requests under way
	closed  bool           // guarded by flushes
	listing *time.Timer    // lists what waits for it, see listWithin
	// uncertain: the manifest was asked to add segments and has not answered.
	uncertain atomic.Bool
}

// Write implements blob.Store.
func (s *Store) Write(ctx context.Context, key blob.Key, offset int64) (blob.Writer, error) {
	if !key.Valid() {
		return nil, blob.ErrKey
	}
	listing, garbage, err := s.Manifest.Begin(ctx, string(key), offset)
	switch {
	case errors.Is(err, ErrNone):
		return nil, blob.ErrNotFound
	case errors.Is(err, ErrShort):
		return nil, fmt.Errorf("%w: fewer than %d bytes are there", blob.ErrLost, offset)
	case err != nil:
		return nil, err
	}
	crash.At(crash.EpochBegun)
	s.discard(garbage)
	w := &writer{
		store: s, key: key, epoch: listing.Epoch, live: newLive(listing), fold: tail(listing.Segments),
		slots: make(chan struct{}, mostPieces), flushes: make(chan struct{}, 1),
	}
	w.ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	w.listing = time.AfterFunc(time.Hour, w.listLate)
	w.listing.Stop()
	s.writing.begin(key, w.live)
	return w, nil
}

// tail returns the short segments at the end, which are stored again with what
// follows: a run of them that has less than a part.
func tail(segments []Segment) []Segment {
	from := len(segments)
	for from > 0 && !segments[from-1].Sealed && segments[from-1].Length < leastPart {
		from--
	}
	return segments[from:]
}

// Write implements io.Writer. It waits while as much as may be is on its way to the
// bucket.
func (w *writer) Write(p []byte) (written int, err error) {
	for written < len(p) {
		to, err := w.open()
		if err != nil {
			return written, err
		}
		part := p[written:min(int64(len(p)), int64(written)+to.limit-to.size)]
		n, err := to.file.WriteAt(part, to.size)
		if err != nil {
			return written, spoolFailed("writing to the spool", err)
		}
		if w.wrote(to, part[:n]) {
			written += n
		}
	}
	return written, nil
}

// open returns the piece that takes the next bytes.
func (w *writer) open() (*piece, error) {
	w.live.mu.Lock()
	fault, pieces := w.live.fault, w.live.pieces
	w.live.mu.Unlock()
	switch {
	case w.ctx.Err() != nil:
		return nil, os.ErrClosed
	case fault != nil:
		return nil, fault
	}
	if n := len(pieces); n > 0 && !w.isSealed(pieces[n-1]) {
		return pieces[n-1], nil
	}
	return w.begin()
}

func (w *writer) isSealed(p *piece) bool {
	w.live.mu.Lock()
	defer w.live.mu.Unlock()
	return p.sealed
}

// begin makes the next piece.
func (w *writer) begin() (*piece, error) {
	if err := w.slot(); err != nil {
		return nil, err
	}
	w.live.mu.Lock()
	p := &piece{start: w.live.end, shorts: w.fold, listed: len(w.fold)}
	before := len(w.live.stored) + len(w.live.pieces) - len(w.fold)
	first := len(w.live.pieces) == 0
	w.live.mu.Unlock()
	if len(w.fold) > 0 {
		p.start = w.fold[0].Start
	}
	p.limit = segmentSize(p.start, before, w.store.Largest)
	if err := w.store.spool.take(w.ctx, p.limit, first); err != nil {
		<-w.slots
		return nil, err
	}
	file, err := w.store.spool.create()
	if err == nil {
		p.file = newShared(file)
		err = w.load(p)
	}
	if err != nil {
		if p.file != nil {
			p.file.release()
		}
		w.store.spool.give(p.limit)
		<-w.slots
		return nil, err
	}
	w.fold = nil
	w.live.mu.Lock()
	w.live.pieces = append(w.live.pieces, p)
	w.live.mu.Unlock()
	return p, nil
}

// slot waits until another piece may be made.
func (w *writer) slot() error {
	for {
		w.live.mu.Lock()
		fault, changed := w.live.fault, w.live.turn
		w.live.mu.Unlock()
		if fault != nil {
			return fault
		}
		select {
		case w.slots <- struct{}{}:
			return nil
		case <-changed:
		case <-w.ctx.Done():
			return os.ErrClosed
		}
	}
}

// load brings what is stored of the piece in short segments to the spool.
func (w *writer) load(p *piece) error {
	for _, s := range p.shorts {
		n, err := w.loadOne(p, s)
		if err == nil && n < s.Length {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return fmt.Errorf("reading the end of a blob: %w", err)
		}
	}
	p.unsent = p.size
	return nil
}

func (w *writer) loadOne(p *piece, s Segment) (int64, error) {
	body, err := w.store.stream(w.ctx, s, 0)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	n, err := io.Copy(io.MultiWriter(io.NewOffsetWriter(p.file, p.size), summing{&p.crc}), body)
	p.size += n
	if err != nil {
		return n, fmt.Errorf("%w: %w", blob.ErrUnavailable, err)
	}
	return n, nil
}

// summing adds what is written to a CRC-32C.
type summing struct{ crc *uint32 }

// Write implements io.Writer.
func (s summing) Write(p []byte) (int, error) {
	*s.crc = crc32.Update(*s.crc, castagnoli, p)
	return len(p), nil
}

// wrote counts bytes that are in the piece's file; when it is full it is sent. It
// reports false if the piece was sealed meanwhile: the bytes belong into the next.
func (w *writer) wrote(p *piece, part []byte) bool {
	w.live.mu.Lock()
	defer w.live.mu.Unlock()
	if p.sealed {
		return false
	}
	p.crc, p.unsentCRC = crc32.Update(p.crc, castagnoli, part), crc32.Update(p.unsentCRC, castagnoli, part)
	p.size += int64(len(part))
	w.live.end += int64(len(part))
	if p.size == p.limit {
		w.sealLocked(p)
	}
	return true
}

// sealLocked has the piece take no more, and sends it.
func (w *writer) sealLocked(p *piece) {
	p.sealed, p.object = true, segmentName(w.key)
	size, crc := p.size, p.crc
	w.sending.Go(func() {
		if err := w.store.send(w.ctx, p.object, p.file, size, crc); err != nil {
			w.live.fail(err)
			return
		}
		crash.At(crash.SegmentStored)
		w.live.mu.Lock()
		p.sent = true
		done := w.live.advanceLocked()
		if len(w.live.fresh) > 0 && len(w.live.fresh) == len(done) { // the first of them
			w.listing.Reset(w.store.listWithin)
		}
		w.live.mu.Unlock()
		w.let(done)
	})
}

// let gives back the places of pieces that are in the bucket, or are given up.
func (w *writer) let(done []*piece) {
	for _, p := range done {
		p.file.release()
		w.store.spool.give(p.limit)
		<-w.slots
		w.drop(p.shorts[p.listed:])
	}
}

// drop has objects removed that the manifest does not have. Where it did not say
// whether it has them, they stay: if it has not, they are orphans.
func (w *writer) drop(segments []Segment) {
	if w.uncertain.Load() {
		return
	}
	names := make([]string, len(segments))
	for i, s := range segments {
		names[i] = s.Object
	}
	w.store.discard(names)
}

// Close implements blob.Writer.
func (w *writer) Close() error {
	w.cancel()
	w.flushes <- struct{}{}
	defer func() { <-w.flushes }()
	if w.closed {
		return nil
	}
	w.closed = true
	w.sending.Wait()
	w.listing.Stop()
	w.store.writing.end(w.key, w.live)
	w.live.mu.Lock()
	pieces, lost := w.live.pieces, w.live.fresh
	w.live.pieces, w.live.closed = nil, true
	w.live.changedLocked()
	w.live.mu.Unlock()
	for _, p := range pieces {
		if p.sealed { // also if the answer got lost
			lost = append(lost, Segment{Object: p.object})
		}
	}
	w.drop(lost)
	w.let(pieces)
	return nil
}
