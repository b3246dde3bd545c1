package s3blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/crash"
)

// Flush implements blob.Writer: what is written is in the bucket and in the manifest.
func (w *writer) Flush(ctx context.Context) error { return w.flush(ctx, false) }

// Sync implements blob.Writer.
func (w *writer) Sync() error { return w.flush(w.ctx, false) }

// Commit implements blob.Writer.
func (w *writer) Commit(ctx context.Context) error {
	defer w.Close()
	if err := w.flush(ctx, true); err != nil {
		return err
	}
	crash.At(crash.NamesSynced)
	w.store.whole(w.key)
	return nil
}

// flush stores what is written, and commits the blob if that is all.
func (w *writer) flush(ctx context.Context, commit bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(w.ctx, cancel)()
	select {
	case w.flushes <- struct{}{}:
	case <-ctx.Done():
		return errors.Join(os.ErrClosed, ctx.Err())
	}
	defer func() { <-w.flushes }()
	if w.closed {
		return os.ErrClosed
	}
	sent, err := w.push(ctx, commit)
	if err == nil {
		err = w.await(ctx, sent)
	}
	if err == nil {
		err = w.list(ctx, commit)
	}
	return err
}

// push sends what is written of the last piece, and returns the pieces that are on
// their way. What is too short for a segment, unless it is the last, is stored in a
// short one, and stays in the spool to be stored again with what follows.
func (w *writer) push(ctx context.Context, last bool) (sent []*piece, err error) {
	w.live.mu.Lock()
	var short *piece
	for _, p := range w.live.pieces {
		if !p.sealed && p.unsent < p.size {
			if last || sealable(p.size, p.limit) {
				w.sealLocked(p)
			} else {
				short = p
			}
		}
		if p.sealed {
			sent = append(sent, p)
		}
	}
	fault := w.live.fault
	if short == nil || fault != nil {
		w.live.mu.Unlock()
		return sent, fault
	}
	from, size, crc, file := short.unsent, short.size-short.unsent, short.unsentCRC, short.file
	short.unsent, short.unsentCRC = short.size, 0
	file.users.Add(1)
	w.live.mu.Unlock()
	defer file.release()
	segment := Segment{Start: short.start + from, Length: size, Object: segmentName(w.key)}
	if err := w.store.send(ctx, segment.Object, io.NewSectionReader(file, from, size), size, crc); err != nil {
		w.live.fail(err)
		return nil, err
	}
	crash.At(crash.SegmentStored)
	w.live.mu.Lock()
	defer w.live.mu.Unlock()
	if short.sent { // it was filled and sent meanwhile
		w.drop([]Segment{segment})
		return sent, nil
	}
	short.shorts = append(short.shorts, segment)
	return sent, nil
}

// await returns when the pieces are in the bucket.
func (w *writer) await(ctx context.Context, sent []*piece) error {
	for _, p := range sent {
		for {
			w.live.mu.Lock()
			there, fault, changed := p.sent, w.live.fault, w.live.turn
			w.live.mu.Unlock()
			if fault != nil {
				return fault
			}
			if there {
				break
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// list puts what is in the bucket into the manifest.
func (w *writer) list(ctx context.Context, commit bool) error {
	w.live.mu.Lock()
	fresh := len(w.live.fresh)
	add := append([]Segment(nil), w.live.fresh...)
	if len(w.live.pieces) > 0 {
		p := w.live.pieces[0]
		add = append(add, p.shorts[p.listed:]...)
		p.listed = len(p.shorts)
	}
	w.live.mu.Unlock()
	if len(add) == 0 && !commit {
		return nil
	}
	if commit {
		crash.At(crash.BlobSynced)
	}
	garbage, err := w.store.Manifest.Extend(ctx, string(w.key), w.epoch, add, commit)
	if errors.Is(err, ErrFenced) {
		err = fmt.Errorf("%w: %w", blob.ErrSuperseded, err)
		w.live.fail(err)
		return err
	}
	if err != nil {
		w.uncertain.Store(true)
		return fmt.Errorf("listing segments: %w", err)
	}
	crash.At(crash.SegmentsListed)
	w.live.mu.Lock()
	w.live.fresh = w.live.fresh[fresh:]
	w.live.mu.Unlock()
	w.store.discard(garbage)
	return nil
}

// listWithin is how long a segment may be in the bucket and not in the manifest while it
// is written on, where nobody flushes: an append with a checksum may take hours, and what
// no manifest knows for Config.OrphanAge is removed.
const listWithin = 5 * time.Minute

// listLate lists what has waited for so long.
func (w *writer) listLate() {
	w.flushes <- struct{}{}
	defer func() { <-w.flushes }()
	if w.closed {
		return
	}
	if err := w.list(w.ctx, false); err != nil && w.ctx.Err() == nil {
		w.store.Log.Warn("listing segments", "blob", w.key, "err", err)
		w.listing.Reset(w.store.listWithin)
	}
}
