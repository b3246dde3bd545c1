package upload_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

// stalledBody gives some bytes and then nothing until it is made to yield.
type stalledBody struct {
	io.Reader
	yielded chan struct{}
	once    sync.Once
}

func newStalledBody(data []byte) *stalledBody {
	return &stalledBody{Reader: bytes.NewReader(data), yielded: make(chan struct{})}
}

func (s *stalledBody) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err == io.EOF {
		<-s.yielded
		return n, protocol.NewError(protocol.CodeUploadPreempted, "")
	}
	return n, err
}

func (s *stalledBody) yield() { s.once.Do(func() { close(s.yielded) }) }

func TestANewRequestTakesOverAStalledOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 10)
		body := newStalledBody([]byte("12345"))
		stalled := make(chan error, 1)
		go func() {
			_, err := b.Append(context.Background(), upload.Append{ID: b.id, Body: body, BodyLength: -1, Yield: body.yield})
			stalled <- err
		}()
		synctest.Wait()
		began := time.Now()
		share, err := b.Offset(context.Background(), b.id)
		if err != nil || share.Offset != 5 {
			t.Fatalf("after the takeover the offset is %d, %v", share.Offset, err)
		}
		if waited := time.Since(began); waited >= time.Second {
			t.Errorf("the takeover took %v", waited)
		}
		wantCode(t, <-stalled, protocol.CodeUploadPreempted)
		if _, err := b.append(5, bytes.NewReader([]byte("67890"))); err != nil {
			t.Fatal(err)
		}
		b.wantComplete(t, []byte("1234567890"))
	})
}

func TestAHolderThatDoesNotLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 10)
		body := newStalledBody([]byte("12345"))
		done := make(chan error, 1)
		go func() {
			_, err := b.Append(context.Background(), upload.Append{ID: b.id, Body: body, BodyLength: -1})
			done <- err
		}()
		synctest.Wait()
		_, err := b.Offset(context.Background(), b.id)
		wantCode(t, err, protocol.CodeUploadBusy)
		body.yield()
		<-done
	})
}

// TestCancelExcludesComplete races the end of a share against its last append.
func TestCancelExcludesComplete(t *testing.T) {
	for range 500 {
		b := newBench(t, 4)
		var group sync.WaitGroup
		var endErr error
		group.Go(func() {
			_, endErr = b.records.End(context.Background(), b.id, protocol.Cancelled, "", time.Now())
		})
		share, err := b.append(0, bytes.NewReader([]byte("1234")))
		group.Wait()
		final, readErr := b.records.Share(context.Background(), b.id)
		if readErr != nil {
			t.Fatal(readErr)
		}
		switch {
		case err == nil && share.State == protocol.Available && final.State == protocol.Available && errors.Is(endErr, store.ErrConflict):
		case protocol.CodeOf(err) == protocol.CodeShareEnded && final.State == protocol.Cancelled && endErr == nil:
		default:
			t.Fatalf("the append said %s, %v; the end said %v; the record says %s", share.State, err, endErr, final.State)
		}
	}
}

func TestBytesOfADeadProcessAreKept(t *testing.T) {
	data := random(3 << 20)
	b := newBench(t, int64(len(data)))
	writer, err := b.blobs.Write(context.Background(), blob.Key(b.id), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write(data[:1<<20]); err != nil { // written, never recorded
		t.Fatal(err)
	}
	writer.Close()

	b.restart(boot)
	share, err := b.Offset(context.Background(), b.id)
	if err != nil || share.Offset != 1<<20 {
		t.Fatalf("the offset is %d, %v", share.Offset, err)
	}
	if _, err := b.append(1<<20, bytes.NewReader(data[1<<20:])); err != nil {
		t.Fatal(err)
	}
	b.wantComplete(t, data)
}

func TestBytesOfAnotherBootAreReadAgain(t *testing.T) {
	data := random(2 << 20)
	b := newBench(t, int64(len(data)))
	if _, err := b.append(0, bytes.NewReader(data[:1<<20])); err != nil {
		t.Fatal(err)
	}
	b.restart("another-boot")
	share, err := b.Offset(context.Background(), b.id)
	if err != nil || share.Offset != 1<<20 {
		t.Fatalf("the offset is %d, %v", share.Offset, err)
	}
	if _, err := b.append(share.Offset, bytes.NewReader(data[1<<20:])); err != nil {
		t.Fatal(err)
	}
	b.wantComplete(t, data)
}

func TestLostBytesEndTheUpload(t *testing.T) {
	lose := map[string]func(t *testing.T, b *bench){
		"all of them": func(t *testing.T, b *bench) {
			if err := b.blobs.Remove(context.Background(), blob.Key(b.id)); err != nil {
				t.Fatal(err)
			}
		},
		"the last ones": func(t *testing.T, b *bench) { rewrite(t, b, random(100)) },
		"some of them":  func(t *testing.T, b *bench) { rewrite(t, b, make([]byte, 1<<20)) },
	}
	for name, damage := range lose {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 2<<20)
			if _, err := b.append(0, bytes.NewReader(random(1<<20))); err != nil {
				t.Fatal(err)
			}
			damage(t, b)
			b.restart("another-boot")
			_, err := b.Offset(context.Background(), b.id)
			wantCode(t, err, protocol.CodeShareEnded)
			share, err := b.records.Share(context.Background(), b.id)
			if err != nil || share.State != protocol.Failed || share.Reason != string(protocol.CodeStorageFailed) {
				t.Errorf("the record says %s, %q, %v", share.State, share.Reason, err)
			}
		})
	}
}

// TestAFollowerGetsNothingThatAPowerCutTook: whether the sender has come back or
// not.
func TestAFollowerGetsNothingThatAPowerCutTook(t *testing.T) {
	for name, lost := range map[string]bool{"lost": true, "kept": false} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 2<<20)
			if _, err := b.append(0, bytes.NewReader(random(1<<20))); err != nil {
				t.Fatal(err)
			}
			if lost {
				rewrite(t, b, make([]byte, 1<<20))
			}
			b.restart("another-boot")
			n, _, err := b.Follow(context.Background(), b.id, 0)
			if lost {
				wantCode(t, err, protocol.CodeShareEnded)
			} else if err != nil || n != 1<<20 {
				t.Errorf("%d bytes may be read, %v", n, err)
			}
		})
	}
}

func rewrite(t *testing.T, b *bench, data []byte) {
	t.Helper()
	writer, err := b.blobs.Write(context.Background(), blob.Key(b.id), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if _, err := writer.Write(data); err != nil {
		t.Fatal(err)
	}
}

// commit leaves a file in its final place, without a record of it.
func commit(t *testing.T, b *bench, data []byte) {
	t.Helper()
	writer, err := b.blobs.Write(context.Background(), blob.Key(b.id), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := writer.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// TestCompletionIsFinishedAfterDeath stops the process at each step between
// the last byte and the record.
func TestCompletionIsFinishedAfterDeath(t *testing.T) {
	data := random(300 << 10)
	for _, step := range []string{"before the commit", "before the record"} {
		t.Run(step, func(t *testing.T) {
			b := newBench(t, int64(len(data)))
			died := errors.New("the process died here")
			if step == "before the commit" {
				writer, err := b.blobs.Write(context.Background(), blob.Key(b.id), 0)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := writer.Write(data); err != nil {
					t.Fatal(err)
				}
				writer.Close()
			} else {
				b.records.before = func(change string) error {
					if change == "complete" {
						return died
					}
					return nil
				}
				if _, err := b.append(0, bytes.NewReader(data)); !errors.Is(err, died) {
					t.Fatal(err)
				}
			}
			b.restart(boot)
			if err := b.Finish(context.Background(), b.id); err != nil {
				t.Fatal(err)
			}
			b.wantComplete(t, data)
		})
	}
}

// settling is a store of blobs that says when one is settled.
type settling struct {
	upload.Blobs
	note func(string)
	err  error
}

func (s settling) Settle(ctx context.Context, key blob.Key) error {
	s.note("settle")
	return errors.Join(s.err, s.Blobs.Settle(ctx, key))
}

// TestNoRecordBeforeTheFileIsSettled finds a committed file whose process died:
// its name may not survive a power cut yet, so the record must wait for it.
func TestNoRecordBeforeTheFileIsSettled(t *testing.T) {
	for name, settleErr := range map[string]error{"settled": nil, "the disk fails": errors.Join(blob.ErrLost, blob.ErrPoisoned)} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 10)
			commit(t, b, []byte("1234567890"))
			b.restart(boot)
			var steps []string
			note := func(step string) { steps = append(steps, step) }
			b.Blobs = settling{Blobs: b.blobs, note: note, err: settleErr}
			b.records.before = func(change string) error {
				note(change)
				return nil
			}
			share, err := b.Offset(context.Background(), b.id)
			want := []string{"checkpoint", "settle", "complete"}
			if settleErr != nil {
				want = []string{"checkpoint", "settle", "end"}
			}
			if !slices.Equal(steps, want) {
				t.Errorf("the steps are %q, want %q", steps, want)
			}
			if settleErr != nil {
				wantCode(t, err, protocol.CodeShareEnded)
			} else if err != nil || share.State != protocol.Available {
				t.Errorf("the share is %s, %v", share.State, err)
			}
		})
	}
}

// TestRefusedBytesStayRefused asks for the offset as every client does, again
// and again: what the first answer did not acknowledge, no later one may.
func TestRefusedBytesStayRefused(t *testing.T) {
	ctx := context.Background()
	for name, run := range map[string]string{"a checksummed append died": "", "another boot": "another-boot"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 10)
			writer, err := b.blobs.Write(ctx, blob.Key(b.id), 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := writer.Write([]byte("XXXXX")); err != nil { // never acknowledged
				t.Fatal(err)
			}
			writer.Close()
			if err := b.records.Checkpoint(ctx, b.id, store.Checkpoint{Run: run}, time.Now()); err != nil {
				t.Fatal(err)
			}
			b.restart(boot)
			for range 3 {
				if share, err := b.Offset(ctx, b.id); err != nil || share.Offset != 0 {
					t.Fatalf("the offset is %d, %v", share.Offset, err)
				}
			}
			if _, err := b.append(0, bytes.NewReader([]byte("1234567890"))); err != nil {
				t.Fatal(err)
			}
			b.wantComplete(t, []byte("1234567890"))
		})
	}
}

// TestCommittedBytesOfAnotherBootComplete finds a file that was synced before
// the machine died, and a record that was not.
func TestCommittedBytesOfAnotherBootComplete(t *testing.T) {
	ctx := context.Background()
	b := newBench(t, 10)
	commit(t, b, []byte("1234567890"))
	b.restart("another-boot")
	if share, err := b.Offset(ctx, b.id); err != nil || share.State != protocol.Available {
		t.Fatalf("the share is %s, %v", share.State, err)
	}
	b.wantComplete(t, []byte("1234567890"))
}

// TestWhatAPowerCutMayHaveTakenIsNotBelieved finds a committed file without a
// record: where commits are synced before they return it is whole, where they are
// synced later nobody knows.
func TestWhatAPowerCutMayHaveTakenIsNotBelieved(t *testing.T) {
	for name, c := range map[string]struct {
		before, now string
		want        protocol.ShareState
	}{
		"synced at once":                {"boot-1", "boot-2~", protocol.Available},
		"synced later, a killed server": {"boot-1~", "boot-1~", protocol.Available},
		"the same, and synced now":      {"boot-1~", "boot-1", protocol.Available},
		"synced later, a power cut":     {"boot-1~", "boot-2~", protocol.Failed},
		"the same, and synced now too":  {"boot-1~", "boot-2", protocol.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 10)
			b.records.mu.Lock()
			share := b.records.shares[b.id]
			share.Checkpoint.Run = c.before
			b.records.shares[b.id] = share
			b.records.mu.Unlock()
			commit(t, b, []byte("1234567890"))
			b.restart(c.now)
			_, err := b.Offset(context.Background(), b.id)
			share, _ = b.records.Share(context.Background(), b.id)
			if share.State != c.want || (err == nil) != (c.want == protocol.Available) {
				t.Errorf("the share is %s, %v", share.State, err)
			}
		})
	}
}

// TestARecordSaysBeforeTheCommitThatItIsSyncedLater: also that of an upload which
// a server began that synced at once.
func TestARecordSaysBeforeTheCommitThatItIsSyncedLater(t *testing.T) {
	b := newBench(t, 10)
	b.restart(boot + store.SyncedLater)
	said := false
	b.records.before = func(change string) error {
		share, err := b.records.Share(context.Background(), b.id)
		said = change == "complete" && share.Checkpoint.SyncedLater()
		return err
	}
	if _, err := b.append(0, strings.NewReader("1234567890")); err != nil || !said {
		t.Errorf("it said so: %v, %v", said, err)
	}
}
