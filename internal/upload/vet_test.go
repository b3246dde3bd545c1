package upload_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

// newVetted is newBench of a share that must be vetted.
func newVetted(t *testing.T, length int64, dialect string) *bench {
	t.Helper()
	b := newBench(t, length)
	share := b.records.shares[b.id]
	share.Vet, share.Dialect = true, dialect
	b.records.shares[b.id] = share
	return b
}

// way is one by which bytes come.
type way struct {
	name    string
	dialect string
	length  int64 // -1 if it is not said before
	pieces  []int // what the appends have
	last    bool  // marks the end with the last piece, and by an empty append if not
}

func (b *bench) bring(w way, data []byte) (share store.Share, err error) {
	at := 0
	for i, n := range w.pieces {
		body := iotest.HalfReader(bytes.NewReader(data[at : at+n]))
		a := upload.Append{ID: b.id, Offset: int64(at), Body: body, BodyLength: -1, Last: w.last && i == len(w.pieces)-1}
		if share, err = b.Append(context.Background(), a); err != nil {
			return share, err
		}
		at += n
	}
	if w.dialect == store.DialectIETF && !w.last {
		return b.Append(context.Background(), upload.Append{ID: b.id, Offset: int64(at), Last: true})
	}
	if w.length < 0 && w.dialect == "" {
		length := int64(at)
		return b.Append(context.Background(), upload.Append{ID: b.id, Offset: length, Length: &length, Body: bytes.NewReader(nil)})
	}
	return share, err
}

var ways = []way{
	{"whole", "", 1000, []int{1000}, false},
	{"whole and long", "", 10000, []int{10000}, false},
	{"exactly what is looked at", "", upload.HeadBytes, []int{upload.HeadBytes}, false},
	{"bit by bit", "", 1000, []int{1, 300, 699}, false},
	{"bit by bit, and long", "", 10000, []int{1, 300, 2770, 1, 6928}, false},
	{"of a length that is said at the end", "", -1, []int{500, 500}, false},
	{"long, of a length that is said at the end", "", -1, []int{500, 9500}, false},
	{"marked", store.DialectIETF, 1000, []int{1000}, true},
	{"marked, of no length", store.DialectIETF, -1, []int{1000}, true},
	{"marked, bit by bit", store.DialectIETF, -1, []int{500, 500}, true},
	{"marked at last", store.DialectIETF, 1000, []int{400, 600}, false},
	{"marked at last, of no length", store.DialectIETF, -1, []int{400, 600}, false},
	{"marked and long", store.DialectIETF, -1, []int{400, 9600}, true},
}

// TestEveryFileIsVettedByItsFirstBytes: once there are enough of them, and never by
// fewer.
func TestEveryFileIsVettedByItsFirstBytes(t *testing.T) {
	for _, w := range ways {
		total := 0
		for _, n := range w.pieces {
			total += n
		}
		data := random(total)
		b := newVetted(t, w.length, w.dialect)
		share, err := b.bring(w, data)
		if err != nil || share.State != protocol.Available || !bytes.Equal(b.stored(t), data) {
			t.Fatalf("%s: %s, %v", w.name, share.State, err)
		}
		if len(b.vetted) != 1 || !bytes.Equal(b.vetted[0], data[:min(total, upload.HeadBytes)]) {
			t.Errorf("%s: it was asked about %d times", w.name, len(b.vetted))
		}
	}
}

// TestARefusedFileEndsUnread: whatever way it comes, it has failed, nothing more is
// taken of it, and who followed it was given none of it.
func TestARefusedFileEndsUnread(t *testing.T) {
	for _, w := range ways {
		total := 0
		for _, n := range w.pieces {
			total += n
		}
		b := newVetted(t, w.length, w.dialect)
		b.refusal = protocol.NewError(protocol.CodeTypeNotAllowed, "no")
		following := make(chan error)
		go func() {
			got, err := b.follower(t.Context())
			if len(got) > 0 {
				t.Errorf("%s: a follower got %d bytes", w.name, len(got))
			}
			following <- err
		}()
		share, err := b.bring(w, random(total))
		wantCode(t, err, protocol.CodeTypeNotAllowed)
		wantCode(t, <-following, protocol.CodeShareEnded)
		if share.State != protocol.Failed || share.Reason != string(protocol.CodeTypeNotAllowed) {
			t.Errorf("%s: it is %s for %q", w.name, share.State, share.Reason)
		}
		_, err = b.append(share.Offset, bytes.NewReader([]byte("more")))
		wantCode(t, err, protocol.CodeShareEnded)
	}
}

// TestWhatIsTooLittleToTellIsKept: a body that breaks off early, and a fault of who is
// asked, lose nothing.
func TestWhatIsTooLittleToTellIsKept(t *testing.T) {
	b, data := newVetted(t, 10000, ""), random(10000)
	broken := errors.New("the client hung up")
	share, err := b.append(0, io.MultiReader(bytes.NewReader(data[:700]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || share.Offset != 700 || len(b.vetted) != 0 {
		t.Fatalf("%d bytes are kept, %v", share.Offset, err)
	}
	b.refusal = errors.New("the records cannot be read")
	if _, err = b.append(700, bytes.NewReader(data[700:])); !errors.Is(err, b.refusal) {
		t.Fatal(err)
	}
	b.refusal = nil
	share, err = b.append(700, bytes.NewReader(data[700:]))
	if err != nil || share.State != protocol.Available || !bytes.Equal(b.stored(t), data) {
		t.Errorf("%s, %v", share.State, err)
	}
}

// TestADepositIsVettedBeforeItIsKept: one that is refused was never there.
func TestADepositIsVettedBeforeItIsKept(t *testing.T) {
	for _, size := range []int{10, 5000} {
		b, data := newVetted(t, 0, ""), random(size)
		b.refusal = protocol.NewError(protocol.CodeTypeNotAllowed, "no")
		_, err := b.deposit(int64(size), bytes.NewReader(data))
		wantCode(t, err, protocol.CodeTypeNotAllowed)
		if _, err := b.blobs.Open(t.Context(), blob.Key(b.id)); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("bytes are kept: %v", err)
		}
		if !bytes.Equal(b.vetted[0], data[:min(size, upload.HeadBytes)]) {
			t.Error("it was asked about other bytes")
		}
	}
}
