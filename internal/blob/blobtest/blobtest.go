// Package blobtest is the conformance suite of blob.Store: what every backend
// promises, whatever it keeps its bytes in.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/handout-rtc/handout/internal/blob"
)

// Run holds a backend to the contract. open returns an empty store, which it
// closes itself when the test ends.
func Run(t *testing.T, open func(testing.TB) blob.Store) {
	run(t, open, tests)
}

// RunLocal is Run for a backend whose readers have the bytes open, so that they are
// not disturbed when the blob is removed.
func RunLocal(t *testing.T, open func(testing.TB) blob.Store) {
	run(t, open, tests)
	run(t, open, map[string]func(*testing.T, blob.Store){"readers outlive a blob": testReaderOutlives})
}

func run(t *testing.T, open func(testing.TB) blob.Store, tests map[string]func(*testing.T, blob.Store)) {
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each has a store of its own, and some wait for it
			test(t, open(t))
		})
	}
}

var tests = map[string]func(*testing.T, blob.Store){
	"write and read":             testWriteAndRead,
	"resume at an offset":        testResume,
	"cut off beyond offset":      testCut,
	"lost bytes":                 testLost,
	"staged is not final":        testStaged,
	"commit twice":               testCommitTwice,
	"settle":                     testSettle,
	"closed writers":             testClosed,
	"remove":                     testRemove,
	"list":                       testList,
	"keys":                       testKeys,
	"reading while written":      testReadWhileWritten,
	"following the writer":       testFollow,
	"readers at once":            testReadersAtOnce,
	"readers of what is removed": testReaderOfRemoved,
}

const key = blob.Key("sh_aaaaaaaaaaaaaaaaaaaaaaaaaa")

var ctx = context.Background()

func write(t *testing.T, s blob.Store, key blob.Key, offset int64, data string) blob.Writer {
	t.Helper()
	w, err := s.Write(ctx, key, offset)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.WriteString(w, data); err != nil || n != len(data) {
		t.Fatalf("wrote %d of %d: %v", n, len(data), err)
	}
	return w
}

func commit(t *testing.T, w blob.Writer) {
	t.Helper()
	if err := w.Commit(ctx); err != nil {
		t.Fatal(err)
	}
}

// leave closes the writer as an append is ended: what it has written is flushed.
func leave(t *testing.T, w blob.Writer) {
	t.Helper()
	if err := w.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, r blob.Reader, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func wantError(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("error %v, want %v", got, want)
	}
}

func testWriteAndRead(t *testing.T, s blob.Store) {
	for _, size := range []int{0, 1, 4096, 3<<20 + 17} {
		key := blob.Key("sh_size" + strings.Repeat("a", size%7))
		data := strings.Repeat("0123456789abcdef", size/16+1)[:size]
		commit(t, write(t, s, key, 0, data))
		r, err := s.Open(ctx, key)
		if got := read(t, r, err); got != data {
			t.Errorf("%d bytes written, %d others read", size, len(got))
		}
		if err := s.Remove(ctx, key); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, write(t, s, key, 0, "0123456789"))
	r, err := s.Open(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	part := make([]byte, 3)
	if _, err := r.ReadAt(part, 4); err != nil || string(part) != "456" {
		t.Errorf("a part reads %q, %v", part, err)
	}
	if end, err := r.Seek(0, io.SeekEnd); err != nil || end != 10 {
		t.Errorf("the end is at %d, %v", end, err)
	}
}

func testResume(t *testing.T, s blob.Store) {
	leave(t, write(t, s, key, 0, "0123"))
	leave(t, write(t, s, key, 4, "4567"))
	commit(t, write(t, s, key, 8, "89"))
	r, err := s.Open(ctx, key)
	if got := read(t, r, err); got != "0123456789" {
		t.Errorf("the pieces make %q", got)
	}
}

func testCut(t *testing.T, s blob.Store) {
	leave(t, write(t, s, key, 0, "0123456789"))
	leave(t, write(t, s, key, 4, "x"))
	r, err := s.OpenStaged(ctx, key)
	if got := read(t, r, err); got != "0123x" {
		t.Errorf("after writing at 4 there is %q", got)
	}
	leave(t, write(t, s, key, 0, ""))
	r, err = s.OpenStaged(ctx, key)
	if got := read(t, r, err); got != "" {
		t.Errorf("after starting again there is %q", got)
	}
}

func testLost(t *testing.T, s blob.Store) {
	_, err := s.Write(ctx, key, 5)
	wantError(t, err, blob.ErrNotFound)
	leave(t, write(t, s, key, 0, "0123"))
	_, err = s.Write(ctx, key, 5)
	wantError(t, err, blob.ErrLost)
	r, err := s.OpenStaged(ctx, key)
	if got := read(t, r, err); got != "0123" {
		t.Errorf("a refused write left %q", got)
	}
}

func testStaged(t *testing.T, s blob.Store) {
	_, err := s.OpenStaged(ctx, key)
	wantError(t, err, blob.ErrNotFound)
	w := write(t, s, key, 0, "0123")
	if err := w.Sync(); err != nil {
		t.Fatal(err)
	}
	_, err = s.Open(ctx, key)
	wantError(t, err, blob.ErrNotFound)
	commit(t, w)
	_, err = s.OpenStaged(ctx, key)
	wantError(t, err, blob.ErrNotFound)
	_, err = s.Write(ctx, key, 4)
	wantError(t, err, blob.ErrNotFound)
}

func testCommitTwice(t *testing.T, s blob.Store) {
	commit(t, write(t, s, key, 0, ""))
	commit(t, write(t, s, key, 0, "")) // an empty blob whose record was not written
	r, err := s.Open(ctx, key)
	if got := read(t, r, err); got != "" {
		t.Errorf("there is %q", got)
	}
}

func testSettle(t *testing.T, s blob.Store) {
	wantError(t, s.Settle(ctx, key), blob.ErrNotFound)
	w := write(t, s, key, 0, "0123")
	wantError(t, s.Settle(ctx, key), blob.ErrNotFound)
	commit(t, w)
	for range 2 {
		if err := s.Settle(ctx, key); err != nil {
			t.Errorf("settling: %v", err)
		}
	}
	r, err := s.Open(ctx, key)
	if got := read(t, r, err); got != "0123" {
		t.Errorf("a settled blob reads %q", got)
	}
}

func testClosed(t *testing.T, s blob.Store) {
	w := write(t, s, key, 0, "0123")
	leave(t, w)
	for range 2 {
		if err := w.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	if _, err := io.WriteString(w, "x"); err == nil {
		t.Error("a closed writer writes")
	}
	if err := w.Sync(); err == nil {
		t.Error("a closed writer syncs")
	}
	if err := w.Commit(ctx); err == nil {
		t.Error("a closed writer commits")
	}
	w = write(t, s, key, 4, "4")
	commit(t, w)
	if err := w.Close(); err != nil {
		t.Errorf("closing after a commit: %v", err)
	}
}

func testRemove(t *testing.T, s blob.Store) {
	if err := s.Remove(ctx, key); err != nil {
		t.Errorf("removing nothing: %v", err)
	}
	leave(t, write(t, s, key, 0, "staged"))
	if err := s.Remove(ctx, key); err != nil {
		t.Fatal(err)
	}
	_, err := s.OpenStaged(ctx, key)
	wantError(t, err, blob.ErrNotFound)
	commit(t, write(t, s, key, 0, "final"))
	for range 2 {
		if err := s.Remove(ctx, key); err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.Open(ctx, key)
	wantError(t, err, blob.ErrNotFound)
}

func testList(t *testing.T, s blob.Store) {
	leave(t, write(t, s, "sh_staged", 0, "12"))
	commit(t, write(t, s, "sh_final", 0, "123"))
	commit(t, write(t, s, "x", 0, "1")) // as short as a key may be
	got := map[blob.Key]blob.Info{}
	for info, err := range s.List(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if info.Modified.IsZero() {
			t.Errorf("%s has no time", info.Key)
		}
		got[info.Key] = info
	}
	if len(got) != 3 || got["sh_staged"].Committed || got["sh_staged"].Size != 2 || !got["sh_final"].Committed || got["sh_final"].Size != 3 || got["x"].Size != 1 {
		t.Errorf("the list is %+v", got)
	}
	for range s.List(ctx) {
		break // stopping early is permitted
	}
}

func testKeys(t *testing.T, s blob.Store) {
	for _, bad := range []blob.Key{"", ".", "..", "../x", "a/b", "a\\b", "A", "a.b", "a\x00", "ä", blob.Key(strings.Repeat("a", 65))} {
		_, err := s.Write(ctx, bad, 0)
		wantError(t, err, blob.ErrKey)
		_, err = s.Open(ctx, bad)
		wantError(t, err, blob.ErrKey)
		_, err = s.OpenStaged(ctx, bad)
		wantError(t, err, blob.ErrKey)
		wantError(t, s.Settle(ctx, bad), blob.ErrKey)
		wantError(t, s.Remove(ctx, bad), blob.ErrKey)
	}
}

func testReadWhileWritten(t *testing.T, s blob.Store) {
	w := write(t, s, key, 0, "0123")
	defer w.Close()
	r, err := s.OpenStaged(ctx, key)
	if got := read(t, r, err); got != "0123" {
		t.Errorf("a reader finds %q", got)
	}
	if _, err := io.WriteString(w, "4567"); err != nil {
		t.Fatal(err)
	}
	r, err = s.OpenStaged(ctx, key)
	if got := read(t, r, err); got != "01234567" {
		t.Errorf("a later reader finds %q", got)
	}
}

// testFollow lets a reader go on where it was while the blob grows, and while it
// is committed: that is how a share is downloaded while it uploads.
func testFollow(t *testing.T, s blob.Store) {
	w := write(t, s, key, 0, "0123")
	r, err := s.OpenStaged(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	follow := func(want string) {
		t.Helper()
		if got, err := io.ReadAll(r); err != nil || string(got) != want {
			t.Errorf("the reader goes on with %q, %v, want %q", got, err, want)
		}
	}
	follow("0123")
	follow("")
	if _, err := io.WriteString(w, "4567"); err != nil {
		t.Fatal(err)
	}
	follow("4567")
	if _, err := io.WriteString(w, "89"); err != nil {
		t.Fatal(err)
	}
	commit(t, w)
	follow("89")
}

// testReadersAtOnce lets readers race a writer: each finds at least what had
// been written before it opened the blob, and nothing else.
func testReadersAtOnce(t *testing.T, s blob.Store) {
	const piece, pieces = 4096, 200
	data := make([]byte, piece*pieces)
	for i := range data {
		data[i] = byte(i / 251)
	}
	var written atomic.Int64
	w := write(t, s, key, 0, "")
	defer w.Close()
	var readers sync.WaitGroup
	defer readers.Wait()
	for range 3 {
		readers.Go(func() {
			for least := int64(0); least < int64(len(data)); {
				least = written.Load()
				got, err := readStaged(s)
				if err != nil || int64(len(got)) < least || !bytes.HasPrefix(data, got) {
					t.Errorf("%d bytes written, a reader finds %d, %v", least, len(got), err)
					return
				}
			}
		})
	}
	defer written.Store(int64(len(data))) // whatever happens, the readers end
	for piece := range slices.Chunk(data, piece) {
		if _, err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
		written.Add(int64(len(piece)))
	}
}

func readStaged(s blob.Store) ([]byte, error) {
	r, err := s.OpenStaged(ctx, key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// testReaderOfRemoved: who reads a blob that is removed finds all of it, or hears that
// it is gone; never other bytes, or fewer.
func testReaderOfRemoved(t *testing.T, s blob.Store) {
	data := bytes.Repeat([]byte("x"), 1<<20)
	commit(t, write(t, s, key, 0, string(data)))
	r, err := s.Open(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := s.Remove(ctx, key); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err == nil && !bytes.Equal(got, data) || err != nil && !errors.Is(err, blob.ErrNotFound) && !errors.Is(err, blob.ErrLost) {
		t.Errorf("a reader of what was removed finds %d bytes, %v", len(got), err)
	}
}

func testReaderOutlives(t *testing.T, s blob.Store) {
	data := bytes.Repeat([]byte("x"), 1<<20)
	commit(t, write(t, s, key, 0, string(data)))
	r, err := s.Open(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(ctx, key); err != nil {
		t.Fatal(err)
	}
	if got := read(t, r, nil); got != string(data) {
		t.Errorf("an open reader finds %d bytes", len(got))
	}
}
