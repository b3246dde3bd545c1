package blobtest

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/handout-rtc/handout/internal/blob"
)

// PutStore is a backend that keeps small blobs whole.
type PutStore interface {
	blob.Store
	blob.Putter
}

// RunPut holds a backend to the contract of blob.Putter.
func RunPut(t *testing.T, open func(testing.TB) PutStore) {
	for name, test := range map[string]func(*testing.T, PutStore){
		"put and read":          testPut,
		"put is committed":      testPutCommitted,
		"put keys":              testPutKeys,
		"put and remove":        testPutRemove,
		"puts at once":          testPutsAtOnce,
		"readers outlive a put": testPutReaderOutlives,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func put(t *testing.T, s PutStore, key blob.Key, data string) {
	t.Helper()
	if err := s.Put(ctx, key, []byte(data)); err != nil {
		t.Fatal(err)
	}
}

func testPut(t *testing.T, s PutStore) {
	for _, size := range []int{0, 1, 63, 4096, 10 << 10, 64 << 10, 64<<10 + 1, 256 << 10} {
		key := blob.Key(fmt.Sprintf("sh_%d", size))
		data := []byte(strings.Repeat("0123456789abcdef", size/16+1)[:size])
		want := string(data)
		put(t, s, key, want)
		clear(data) // it is the caller's again
		r, err := s.Open(ctx, key)
		if got := read(t, r, err); got != want {
			t.Errorf("%d bytes put, %d others read", size, len(got))
		}
		r, err = s.Open(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		if end, err := r.Seek(0, io.SeekEnd); err != nil || end != int64(size) {
			t.Errorf("the end is at %d, %v", end, err)
		}
		if err := r.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
}

func testPutCommitted(t *testing.T, s PutStore) {
	put(t, s, key, "0123")
	_, err := s.OpenStaged(ctx, key)
	wantError(t, err, blob.ErrNotFound)
	_, err = s.Write(ctx, key, 4)
	wantError(t, err, blob.ErrNotFound)
	if err := s.Settle(ctx, key); err != nil {
		t.Errorf("settling: %v", err)
	}
	leave(t, write(t, s, "sh_staged", 0, "12"))
	got := map[blob.Key]blob.Info{}
	for info, err := range s.List(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		got[info.Key] = info
	}
	if info := got[key]; len(got) != 2 || !info.Committed || info.Size != 4 || info.Modified.IsZero() {
		t.Errorf("the list is %+v", got)
	}
	for range s.List(ctx) {
		break // stopping early is permitted
	}
}

func testPutKeys(t *testing.T, s PutStore) {
	for _, bad := range []blob.Key{"", "..", "a/b", "A", blob.Key(strings.Repeat("a", 65))} {
		wantError(t, s.Put(ctx, bad, []byte("x")), blob.ErrKey)
	}
	longest := blob.Key(strings.Repeat("a", 64))
	put(t, s, longest, "x")
	r, err := s.Open(ctx, longest)
	if got := read(t, r, err); got != "x" {
		t.Errorf("the longest key has %q", got)
	}
}

func testPutRemove(t *testing.T, s PutStore) {
	put(t, s, "sh_before", "before")
	put(t, s, key, "0123")
	put(t, s, "sh_after", "after")
	for range 2 {
		if err := s.Remove(ctx, key); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Open(ctx, key)
	wantError(t, err, blob.ErrNotFound)
	wantError(t, s.Settle(ctx, key), blob.ErrNotFound)
	for key, want := range map[blob.Key]string{"sh_before": "before", "sh_after": "after"} {
		r, err := s.Open(ctx, key)
		if got := read(t, r, err); got != want {
			t.Errorf("its neighbour reads %q, want %q", got, want)
		}
	}
}

func testPutsAtOnce(t *testing.T, s PutStore) {
	var all sync.WaitGroup
	for lane := range 8 {
		all.Go(func() {
			for i := range 40 {
				key := blob.Key(fmt.Sprintf("sh_%d_%d", lane, i))
				data := bytes.Repeat([]byte(key), 100)
				if err := s.Put(ctx, key, data); err != nil {
					t.Error(err)
					return
				}
				r, err := s.Open(ctx, key)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(r)
				r.Close()
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s reads %d bytes, %v", key, len(got), err)
				}
				if i%2 == 1 {
					if err := s.Remove(ctx, key); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	left := 0
	for range s.List(ctx) {
		left++
	}
	if left != 8*20 {
		t.Errorf("%d blobs are left", left)
	}
}

func testPutReaderOutlives(t *testing.T, s PutStore) {
	data := strings.Repeat("x", 50<<10)
	put(t, s, key, data)
	r, err := s.Open(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(ctx, key); err != nil {
		t.Fatal(err)
	}
	if got := read(t, r, nil); got != data {
		t.Errorf("an open reader finds %d bytes", len(got))
	}
}
