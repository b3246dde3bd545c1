package upload_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/blob/memblob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

// deposit brings a body for a share of n bytes that is not recorded yet.
func (b *bench) deposit(n int64, body io.Reader) (store.Share, error) {
	record := b.records.shares[b.id]
	record.Size = &n
	b.records.mu.Lock()
	delete(b.records.shares, b.id)
	b.records.mu.Unlock()
	return b.Deposit(context.Background(), upload.Deposit{Share: record, Quota: store.Quota{RoomBytes: 1 << 40}, Body: body, Create: func(context.Context) (store.Share, error) {
		b.records.mu.Lock()
		defer b.records.mu.Unlock()
		b.records.shares[record.ID] = record
		return record, nil
	}, Orphaned: func(id protocol.ShareID) { b.orphaned = append(b.orphaned, id) }})
}

func TestDeposit(t *testing.T) {
	for _, size := range []int{1, 10 << 10, upload.MaxDeposit} {
		b, data := newBench(t, 0), random(size)
		share, err := b.deposit(int64(size), iotest.HalfReader(bytes.NewReader(data)))
		if err != nil || share.State != protocol.Available || share.SHA256 != sumOf(data) || b.records.completions != 1 {
			t.Errorf("%d bytes make %+v, %v", size, share.Share, err)
		}
		if !bytes.Equal(b.stored(t), data) {
			t.Errorf("%d bytes are stored as others", size)
		}
	}
}

// TestADepositCutShortGoesOnAsAnUpload: what has arrived is kept, and the rest
// comes by appends.
func TestADepositCutShortGoesOnAsAnUpload(t *testing.T) {
	for _, arrived := range []int64{0, 1, 700} {
		b, data := newBench(t, 0), random(1000)
		broken := errors.New("the client hung up")
		share, err := b.deposit(1000, io.MultiReader(bytes.NewReader(data[:arrived]), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) || share.State != protocol.Uploading || share.Offset != arrived {
			t.Fatalf("after %d bytes there is %+v, %v", arrived, share.Share, err)
		}
		share, err = b.append(arrived, bytes.NewReader(data[arrived:]))
		if err != nil || share.State != protocol.Available || share.SHA256 != sumOf(data) || !bytes.Equal(b.stored(t), data) {
			t.Errorf("the rest makes %+v, %v", share.Share, err)
		}
	}
}

// TestADepositThatIsRefusedLeavesNothing: neither bytes nor a record.
func TestADepositThatIsRefusedLeavesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*bench)
		want    protocol.Code
	}{
		"the record is refused": {func(b *bench) {
			b.records.before = func(string) error { return protocol.NewError(protocol.CodeRoomFull, "full") }
		}, protocol.CodeRoomFull},
		"the room is gone": {func(b *bench) {
			b.records.before = func(string) error { return store.ErrNotFound }
		}, protocol.CodeRoomNotFound},
		"the disk is full": {func(b *bench) { b.blobs.Fail(memblob.Faults{Write: blob.ErrFull}) }, protocol.CodeStorageFull},
		"the disk fails":   {func(b *bench) { b.blobs.Fail(memblob.Faults{Sync: errors.Join(blob.ErrLost, blob.ErrPoisoned)}) }, protocol.CodeStorageFailed},
		"the disk failed":  {func(b *bench) { b.blobs.Fail(memblob.Faults{Write: blob.ErrPoisoned}) }, protocol.CodeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 0)
			c.prepare(b)
			share, err := b.deposit(10, bytes.NewReader(random(10)))
			if protocol.CodeOf(err) != c.want || share.ID != "" {
				t.Errorf("it makes %+v, %v", share.Share, err)
			}
			if _, err := b.blobs.Open(context.Background(), blob.Key(b.id)); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("bytes are left: %v", err)
			}
			if len(b.records.shares) != 0 || b.Active(b.id) {
				t.Errorf("left are %d records, at work: %v", len(b.records.shares), b.Active(b.id))
			}
		})
	}
}

// TestADepositIsAtWorkUntilItsRecord: the sweep must not take its bytes for
// orphans.
func TestADepositIsAtWorkUntilItsRecord(t *testing.T) {
	b := newBench(t, 0)
	b.records.before = func(string) error {
		if !b.Active(b.id) {
			t.Error("nobody is at work on a deposit that is being recorded")
		}
		return nil
	}
	if _, err := b.deposit(10, bytes.NewReader(random(10))); err != nil || b.Active(b.id) {
		t.Errorf("afterwards: %v, at work %v", err, b.Active(b.id))
	}
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// keeping removes nothing.
type keeping struct{ *memblob.Store }

// Remove implements upload.Blobs.
func (keeping) Remove(context.Context, blob.Key) error { return errors.New("it stays") }

// TestARefusedDepositThatStaysIsToldOf whoever removes it later.
func TestARefusedDepositThatStaysIsToldOf(t *testing.T) {
	b := newBench(t, 0)
	b.Blobs = keeping{b.blobs}
	b.records.before = func(string) error { return protocol.NewError(protocol.CodeRoomFull, "full") }
	if _, err := b.deposit(10, bytes.NewReader(random(10))); protocol.CodeOf(err) != protocol.CodeRoomFull {
		t.Errorf("the deposit is answered %v", err)
	}
	if len(b.orphaned) != 1 || b.orphaned[0] != b.id {
		t.Errorf("%v are told of, want %s", b.orphaned, b.id)
	}
}
