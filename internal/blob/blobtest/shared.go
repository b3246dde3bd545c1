package blobtest

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/internal/blob"
)

// RunShared holds a backend to what it promises to several processes that share its
// blobs. open returns an empty store as two of them have it, which it closes itself
// when the test ends.
func RunShared(t *testing.T, open func(testing.TB) (one, other blob.Store)) {
	for name, test := range map[string]func(t *testing.T, one, other blob.Store){
		"what is flushed is seen":          testSeenElsewhere,
		"another goes on":                  testGoesOn,
		"who was superseded adds nothing":  testSuperseded,
		"who was superseded does not cut":  testSupersededCommit,
		"a writer that comes back is none": testComesBack,
		"the end is stored once":           testFolded,
		"removed everywhere":               testRemovedElsewhere,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, other := open(t)
			test(t, one, other)
		})
	}
}

func flush(t *testing.T, w blob.Writer) {
	t.Helper()
	if err := w.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

func more(t *testing.T, w blob.Writer, data string) {
	t.Helper()
	if _, err := io.WriteString(w, data); err != nil {
		t.Fatal(err)
	}
}

// testSeenElsewhere: a reader in the other process finds what is flushed, and goes on
// with what is flushed later, and with the committed blob.
func testSeenElsewhere(t *testing.T, one, other blob.Store) {
	w := write(t, one, key, 0, "0123")
	flush(t, w)
	r, err := other.OpenStaged(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, next := range []string{"0123", "4567"} {
		if got, err := io.ReadAll(r); err != nil || string(got) != next {
			t.Errorf("the other finds %q, %v, want %q", got, err, next)
		}
		more(t, w, "4567")
		flush(t, w)
	}
	commit(t, w)
	if got, err := io.ReadAll(r); err != nil || string(got) != "4567" {
		t.Errorf("the other goes on with %q, %v", got, err)
	}
	whole, err := other.Open(ctx, key)
	if got := read(t, whole, err); got != "012345674567" {
		t.Errorf("the other has %q", got)
	}
}

// testGoesOn: a writer dies, and the other process goes on with what it had flushed.
func testGoesOn(t *testing.T, one, other blob.Store) {
	dead := write(t, one, key, 0, "0123")
	flush(t, dead)
	more(t, dead, "lost")
	_, err := other.Write(ctx, key, 9)
	wantError(t, err, blob.ErrLost)
	leave(t, write(t, other, key, 4, "4567"))
	commit(t, write(t, other, key, 8, "89"))
	for _, s := range []blob.Store{one, other} {
		r, err := s.Open(ctx, key)
		if got := read(t, r, err); got != "0123456789" {
			t.Errorf("there is %q", got)
		}
	}
	dead.Close()
}

// testSuperseded: what a writer still has to say when another one has begun is refused.
func testSuperseded(t *testing.T, one, other blob.Store) {
	paused := write(t, one, key, 0, "0123")
	flush(t, paused)
	w := write(t, other, key, 4, "4567")
	if _, err := io.WriteString(paused, "late"); err == nil {
		wantError(t, paused.Flush(ctx), blob.ErrSuperseded)
	}
	wantError(t, paused.Commit(ctx), blob.ErrSuperseded)
	commit(t, w)
	r, err := other.Open(ctx, key)
	if got := read(t, r, err); got != "01234567" {
		t.Errorf("there is %q", got)
	}
}

// testSupersededCommit: a commit of one that was superseded commits nothing.
func testSupersededCommit(t *testing.T, one, other blob.Store) {
	paused := write(t, one, key, 0, "0123")
	flush(t, paused)
	w := write(t, other, key, 2, "xy")
	wantError(t, paused.Commit(ctx), blob.ErrSuperseded)
	_, err := one.Open(ctx, key)
	wantError(t, err, blob.ErrNotFound)
	leave(t, w)
	r, err := one.OpenStaged(ctx, key)
	if got := read(t, r, err); got != "01xy" {
		t.Errorf("there is %q", got)
	}
}

// testComesBack: a process that was paused may begin again, where the other is now.
func testComesBack(t *testing.T, one, other blob.Store) {
	paused := write(t, one, key, 0, "0123")
	flush(t, paused)
	leave(t, write(t, other, key, 4, "4567"))
	more(t, paused, "zzzz")
	paused.Close()
	commit(t, write(t, one, key, 8, "89"))
	r, err := other.Open(ctx, key)
	if got := read(t, r, err); got != "0123456789" {
		t.Errorf("there is %q", got)
	}
}

// testFolded lets two processes take turns with pieces of every size: the whole is what
// was written.
func testFolded(t *testing.T, one, other blob.Store) {
	var whole bytes.Buffer
	stores := []blob.Store{one, other}
	for i, size := range []int{1, 100 << 10, 3 << 20, 3 << 20, 17, 9 << 20, 1, 6 << 20, 0, 20 << 20, 5} {
		piece := strings.Repeat(string(rune('a'+i)), size)
		w := write(t, stores[i%2], key, int64(whole.Len()), piece)
		whole.WriteString(piece)
		leave(t, w)
	}
	commit(t, write(t, one, key, int64(whole.Len()), ""))
	r, err := other.Open(ctx, key)
	if got := read(t, r, err); got != whole.String() {
		t.Errorf("of %d bytes written in turns, %d others are read", whole.Len(), len(got))
	}
}

// testRemovedElsewhere: what one process removes is gone for the other, and for its
// writer.
func testRemovedElsewhere(t *testing.T, one, other blob.Store) {
	w := write(t, one, key, 0, "0123")
	flush(t, w)
	if err := other.Remove(ctx, key); err != nil {
		t.Fatal(err)
	}
	more(t, w, "4567")
	wantError(t, w.Commit(ctx), blob.ErrSuperseded)
	_, err := one.OpenStaged(ctx, key)
	wantError(t, err, blob.ErrNotFound)
	for range other.List(ctx) {
		t.Error("something is left")
	}
}
