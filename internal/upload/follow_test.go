package upload_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

// follower downloads an upload while it grows, as a share's content does.
func (b *bench) follower(ctx context.Context) (got []byte, err error) {
	var from blob.Reader
	for {
		readable, all, err := b.Follow(ctx, b.id, int64(len(got)))
		if err != nil {
			return got, err
		}
		if from == nil {
			from, err = b.blobs.OpenStaged(ctx, blob.Key(b.id))
			if errors.Is(err, blob.ErrNotFound) {
				from, err = b.blobs.Open(ctx, blob.Key(b.id))
			}
			if err != nil {
				return got, err
			}
		}
		part, err := io.ReadAll(io.NewSectionReader(from, int64(len(got)), readable-int64(len(got))))
		if got = append(got, part...); err != nil || all {
			return got, err
		}
	}
}

// TestFollowersGetTheBytesOfEveryCut interrupts a sender wherever it may be, and
// lets followers begin at any time: all end with the bytes of the sender.
func TestFollowersGetTheBytesOfEveryCut(t *testing.T) {
	const length = 3<<20 + 17
	data := random(length)
	b := newBench(t, length)
	var followers sync.WaitGroup
	follow := func() {
		followers.Go(func() {
			got, err := b.follower(t.Context())
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("a follower got %d bytes, equal %v, %v", len(got), bytes.Equal(got, data), err)
			}
		})
	}
	source := rand.New(rand.NewPCG(1, 2))
	for offset := int64(0); offset < length; {
		follow()
		rest := &cutReader{bytes.NewReader(data[offset:]), 1 + source.IntN(length/4)}
		share, err := b.append(offset, rest)
		if err != nil && protocol.CodeOf(err) != protocol.CodeInvalidRequest {
			t.Fatal(err)
		}
		offset = share.Offset
	}
	follow() // late: all is there
	followers.Wait()
	b.wantComplete(t, data)
}

// TestAStalledSenderHidesNothing: what comes first is there to be read at once,
// and what came before a pause within 50 ms, however little it is.
func TestAStalledSenderHidesNothing(t *testing.T) {
	for name, declared := range map[string]int64{"a small body": 1000, "a large one": 1 << 20, "of unknown length": -1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, 1<<20)
				body := newStalledBody([]byte("12345"))
				body.Reader = iotest.OneByteReader(body.Reader)
				ended := make(chan struct{})
				go func() {
					b.Append(t.Context(), upload.Append{ID: b.id, Body: body, BodyLength: declared, Yield: body.yield})
					close(ended)
				}()
				sent := time.Now()
				if readable, _, err := b.Follow(t.Context(), b.id, 0); err != nil || readable < 1 || time.Since(sent) > 0 {
					t.Errorf("of what came first %d can be read after %v, %v", readable, time.Since(sent), err)
				}
				readable, all, err := b.Follow(t.Context(), b.id, 4)
				if err != nil || readable != 5 || all {
					t.Errorf("readable %d, all %v, %v", readable, all, err)
				}
				if waited := time.Since(sent); waited > 50*time.Millisecond {
					t.Errorf("a received byte was hidden for %v", waited)
				}
				body.yield()
				<-ended
			})
		})
	}
}

// TestNoFollowerSeesUnverifiedBytes: an append with a checksum shows nothing
// before its checksum agrees, and never if it differs.
func TestNoFollowerSeesUnverifiedBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 10)
		seen := make(chan int64)
		go func() {
			readable, _, err := b.Follow(t.Context(), b.id, 0)
			if err != nil {
				t.Error(err)
			}
			seen <- readable
		}()
		wrong, right := checksumOf(t, "other"), checksumOf(t, "01234")
		for _, sum := range []*upload.Checksum{wrong, right} {
			body, sender := io.Pipe()
			done := make(chan struct{})
			go func() {
				b.Append(t.Context(), upload.Append{ID: b.id, Body: body, BodyLength: 5, Checksum: sum})
				close(done)
			}()
			sender.Write([]byte("01234"))
			time.Sleep(time.Second) // in the bubble: all that could happen has happened
			select {
			case n := <-seen:
				t.Errorf("%d bytes were readable before the append was verified", n)
			default:
			}
			sender.Close()
			if sum == wrong {
				<-done
			}
		}
		if n := <-seen; n != 5 {
			t.Errorf("%d bytes are readable", n)
		}
	})
}

func checksumOf(t *testing.T, text string) *upload.Checksum {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	c, err := upload.NewChecksum("sha256", sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestHowFollowingEnds(t *testing.T) {
	ends := map[string]struct {
		end  func(*bench, context.CancelFunc)
		code protocol.Code
		wait time.Duration
	}{
		"the upload is lost": {code: protocol.CodeShareEnded, end: func(b *bench, _ context.CancelFunc) {
			b.blobs.Remove(context.Background(), blob.Key(b.id))
			b.Offset(context.Background(), b.id)
		}},
		"the server stops":       {code: protocol.CodeUnavailable, end: func(b *bench, _ context.CancelFunc) { b.Drain() }},
		"the sender stays away":  {code: protocol.CodeUploadStalled, wait: 2 * time.Minute, end: func(*bench, context.CancelFunc) {}},
		"the follower goes away": {code: protocol.CodeInternal, end: func(_ *bench, leave context.CancelFunc) { leave() }},
	}
	for name, c := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, 10)
				if _, err := b.append(0, &cutReader{bytes.NewReader([]byte("0123456789")), 5}); err == nil {
					t.Fatal("the body was not cut")
				}
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				began := time.Now()
				ended := make(chan error)
				go func() {
					_, _, err := b.Follow(ctx, b.id, 5)
					ended <- err
				}()
				synctest.Wait()
				c.end(b, leave)
				wantCode(t, <-ended, c.code)
				if waited := time.Since(began); waited != c.wait {
					t.Errorf("it ended after %v", waited)
				}
			})
		})
	}
}

// TestALateFollowerOfAStalledUploadIsToldAtOnce: it need not wait again for a
// sender that has been away for long.
func TestALateFollowerOfAStalledUploadIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 10)
		b.records.touch(b.id, time.Now().Add(-3*time.Minute))
		began := time.Now()
		_, _, err := b.Follow(t.Context(), b.id, 0)
		wantCode(t, err, protocol.CodeUploadStalled)
		if waited := time.Since(began); waited != 0 {
			t.Errorf("it waited %v", waited)
		}
	})
}
