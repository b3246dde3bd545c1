package upload_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/blob/memblob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

// spooling keeps what is written to itself until it is flushed: what a store does
// that others see only then.
type spooling struct {
	*memblob.Store
	refuse error // of flushing, if set
}

// Write implements blob.Store.
func (s *spooling) Write(ctx context.Context, key blob.Key, offset int64) (blob.Writer, error) {
	w, err := s.Store.Write(ctx, key, offset)
	if err != nil {
		return nil, err
	}
	return &spooled{Writer: w, of: s}, nil
}

type spooled struct {
	blob.Writer
	of *spooling

	mu   sync.Mutex
	held []byte // guarded by mu
}

// Write implements blob.Writer.
func (w *spooled) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = append(w.held, p...)
	return len(p), nil
}

// Flush implements blob.Writer.
func (w *spooled) Flush(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of.refuse != nil {
		return w.of.refuse
	}
	_, err := w.Writer.Write(w.held)
	w.held = nil
	return err
}

// Commit implements blob.Writer.
func (w *spooled) Commit(ctx context.Context) error {
	if err := w.Flush(ctx); err != nil {
		w.Writer.Close()
		return err
	}
	return w.Writer.Commit(ctx)
}

// watched fails the test when a record counts bytes that nobody else would find.
type watched struct {
	*records
	t     *testing.T
	bytes *memblob.Store
}

// Checkpoint implements upload.Records.
func (w watched) Checkpoint(ctx context.Context, id protocol.ShareID, c store.Checkpoint, now time.Time) error {
	there := int64(0)
	r, err := w.bytes.OpenStaged(ctx, blob.Key(id))
	if err == nil {
		there, _ = r.Seek(0, io.SeekEnd)
	}
	if there < c.Offset {
		w.t.Errorf("%d bytes are acknowledged, and %d would survive", c.Offset, there)
	}
	return w.records.Checkpoint(ctx, id, c, now)
}

// spool has the bench's uploads go through a store that keeps bytes to itself.
func (b *bench) spool(t *testing.T) *spooling {
	store := &spooling{Store: b.blobs}
	b.Blobs, b.Records = store, watched{b.records, t, b.blobs}
	return store
}

// TestNothingIsAcknowledgedThatWouldNotSurvive: by the end of an append, by its
// checkpoints, and where an append is taken back.
func TestNothingIsAcknowledgedThatWouldNotSurvive(t *testing.T) {
	data := random(8 << 20)
	b := newBench(t, int64(len(data)))
	b.spool(t)
	broken := errors.New("the client hung up")
	marks := 0
	share, err := b.Append(context.Background(), upload.Append{
		ID: b.id, Body: io.MultiReader(bytes.NewReader(data[:5<<20]), iotest.ErrReader(broken)), BodyLength: -1,
		Kept: func(int64) { marks++ },
	})
	if !errors.Is(err, broken) || share.Offset != 5<<20 || marks == 0 {
		t.Fatalf("after a broken append: offset %d, %v, %d marks", share.Offset, err, marks)
	}
	wrong, err := upload.NewChecksum("sha256", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Append(context.Background(), upload.Append{ID: b.id, Offset: 5 << 20, Body: bytes.NewReader(data[5<<20:]), BodyLength: -1, Checksum: wrong})
	wantCode(t, err, protocol.CodeChecksumMismatch)
	if share, err = b.append(5<<20, bytes.NewReader(data[5<<20:])); err != nil || share.State != protocol.Available {
		t.Fatalf("the rest makes it %s, %v", share.State, err)
	}
	b.wantComplete(t, data)
}

// TestWhatIsNotFlushedIsNotAcknowledged, and may be sent again when the storage
// answers.
func TestWhatIsNotFlushedIsNotAcknowledged(t *testing.T) {
	for want, cause := range map[protocol.Code]error{
		protocol.CodeUnavailable: blob.ErrUnavailable, protocol.CodeUploadPreempted: blob.ErrSuperseded, protocol.CodeStorageFull: blob.ErrFull,
	} {
		data := random(1 << 20)
		b := newBench(t, int64(len(data)))
		spool := b.spool(t)
		spool.refuse = cause
		_, err := b.append(0, bytes.NewReader(data[:1000]))
		wantCode(t, err, want)
		_, err = b.append(0, bytes.NewReader(data))
		wantCode(t, err, want)
		spool.refuse = nil
		if share, err := b.Offset(context.Background(), b.id); err != nil || share.Offset != 0 {
			t.Fatalf("%s: the offset is %d, %v", want, share.Offset, err)
		}
		if _, err := b.append(0, bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
		b.wantComplete(t, data)
	}
}
