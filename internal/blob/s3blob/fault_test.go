package s3blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
)

var background = context.Background()

func randomBytes(n int, seed byte) []byte {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(data)
	return data
}

// kept returns the bytes of a committed blob.
func kept(t *testing.T, s *Store, key blob.Key) []byte {
	t.Helper()
	r, err := s.Open(background, key)
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return data
}

// inBucket returns the names of all objects.
func inBucket(t *testing.T, s *Store) (names []string) {
	t.Helper()
	for object, err := range s.objects(background, "") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, object.Key)
	}
	return names
}

// send writes a blob in appends of random lengths, each begun again where it is flushed
// if it fails, as clients do; and commits it.
func send(s *Store, key blob.Key, data []byte, random *rand.Rand) error {
	flushed := 0
	for tries := 0; tries < 100; tries++ {
		w, err := s.Write(background, key, int64(flushed))
		if errors.Is(err, blob.ErrNotFound) && flushed > 0 {
			return nil // committed, and the answer got lost
		}
		if err != nil {
			return err
		}
		to := min(len(data), flushed+1+random.IntN(9<<20))
		if _, err = w.Write(data[flushed:to]); err == nil && to < len(data) {
			err = w.Flush(background)
		} else if err == nil {
			err = w.Commit(background)
		}
		w.Close()
		switch {
		case err == nil && to == len(data):
			return nil
		case err == nil:
			flushed = to
		case !errors.Is(err, blob.ErrUnavailable):
			return err
		}
	}
	return errors.New("it never came to an end")
}

// TestF14_TheBucketFails has one request in six fail, in every way, while blobs are
// written by several writers, joined, read and removed: each is what was written, and
// in the end there is nothing but what the manifests say.
func TestF14_TheBucketFails(t *testing.T) {
	const blobs = 9
	c := place(t)
	good := open(t, c)
	faulty := startFaulty(t, c.Endpoint, sometimes(14, 6))
	bad := faulty.through(c)
	bad.Spool, bad.Joins, bad.Patience = t.TempDir(), c.Manifest.(Joins), time.Minute
	s := open(t, bad)
	var keys [blobs]blob.Key
	var data [blobs][]byte
	removed := func(i int) bool { return i%4 == 3 }
	var all sync.WaitGroup
	for i := range blobs {
		key := blob.Key(fmt.Sprintf("sh_%d", i))
		keys[i], data[i] = key, randomBytes(1+i*i*400_000, byte(i))
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 0))
			err := send(s, key, data[i], random)
			if err == nil && i%3 == 0 {
				err = s.Put(background, key+"_put", data[i][:min(len(data[i]), 200<<10)])
			}
			if err == nil && i%2 == 0 {
				err = s.Join(background, key)
			}
			if err == nil && removed(i) {
				err = s.Remove(background, key)
			}
			if err != nil {
				t.Errorf("%s: %v", key, err)
			}
		})
	}
	all.Wait()
	var want []string
	for i, key := range keys {
		if removed(i) {
			if _, err := good.Manifest.Read(background, string(key)); !errors.Is(err, ErrNone) {
				t.Errorf("%s is not removed: %v", key, err)
			}
			continue
		}
		if !bytes.Equal(kept(t, s, key), data[i]) {
			t.Errorf("%s reads as others than the %d bytes that were written", key, len(data[i]))
		}
		listing, err := good.Manifest.Read(background, string(key))
		if err != nil {
			t.Fatal(err)
		}
		for _, segment := range listing.Segments {
			want = append(want, segment.Object)
		}
	}
	for i := 0; i < blobs; i += 3 {
		want = append(want, putName(blob.Key(fmt.Sprintf("sh_%d_put", i))))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	good.OrphanAge = -time.Minute // all are old
	if _, err := good.Collect(background); err != nil {
		t.Fatal(err)
	}
	got := inBucket(t, good)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("there are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if uploads, err := good.bucket.uploads(background, ""); err != nil || len(uploads) > 0 {
		t.Errorf("%d multipart uploads are left, %v", len(uploads), err)
	}
	for of := broken; of < kinds; of++ {
		if faulty.seen[of] == 0 {
			t.Errorf("the fault %d never happened", of)
		}
	}
}

// TestJoiningWhoseAnswersGetLost: whatever answer it is, one object has the file in the
// end, and its segments are gone.
func TestJoiningWhoseAnswersGetLost(t *testing.T) {
	for name, matches := range map[string]func(*http.Request) bool{
		"of the beginning": func(r *http.Request) bool { return r.Method == "POST" && r.URL.Query().Has("uploads") },
		"of a copy":        func(r *http.Request) bool { return r.Method == "PUT" && r.URL.Query().Has("partNumber") },
		"of the end":       func(r *http.Request) bool { return r.Method == "POST" && r.URL.Query().Has("uploadId") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var once atomic.Bool
			c := place(t)
			faulty := startFaulty(t, c.Endpoint, func(r *http.Request) fault {
				if matches(r) && once.CompareAndSwap(false, true) {
					return lost
				}
				return none
			})
			c = faulty.through(c)
			c.Joins, c.OrphanAge = c.Manifest.(Joins), -time.Minute
			s := open(t, c)
			data := randomBytes(17<<20, 3)
			if err := send(s, "sh_a", data, rand.New(rand.NewPCG(1, 2))); err != nil {
				t.Fatal(err)
			}
			r, err := s.Open(background, "sh_a") // of the segments
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			for range 2 { // a second time is no harm
				if err := s.Join(background, "sh_a"); err != nil {
					t.Fatal(err)
				}
			}
			if !once.Load() {
				t.Fatal("the fault never happened")
			}
			if _, err := s.Collect(background); err != nil {
				t.Fatal(err)
			}
			if got := inBucket(t, s); !slices.Equal(got, []string{joinedName("sh_a")}) {
				t.Errorf("there are %q", got)
			}
			if !bytes.Equal(kept(t, s, "sh_a"), data) {
				t.Error("the joined file is another")
			}
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data) {
				t.Errorf("who read the segments found %d bytes, %v", len(got), err)
			}
		})
	}
}

// TestDamagedOnItsWay: the bucket takes no bytes but those that were meant.
func TestDamagedOnItsWay(t *testing.T) {
	s := open(t, place(t))
	s.bucket.patience = 10 * time.Millisecond
	if err := s.bucket.put(background, putName("sh_a"), bytes.NewReader([]byte("0123")), 4, 1); err == nil {
		t.Error("bytes of another checksum were taken")
	}
	if err := s.bucket.head(background, putName("sh_a")); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("they are there: %v", err)
	}
}

// TestTheManifestDoesNotAnswer: what it may have taken is not removed.
func TestTheManifestDoesNotAnswer(t *testing.T) {
	c := place(t)
	records := c.Manifest.(*manifests)
	s := open(t, c)
	w, err := s.Write(background, "sh_a", 0)
	if err != nil {
		t.Fatal(err)
	}
	silent := errors.New("the answer got lost")
	records.after = func(string) error { return silent }
	if _, err := w.Write([]byte("0123")); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(background); !errors.Is(err, silent) {
		t.Errorf("flushing: %v", err)
	}
	w.Close()
	records.after = nil
	if w, err = s.Write(background, "sh_a", 4); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("4567")); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(background); err != nil {
		t.Fatal(err)
	}
	if got := kept(t, s, "sh_a"); string(got) != "01234567" {
		t.Errorf("there is %q", got)
	}
}

// TestAFullSpool: who has no place is told so, and the others go on.
func TestAFullSpool(t *testing.T) {
	c := place(t)
	c.SpoolBytes = leastSegment
	s := open(t, c)
	first, err := s.Write(background, "sh_first", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Write([]byte("0")); err != nil {
		t.Fatal(err)
	}
	waiting, cancel := context.WithTimeout(background, 10*time.Millisecond)
	defer cancel()
	if err := s.spool.take(waiting, leastSegment, true); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second place: %v", err)
	}
	if err := s.spool.take(background, leastSegment+1, true); !errors.Is(err, blob.ErrFull) {
		t.Errorf("more than there is in all: %v", err)
	}
	if _, err := first.Write(randomBytes(3*leastSegment, 1)); err != nil { // one segment after the other
		t.Fatal(err)
	}
	if err := first.Commit(background); err != nil {
		t.Fatal(err)
	}
	if n := len(kept(t, s, "sh_first")); n != 3*leastSegment+1 {
		t.Errorf("%d bytes are kept", n)
	}
}

// TestWhatNobodyFlushesIsListedAllTheSame: else it would be taken for an orphan.
func TestWhatNobodyFlushesIsListedAllTheSame(t *testing.T) {
	s := open(t, place(t))
	s.listWithin = time.Millisecond
	w, err := s.Write(background, "sh_a", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Write(randomBytes(2*leastSegment+1, 1)); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		listing, err := s.Manifest.Read(background, "sh_a")
		if err != nil {
			t.Fatal(err)
		}
		if listing.Size == 2*leastSegment {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d bytes are listed", listing.Size)
		}
	}
	if err := w.Commit(background); err != nil {
		t.Fatal(err)
	}
	if n := len(kept(t, s, "sh_a")); n != 2*leastSegment+1 {
		t.Errorf("%d bytes are kept", n)
	}
}

// TestWhatIsRefusedIsNotAskedForAgain: it would be refused again.
func TestWhatIsRefusedIsNotAskedForAgain(t *testing.T) {
	c := place(t)
	var refused atomic.Int64
	faulty := startFaulty(t, c.Endpoint, func(r *http.Request) fault {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, segmentsDir) {
			refused.Add(1)
			return denied
		}
		return none
	})
	s := open(t, faulty.through(c))
	if err := send(s, "sh_a", randomBytes(100, 1), rand.New(rand.NewPCG(1, 2))); err != nil {
		t.Fatal(err)
	}
	r, err := s.Open(background, "sh_a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.ReadAll(r); err == nil || errors.Is(err, blob.ErrUnavailable) || errors.Is(err, blob.ErrLost) {
		t.Errorf("reading what may not be read: %v", err)
	}
	if n := refused.Load(); n != 1 {
		t.Errorf("it was asked for %d times", n)
	}
}
