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

// flushed begins a blob, of which data is flushed.
func flushed(t *testing.T, s blob.Store, data string) blob.Writer {
	t.Helper()
	w := write(t, s, key, 0, data)
	flush(t, w)
	return w
}

// wantBlob holds a committed blob against what was written.
func wantBlob(t *testing.T, s blob.Store, want string) {
	t.Helper()
	r, err := s.Open(ctx, key)
	if got := read(t, r, err); got != want {
		t.Errorf("%d bytes are there, %.20q…, want %d", len(got), got, len(want))
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
	w := flushed(t, one, "0123")
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
	wantBlob(t, other, "012345674567")
}

// testGoesOn: a writer dies, and the other process goes on with what it had flushed.
func testGoesOn(t *testing.T, one, other blob.Store) {
	dead := flushed(t, one, "0123")
	more(t, dead, "lost")
	_, err := other.Write(ctx, key, 9)
	wantError(t, err, blob.ErrLost)
	leave(t, write(t, other, key, 4, "4567"))
	commit(t, write(t, other, key, 8, "89"))
	for _, s := range []blob.Store{one, other} {
		wantBlob(t, s, "0123456789")
	}
	dead.Close()
}

// testSuperseded: what a writer still has to say when another one has begun is refused.
func testSuperseded(t *testing.T, one, other blob.Store) {
	paused := flushed(t, one, "0123")
	w := write(t, other, key, 4, "4567")
	if _, err := io.WriteString(paused, "late"); err == nil {
		wantError(t, paused.Flush(ctx), blob.ErrSuperseded)
	}
	wantError(t, paused.Commit(ctx), blob.ErrSuperseded)
	commit(t, w)
	wantBlob(t, other, "01234567")
}

// testSupersededCommit: a commit of one that was superseded commits nothing.
func testSupersededCommit(t *testing.T, one, other blob.Store) {
	paused := flushed(t, one, "0123")
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
	paused := flushed(t, one, "0123")
	leave(t, write(t, other, key, 4, "4567"))
	more(t, paused, "zzzz")
	paused.Close()
	commit(t, write(t, one, key, 8, "89"))
	wantBlob(t, other, "0123456789")
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
	wantBlob(t, other, whole.String())
}

// testRemovedElsewhere: what one process removes is gone for the other, and for its
// writer.
func testRemovedElsewhere(t *testing.T, one, other blob.Store) {
	w := flushed(t, one, "0123")
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
