package upload_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/blob/memblob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const boot = "this-boot"

// bench is a service over fakes, and the share under test.
type bench struct {
	*upload.Service
	records *records
	blobs   *memblob.Store
	id      protocol.ShareID

	orphaned []protocol.ShareID
	vetted   [][]byte // the beginnings of files that were asked about
	refusal  error    // of them
}

func newBench(t *testing.T, length int64) *bench {
	t.Helper()
	share := store.Share{
		Share:      protocol.Share{ID: protocol.NewShareID(), State: protocol.Uploading, ExpiresAt: time.Now().Add(time.Hour)},
		Checkpoint: store.Checkpoint{Run: boot},
		Reserved:   64 << 20,
		UpdatedAt:  time.Now(),
	}
	if length >= 0 {
		share.Size = &length
	}
	b := &bench{records: newRecords(share), blobs: memblob.New(), id: share.ID}
	b.restart(boot)
	return b
}

// restart stands for a new process on the same records and bytes.
func (b *bench) restart(boot string) {
	b.records = b.records.snapshot()
	b.Service = upload.New(upload.Config{
		Records: b.records, Parts: b.records, Blobs: b.blobs, Boot: boot, CheckpointBytes: 1 << 20,
		Limits: protocol.Limits{FileSize: 64 << 20, RoomBytes: 1 << 40, RoomShares: 10, OpenUploads: 10},
		Vet: func(_ context.Context, _ store.Share, head []byte) error {
			b.vetted = append(b.vetted, bytes.Clone(head))
			return b.refusal
		},
	})
}

func (b *bench) append(offset int64, body io.Reader) (store.Share, error) {
	return b.Append(context.Background(), upload.Append{ID: b.id, Offset: offset, Body: body, BodyLength: -1})
}

// stored returns the bytes that are at rest.
func (b *bench) stored(t *testing.T) []byte {
	t.Helper()
	r, err := b.blobs.Open(context.Background(), blob.Key(b.id))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func random(n int) []byte {
	data := make([]byte, n)
	source := rand.NewChaCha8([32]byte{byte(n)})
	source.Read(data)
	return data
}

func wantCode(t *testing.T, err error, want protocol.Code) {
	t.Helper()
	if got := protocol.CodeOf(err); got != want {
		t.Fatalf("error %q (%v), want %q", got, err, want)
	}
}

// wantComplete checks the one outcome that matters: the bytes sent are the
// bytes at rest and the bytes of the record, once.
func (b *bench) wantComplete(t *testing.T, sent []byte) {
	t.Helper()
	share, err := b.records.Share(context.Background(), b.id)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(sent)
	if share.State != protocol.Available || share.SHA256 != hex.EncodeToString(sum[:]) || share.Offset != int64(len(sent)) {
		t.Errorf("the record says %s, %s at %d", share.State, share.SHA256, share.Offset)
	}
	if !bytes.Equal(b.stored(t), sent) {
		t.Error("the bytes at rest are not the bytes sent")
	}
	if b.records.completions != 1 {
		t.Errorf("completed %d times", b.records.completions)
	}
}

func TestAppendsOfEverySizeComplete(t *testing.T) {
	for _, length := range []int{1, 1000, 256<<10 - 1, 256 << 10, 256<<10 + 1, 3<<20 + 7} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			b := newBench(t, int64(length))
			data := random(length)
			share, err := b.append(0, bytes.NewReader(data))
			if err != nil || share.State != protocol.Available {
				t.Fatalf("state %s, %v", share.State, err)
			}
			b.wantComplete(t, data)
		})
	}
}

func TestZeroLengthCompletesAtOnce(t *testing.T) {
	b := newBench(t, 0)
	if _, err := b.Append(context.Background(), upload.Append{ID: b.id}); err != nil {
		t.Fatal(err)
	}
	b.wantComplete(t, nil)
}

// cutReader fails after n bytes, as a lost connection does.
type cutReader struct {
	io.Reader
	n int
}

var errCut = errors.New("connection reset")

func (c *cutReader) Read(p []byte) (int, error) {
	if c.n == 0 {
		return 0, errCut
	}
	n, err := c.Reader.Read(p[:min(len(p), c.n)])
	c.n -= n
	return n, err
}

// TestResumeFromRandomCuts cuts the body at random points, sometimes with a
// new process in between, until everything has arrived.
func TestResumeFromRandomCuts(t *testing.T) {
	data := random(5<<20 + 123)
	b := newBench(t, int64(len(data)))
	dice := rand.New(rand.NewPCG(1, 2))
	for attempts := 0; ; attempts++ {
		if attempts > 1000 {
			t.Fatal("no end")
		}
		if dice.IntN(3) == 0 {
			completions := b.records.completions
			b.restart(boot)
			b.records.completions = completions
		}
		share, err := b.Offset(context.Background(), b.id)
		if err != nil {
			t.Fatal(err)
		}
		if share.State == protocol.Available {
			break
		}
		cut := dice.IntN(1 << 20)
		share, err = b.append(share.Offset, &cutReader{bytes.NewReader(data[share.Offset:]), cut})
		if err != nil {
			wantCode(t, err, protocol.CodeInvalidRequest)
			if !errors.Is(err, errCut) {
				t.Fatal(err)
			}
		} else if share.State == protocol.Available {
			break
		}
	}
	b.wantComplete(t, data)
}

func TestWrongOffsetChangesNothing(t *testing.T) {
	b := newBench(t, 10)
	if _, err := b.append(0, bytes.NewReader([]byte("12345"))); err != nil {
		t.Fatal(err)
	}
	for _, offset := range []int64{0, 4, 6, 10} {
		_, err := b.append(offset, bytes.NewReader([]byte("xxxxx")))
		wantCode(t, err, protocol.CodeOffsetMismatch)
	}
	if _, err := b.append(5, bytes.NewReader([]byte("67890"))); err != nil {
		t.Fatal(err)
	}
	b.wantComplete(t, []byte("1234567890"))
	share, err := b.append(10, bytes.NewReader(nil)) // the answer got lost
	if err != nil || share.Offset != 10 {
		t.Fatalf("a repeated last append: offset %d, %v", share.Offset, err)
	}
	b.wantComplete(t, []byte("1234567890"))
}

func TestBodyBeyondTheLength(t *testing.T) {
	b := newBench(t, 4)
	_, err := b.Append(context.Background(), upload.Append{ID: b.id, Body: bytes.NewReader(random(5)), BodyLength: 5})
	wantCode(t, err, protocol.CodeRequestTooLarge)
	if share, err := b.Offset(context.Background(), b.id); err != nil || share.Offset != 0 {
		t.Fatalf("a refused body left offset %d, %v", share.Offset, err)
	}
	if _, err := b.append(0, bytes.NewReader([]byte("1234and more"))); err != nil {
		t.Fatal(err)
	}
	b.wantComplete(t, []byte("1234"))
}

func TestDeferredLength(t *testing.T) {
	b := newBench(t, -1)
	ctx := context.Background()
	if _, err := b.append(0, bytes.NewReader([]byte("123"))); err != nil {
		t.Fatal(err)
	}
	set := func(n int64, offset int64, body string) error {
		_, err := b.Append(ctx, upload.Append{ID: b.id, Offset: offset, Length: &n, Body: bytes.NewReader([]byte(body)), BodyLength: int64(len(body))})
		return err
	}
	wantCode(t, set(2, 3, ""), protocol.CodeLengthMismatch)
	wantCode(t, set(1<<40, 3, ""), protocol.CodeFileTooLarge)
	if err := set(6, 3, "4"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, set(7, 4, "5"), protocol.CodeLengthMismatch)
	if err := set(6, 4, "56"); err != nil {
		t.Fatal(err)
	}
	b.wantComplete(t, []byte("123456"))
}

func TestChecksum(t *testing.T) {
	b := newBench(t, 10)
	ctx := context.Background()
	send := func(offset int64, body string, digest []byte, algorithm string) error {
		checksum, err := upload.NewChecksum(algorithm, digest)
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.Append(ctx, upload.Append{ID: b.id, Offset: offset, Body: bytes.NewReader([]byte(body)), BodyLength: -1, Checksum: checksum})
		return err
	}
	sum1, sum256 := sha1.Sum([]byte("12345")), sha256.Sum256([]byte("67890"))
	if err := send(0, "12345", sum1[:], "sha1"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, send(5, "6789x", sum256[:], "sha256"), protocol.CodeChecksumMismatch)
	if share, err := b.Offset(ctx, b.id); err != nil || share.Offset != 5 {
		t.Fatalf("after a mismatch the offset is %d, %v", share.Offset, err)
	}
	if err := send(5, "67890", sum256[:], "sha256"); err != nil {
		t.Fatal(err)
	}
	b.wantComplete(t, []byte("1234567890"))
}

func TestChecksumInterruptedIsDiscardedEvenByANewProcess(t *testing.T) {
	b := newBench(t, 10)
	sum := sha256.Sum256([]byte("1234567890"))
	checksum, err := upload.NewChecksum("sha256", sum[:])
	if err != nil {
		t.Fatal(err)
	}
	// The process dies while the bytes are on the disk and unverified: the
	// copy of the records is what it leaves.
	var left *records
	body := &hookReader{Reader: bytes.NewReader([]byte("12345")), hook: func() { left = b.records.snapshot() }}
	_, err = b.Append(context.Background(), upload.Append{ID: b.id, Body: io.MultiReader(body, &cutReader{}), BodyLength: -1, Checksum: checksum})
	if !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	if share, err := b.Offset(context.Background(), b.id); err != nil || share.Offset != 0 {
		t.Fatalf("in the same process the offset is %d, %v", share.Offset, err)
	}
	writer, err := b.blobs.Write(context.Background(), blob.Key(b.id), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write([]byte("12345")); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	b.records = left
	b.restart(boot)
	if share, err := b.Offset(context.Background(), b.id); err != nil || share.Offset != 0 {
		t.Fatalf("in a new process the offset is %d, %v", share.Offset, err)
	}
}

// hookReader calls hook when its end is reached.
type hookReader struct {
	io.Reader
	hook func()
}

func (h *hookReader) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if err == io.EOF {
		h.hook()
	}
	return n, err
}
