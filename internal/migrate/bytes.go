package migrate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// maxPut is the largest file, in bytes, that is put whole: there is memory for so
// much of each file that is copied at a time.
const maxPut = 1 << 20

// blockSize is how much is read at a time.
const blockSize = 256 << 10

// damage is a file that is not what its record says, on the side that is read.
type damage struct{ detail string }

func (d *damage) Error() string { return d.detail }

func damaged(format string, args ...any) error { return &damage{fmt.Sprintf(format, args...)} }

// copyAll copies the bytes of every record. What is damaged is in the report.
func (m Migration) copyAll(ctx context.Context, report *Report) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(m.Parallel)
	var mu sync.Mutex
	err := m.each(ctx, func(record store.Share) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		group.Go(func() error {
			wrote, err := m.copyOne(ctx, record)
			mu.Lock()
			defer mu.Unlock()
			report.Copied += wrote
			var bad *damage
			if errors.As(err, &bad) {
				report.Findings = append(report.Findings, Finding{record.ID, record.Room, bad.detail})
				return nil
			}
			if err != nil {
				return fmt.Errorf("copying %s: %w", record.ID, err)
			}
			m.Observer.Done(record.Offset)
			return nil
		})
		return nil
	})
	if failed := group.Wait(); failed != nil {
		return failed
	}
	return err
}

// copyOne brings the bytes of one record over, unless they are there, and reads
// them there. It returns how many it has written.
func (m Migration) copyOne(ctx context.Context, record store.Share) (wrote int64, err error) {
	want, err := sumOf(record)
	if err != nil {
		return 0, err
	}
	wrote, err = m.bring(ctx, record, want)
	if err != nil {
		return wrote, err
	}
	err = m.check(ctx, record, want)
	if !errors.Is(err, store.ErrDiffers) {
		return wrote, err
	}
	// It may be what an earlier attempt has left: it is made anew, once.
	if err := m.To.Blobs.Remove(ctx, blob.Key(record.ID)); err != nil {
		return wrote, err
	}
	again, err := m.bring(ctx, record, want)
	if err == nil {
		err = m.check(ctx, record, want)
	}
	return wrote + again, err
}

// bring sees to it that the target has the bytes, and keeps them.
func (m Migration) bring(ctx context.Context, record store.Share, want []byte) (wrote int64, err error) {
	there, committed, err := m.there(ctx, record)
	switch {
	case err != nil:
		return 0, err
	case committed:
		return 0, m.To.Blobs.Settle(ctx, blob.Key(record.ID))
	}
	return m.send(ctx, record, want, there)
}

// sumOf is the SHA-256 of the bytes that the record acknowledges.
func sumOf(record store.Share) ([]byte, error) {
	if record.State == protocol.Available {
		sum, err := hex.DecodeString(record.SHA256)
		if err != nil {
			return nil, damaged("the recorded SHA-256 is none: %v", err)
		}
		return sum, nil
	}
	h := sha256.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(record.Checkpoint.Hash); err != nil {
		return nil, damaged("the recorded state of the hash is none: %v", err)
	}
	return h.Sum(nil), nil
}

// there returns how many bytes of the record the target has, and whether they are
// committed. Whatever cannot become what is wanted is removed first.
func (m Migration) there(ctx context.Context, record store.Share) (n int64, committed bool, err error) {
	key, complete := blob.Key(record.ID), record.State == protocol.Available
	n, err = measure(m.To.Blobs.Open(ctx, key))
	switch {
	case err == nil && complete && n == record.Offset:
		return n, true, nil
	case err == nil:
		return 0, false, m.To.Blobs.Remove(ctx, key)
	case !errors.Is(err, blob.ErrNotFound):
		return 0, false, err
	}
	n, err = measure(m.To.Blobs.OpenStaged(ctx, key))
	if errors.Is(err, blob.ErrNotFound) {
		return 0, false, nil
	}
	return n, false, err
}

func measure(opened blob.Reader, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	defer opened.Close()
	return opened.Seek(0, io.SeekEnd)
}

// send copies what the target does not have yet. What the source has is held
// against the record before the target is told that it is complete.
func (m Migration) send(ctx context.Context, record store.Share, want []byte, there int64) (wrote int64, err error) {
	from, err := m.open(ctx, record)
	if err != nil {
		return 0, err
	}
	defer from.Close()
	key := blob.Key(record.ID)
	if record.State == protocol.Available && record.Offset <= maxPut {
		if there > 0 {
			if err := m.To.Blobs.Remove(ctx, key); err != nil {
				return 0, err
			}
		}
		return m.put(ctx, record, want, from)
	}
	there = min(there, record.Offset)
	sum := sha256.New()
	if err := hashFrom(sum, from, 0, there); err != nil {
		return 0, err
	}
	to, err := m.To.Blobs.Write(ctx, key, there)
	if err != nil {
		return 0, err
	}
	defer to.Close()
	wrote, err = pour(ctx, to, sum, io.NewSectionReader(from, there, record.Offset-there))
	if err != nil {
		return wrote, err
	}
	if err := same(sum.Sum(nil), want); err != nil {
		return wrote, damaged("%v", err)
	}
	if record.State == protocol.Available {
		return wrote, to.Commit(ctx)
	}
	if err := to.Flush(ctx); err != nil {
		return wrote, err
	}
	return wrote, errors.Join(to.Sync(), to.Close())
}

// open opens the bytes in the source. Those of an upload are committed already
// where a process died before it recorded that.
func (m Migration) open(ctx context.Context, record store.Share) (blob.Reader, error) {
	key, complete := blob.Key(record.ID), record.State == protocol.Available
	from, err := m.From.Blobs.Open(ctx, key)
	if !complete {
		var staged blob.Reader
		if staged, err = m.From.Blobs.OpenStaged(ctx, key); errors.Is(err, blob.ErrNotFound) {
			staged, err = m.From.Blobs.Open(ctx, key)
		}
		from = staged
	}
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return nil, damaged("there are no bytes")
	case errors.Is(err, blob.ErrLost):
		return nil, damaged("the bytes are damaged: %v", err)
	case err != nil:
		return nil, err
	}
	size, err := from.Seek(0, io.SeekEnd)
	if err == nil && (size < record.Offset || complete && size != record.Offset) {
		err = damaged("there are %d bytes, and %d are recorded", size, record.Offset)
	}
	if err != nil {
		return nil, errors.Join(err, from.Close())
	}
	return from, nil
}

// put copies a small file.
func (m Migration) put(ctx context.Context, record store.Share, want []byte, from blob.Reader) (int64, error) {
	data := make([]byte, record.Offset)
	if _, err := io.ReadFull(io.NewSectionReader(from, 0, record.Offset), data); err != nil {
		return 0, fmt.Errorf("reading: %w", err)
	}
	sum := sha256.Sum256(data)
	if err := same(sum[:], want); err != nil {
		return 0, damaged("%v", err)
	}
	if err := m.To.Blobs.Put(ctx, blob.Key(record.ID), data); err != nil {
		return 0, err
	}
	return record.Offset, nil
}

// pour copies to the writer and the hash.
func pour(ctx context.Context, to io.Writer, sum hash.Hash, from io.Reader) (wrote int64, err error) {
	block := make([]byte, blockSize)
	for {
		if err := ctx.Err(); err != nil {
			return wrote, err
		}
		n, readErr := io.ReadFull(from, block)
		if n > 0 {
			sum.Write(block[:n]) // a hash never fails
			if _, err := to.Write(block[:n]); err != nil {
				return wrote, err
			}
			wrote += int64(n)
		}
		switch {
		case readErr == io.EOF || readErr == io.ErrUnexpectedEOF:
			return wrote, nil
		case readErr != nil:
			return wrote, fmt.Errorf("reading: %w", readErr)
		}
	}
}

func hashFrom(sum hash.Hash, from io.ReaderAt, begin, end int64) error {
	n, err := io.CopyBuffer(struct{ io.Writer }{sum}, struct{ io.Reader }{io.NewSectionReader(from, begin, end-begin)}, make([]byte, blockSize))
	if err == nil && n != end-begin {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	return nil
}

func same(got, want []byte) error {
	if !bytes.Equal(got, want) {
		return fmt.Errorf("the SHA-256 is %x, and %x is recorded", got, want)
	}
	return nil
}
