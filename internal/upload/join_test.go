package upload_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/blob/memblob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

func printIDs(ids []protocol.ShareID) string {
	var text strings.Builder
	text.WriteString("final;")
	for _, id := range ids {
		text.WriteString(" " + string(id))
	}
	return text.String()
}

// split splits the bench's upload and closes the service at the end of the test.
func (b *bench) split(t *testing.T, n int) (from int64, parts []store.Share) {
	t.Helper()
	t.Cleanup(func() { b.Close() })
	from, parts, err := b.Split(context.Background(), b.id, n, printIDs)
	if err != nil || len(parts) != n {
		t.Fatalf("split in %d parts, %v", len(parts), err)
	}
	return from, parts
}

// send appends to a part what it lacks of data, cut off after so many bytes; 0 is
// not cut off.
func (b *bench) send(part protocol.ShareID, data []byte, cut int) (store.Share, error) {
	share, err := b.Offset(context.Background(), part)
	if err != nil {
		return share, err
	}
	a := upload.Append{ID: part, Offset: share.Offset, Body: bytes.NewReader(data[share.Offset:]), BodyLength: -1}
	if cut > 0 {
		a.Body = &cutReader{bytes.NewReader(data[share.Offset:]), cut}
	}
	return b.Append(context.Background(), a)
}

// pieces cuts data as the parts are cut.
func pieces(data []byte, from int64, parts []store.Share) map[protocol.ShareID][]byte {
	all := make(map[protocol.ShareID][]byte)
	for _, part := range parts {
		all[part.ID] = data[from : from+*part.Size]
		from += *part.Size
	}
	return all
}

// dies lets the process die and a new one start on the same records and bytes.
func (b *bench) dies(t *testing.T, boot string) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b.restart(boot)
}

// TestPartsBecomeOneFile sends parts side by side, cut off wherever they may be,
// and followed from the first byte on.
func TestPartsBecomeOneFile(t *testing.T) {
	const length = 5<<20 + 13
	data := random(length)
	b := newBench(t, length)
	if _, err := b.append(0, bytes.NewReader(data[:100_000])); err != nil {
		t.Fatal(err)
	}
	from, parts := b.split(t, 7)
	if from != 100_000 {
		t.Fatalf("the parts begin at %d", from)
	}
	var group sync.WaitGroup
	group.Go(func() {
		got, err := b.follower(t.Context())
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("a follower got %d bytes, equal %v, %v", len(got), bytes.Equal(got, data), err)
		}
	})
	for id, piece := range pieces(data, from, parts) {
		source := rand.New(rand.NewPCG(1, uint64(len(piece))))
		group.Go(func() {
			for done := false; !done; {
				share, err := b.send(id, piece, 1+source.IntN(len(piece)/2))
				if err != nil && protocol.CodeOf(err) != protocol.CodeInvalidRequest {
					t.Error(err)
					return
				}
				done = share.Offset == *share.Size
			}
		})
	}
	group.Wait()
	if err := b.Join(t.Context(), b.id); err != nil {
		t.Fatal(err)
	}
	b.wantComplete(t, data)
	for _, part := range parts {
		share, err := b.Offset(t.Context(), part.ID)
		if err != nil || share.Offset != *share.Size || share.State != protocol.Expired {
			t.Errorf("a part is %s at %d of %d, %v", share.State, share.Offset, *share.Size, err)
		}
		if _, err := b.blobs.OpenStaged(t.Context(), blob.Key(part.ID)); part.ID != parts[6].ID && !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("the bytes of a part are kept twice: %v", err)
		}
	}
}

// TestPartsSurviveTheirProcess: what a process has left, of parts and of the
// share, is joined by its successor, of this boot or another.
func TestPartsSurviveTheirProcess(t *testing.T) {
	for name, next := range map[string]string{"of the same boot": boot, "of another boot": "another-boot"} {
		t.Run(name, func(t *testing.T) {
			const length = 3 << 20
			data := random(length)
			b := newBench(t, length)
			from, parts := b.split(t, 3)
			of := pieces(data, from, parts)
			for i, cut := range []int{0, 300_000, 0} { // the second lacks bytes
				b.send(parts[i].ID, of[parts[i].ID], cut)
			}
			b.dies(t, next)
			if err := b.Finish(t.Context(), b.id); err != nil {
				t.Fatal(err)
			}
			if whole, _ := b.records.Share(t.Context(), b.id); whole.Offset < length/3 || whole.State != protocol.Uploading {
				t.Errorf("what was there is not joined: %s at %d", whole.State, whole.Offset)
			}
			if _, err := b.send(parts[1].ID, of[parts[1].ID], 0); err != nil {
				t.Fatal(err)
			}
			if err := b.Join(t.Context(), b.id); err != nil {
				t.Fatal(err)
			}
			b.wantComplete(t, data)
		})
	}
}

// TestAPartThatIsLostEndsItsShare: nobody gets bytes that nobody has sent.
func TestAPartThatIsLostEndsItsShare(t *testing.T) {
	for name, lose := range map[string]func(*bench, blob.Key){
		"gone": func(b *bench, key blob.Key) { b.blobs.Remove(context.Background(), key) },
		"changed": func(b *bench, key blob.Key) {
			w, _ := b.blobs.Write(context.Background(), key, 0)
			w.Write(make([]byte, 1<<20))
			w.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			const length = 2 << 20
			data := random(length)
			b := newBench(t, length)
			from, parts := b.split(t, 2)
			if _, err := b.send(parts[0].ID, data[:1<<20], 1<<19); err == nil {
				t.Fatal("nothing was cut off")
			}
			if _, err := b.send(parts[1].ID, data[from+1<<20:], 0); err != nil {
				t.Fatal(err)
			}
			b.dies(t, "another-boot")
			lose(b, blob.Key(parts[1].ID))
			b.send(parts[0].ID, data[:1<<20], 0)
			wantCode(t, b.Join(t.Context(), b.id), protocol.CodeShareEnded)
			whole, _ := b.records.Share(t.Context(), b.id)
			if whole.State != protocol.Failed || whole.Reason != string(protocol.CodeStorageFailed) {
				t.Errorf("the share is %s, %s", whole.State, whole.Reason)
			}
		})
	}
}

// TestAFullDiskEndsNoJoin: when there is room again, it goes on.
func TestAFullDiskEndsNoJoin(t *testing.T) {
	data := random(1 << 20)
	b := newBench(t, 1<<20)
	from, parts := b.split(t, 2)
	if _, err := b.send(parts[1].ID, data[from+*parts[0].Size:], 0); err != nil {
		t.Fatal(err)
	}
	b.records.before = func(change string) error {
		if change == "end part" {
			b.blobs.Fail(memblob.Faults{Write: blob.ErrFull})
		}
		return nil
	}
	if _, err := b.send(parts[0].ID, data[:*parts[0].Size], 0); err != nil {
		t.Fatal(err)
	}
	wantCode(t, b.Join(t.Context(), b.id), protocol.CodeStorageFull)
	b.records.before = nil
	b.blobs.Fail(memblob.Faults{})
	if err := b.Join(t.Context(), b.id); err != nil {
		t.Fatal(err)
	}
	b.wantComplete(t, data)
}

// TestACancelExcludesTheJoin: a share that ends while its joiner waits, or works,
// is never completed.
func TestACancelExcludesTheJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := random(1 << 20)
		b := newBench(t, 1<<20)
		_, parts := b.split(t, 2)
		body := newStalledBody(data[:1000])
		sender := make(chan error, 1)
		go func() {
			_, err := b.Append(context.Background(), upload.Append{ID: parts[0].ID, Body: body, BodyLength: -1, Yield: body.yield})
			sender <- err
		}()
		synctest.Wait()
		if _, err := b.records.End(t.Context(), b.id, protocol.Cancelled, "", time.Now()); err != nil {
			t.Fatal(err)
		}
		for _, id := range []protocol.ShareID{b.id, parts[0].ID, parts[1].ID} {
			if err := b.Interrupt(t.Context(), id); err != nil {
				t.Error(err)
			}
		}
		wantCode(t, <-sender, protocol.CodeShareEnded)
		_, err := b.send(parts[1].ID, data[1<<19:], 0)
		wantCode(t, err, protocol.CodeShareEnded)
		wantCode(t, b.Join(t.Context(), b.id), protocol.CodeShareEnded)
		if b.Active(b.id) || b.records.completions != 0 {
			t.Error("the joiner goes on")
		}
	})
}

// TestAWaitingJoinerGivesUp: without a sender nothing is held, and the next
// append wakes it.
func TestAWaitingJoinerGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := random(1 << 20)
		b := newBench(t, 1<<20)
		from, parts := b.split(t, 2)
		wantCode(t, b.Join(t.Context(), b.id), protocol.CodeUploadStalled)
		if b.Active(b.id) {
			t.Error("the share is held")
		}
		for id, piece := range pieces(data, from, parts) {
			if _, err := b.send(id, piece, 0); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		b.wantComplete(t, data)
		b.Close()
		wantCode(t, b.Join(t.Context(), b.id), protocol.CodeUnavailable)
	})
}

// takenBlobs calls before each time that a staged blob is about to be opened.
type takenBlobs struct {
	*memblob.Store
	before func(key blob.Key)
}

func (b *takenBlobs) OpenStaged(ctx context.Context, key blob.Key) (blob.Reader, error) {
	b.before(key)
	return b.Store.OpenStaged(ctx, key)
}

// TestAPartThatIsJoinedMeanwhileIsNotLost asks for the offset of a part while the
// joiner takes its bytes: between the record and the bytes of one look.
func TestAPartThatIsJoinedMeanwhileIsNotLost(t *testing.T) {
	data := random(1 << 20)
	b := newBench(t, 1<<20)
	from, parts := b.split(t, 2)
	first := parts[0]
	if _, err := b.send(first.ID, pieces(data, from, parts)[first.ID], 0); err != nil {
		t.Fatal(err)
	}
	b.Close()
	taken := store.Share{Share: first.Share, PartOf: b.id, Concat: first.Concat}
	taken.Offset = *first.Size
	blobs := &takenBlobs{b.blobs, func(key blob.Key) {
		taken.State = protocol.Expired
		b.records.put(taken)
		b.blobs.Remove(t.Context(), key)
	}}
	service := upload.New(upload.Config{Records: b.records, Parts: b.records, Blobs: blobs, Boot: boot})
	taken.State = protocol.Uploading
	b.records.put(taken)
	share, err := service.Offset(t.Context(), first.ID)
	if err != nil || share.Offset != *first.Size {
		t.Errorf("a part that was joined is at %d, %v", share.Offset, err)
	}
}

// TestTheLastBytesOfAPartAreJoinedUnrecorded: a process died when the bytes of all
// parts were written, and the offset of the last one was not recorded. Nothing more
// comes of it, for its sender is told that it is whole.
func TestTheLastBytesOfAPartAreJoinedUnrecorded(t *testing.T) {
	for name, look := range map[string]func(*testing.T, *bench, protocol.ShareID) error{
		"its sender asks for its offset": func(t *testing.T, b *bench, part protocol.ShareID) error {
			_, err := b.Offset(t.Context(), part)
			return err
		},
		"the server starts": func(t *testing.T, b *bench, _ protocol.ShareID) error { return b.Finish(t.Context(), b.id) },
	} {
		synctest.Test(t, func(t *testing.T) {
			data := random(1 << 20)
			b := newBench(t, 1<<20)
			from, parts := b.split(t, 2)
			if _, err := b.send(parts[0].ID, pieces(data, from, parts)[parts[0].ID], 0); err != nil {
				t.Fatal(err)
			}
			b.dies(t, boot)
			w, err := b.blobs.Write(t.Context(), blob.Key(parts[1].ID), 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(pieces(data, from, parts)[parts[1].ID]); err != nil {
				t.Fatal(err)
			}
			w.Close()
			if err := look(t, b, parts[1].ID); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			synctest.Wait()
			b.wantComplete(t, data)
		})
	}
}
