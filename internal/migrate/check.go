package migrate

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// check reads what the target has of a record, from the target.
func (m Migration) check(ctx context.Context, record store.Share, want []byte) error {
	open := m.To.Blobs.OpenStaged
	if record.State == protocol.Available {
		open = m.To.Blobs.Open
	}
	copied, err := open(ctx, blob.Key(record.ID))
	if err != nil {
		return fmt.Errorf("reading the copy: %w", err)
	}
	defer copied.Close()
	size, err := copied.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("measuring the copy: %w", err)
	}
	if size != record.Offset {
		return fmt.Errorf("%w: %d bytes, and not %d", store.ErrDiffers, size, record.Offset)
	}
	if m.Quick {
		return nil
	}
	sum := sha256.New()
	if err := hashFrom(sum, copied, 0, size); err != nil {
		return fmt.Errorf("reading the copy: %w", err)
	}
	if err := same(sum.Sum(nil), want); err != nil {
		return fmt.Errorf("%w: %w", store.ErrDiffers, err)
	}
	return nil
}

// removeOthers removes what an earlier attempt has copied of files that have ended
// since.
func (m Migration) removeOthers(ctx context.Context) error {
	var batch []protocol.ShareID
	flush := func() error {
		states, err := m.From.Records.Known(ctx, batch)
		if err != nil {
			return err
		}
		for _, id := range batch {
			if state, known := states[id]; known && !state.Ended() {
				continue
			}
			if err := m.To.Blobs.Remove(ctx, blob.Key(id)); err != nil {
				return fmt.Errorf("removing %s: %w", id, err)
			}
		}
		batch = batch[:0]
		return nil
	}
	for info, err := range m.To.Blobs.List(ctx) {
		if err != nil {
			return err
		}
		if batch = append(batch, protocol.ShareID(info.Key)); len(batch) == page {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
