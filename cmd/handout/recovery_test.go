package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/token"
)

// wreck is a data directory that a server has left, as it is in memory: a test
// puts it back, damaged.
type wreck struct {
	files  map[string][]byte // by name
	names  []string          // of the files, in order
	bearer string
	shares map[string][]byte // what was sent, by the path of its content
}

const wreckKey = "a-key-for-tests-alone"

// flags reads a command line of serve.
func flags(t testing.TB, args ...string) *serveCommand {
	t.Helper()
	var c commands
	parser, err := kong.New(&c, kong.Vars{"version": version, "metrics_listen": defaultMetricsListen})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"serve"}, args...)); err != nil {
		t.Fatal(err)
	}
	return &c.Serve
}

// open opens a data directory as serve does, with more flags, and recovers who is
// there.
func open(t testing.TB, data string, more ...string) (*parts, error) {
	t.Helper()
	args := []string{"--data", data, "--app", "app:" + wreckKey, "--metrics-listen", "", "--sync", "interval", "--min-free", "1B"}
	c := flags(t, append(args, more...)...)
	p, err := c.wire(context.Background(), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	if err := p.rooms.Recover(context.Background()); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// recover lets the shares recover: it returns when the first sweep begins, which
// comes after that.
func (p *parts) recover() {
	ctx, cancel := context.WithCancel(context.Background())
	now := p.shares.Now
	p.shares.Now = func() time.Time { cancel(); return now() } // the sweep asks first what time it is
	p.shares.Run(ctx)
	p.shares.Now = now
}

// answer returns what the server answers, nil if it breaks the answer off.
func (p *parts) answer(method, path, bearer string, header http.Header, body []byte) (w *httptest.ResponseRecorder) {
	defer func() {
		if cause := recover(); cause == http.ErrAbortHandler {
			w = nil
		} else if cause != nil {
			panic(cause)
		}
	}()
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	if header != nil {
		r.Header = header.Clone()
	}
	r.Header.Set("Authorization", "Bearer "+bearer)
	w = httptest.NewRecorder()
	p.server.ServeHTTP(w, r)
	return w
}

// newWreck leaves small files in a pack, a large one in its own file, uploads that
// have begun, and one that was cancelled.
func newWreck(t testing.TB) *wreck {
	t.Helper()
	data := t.TempDir()
	p, err := open(t, data)
	if err != nil {
		t.Fatal(err)
	}
	made, err := p.rooms.Create(context.Background(), "app", room.Details{Name: "room"})
	if err != nil {
		t.Fatal(err)
	}
	v := &wreck{files: map[string][]byte{}, shares: map[string][]byte{}}
	v.bearer, err = token.Sign([]byte(wreckKey), token.Claims{
		App: "app", Participant: "ana", Room: made.ID, Name: "Ana", Role: token.Member, Grants: token.Member.Grants(), ExpiresAt: time.Now().Add(1000 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, size := range []int{1, 500, 3000, 70_000} {
		body := bytes.Repeat([]byte{byte('a' + i)}, size)
		v.shares[v.upload(t, p, body, size)] = body
	}
	v.upload(t, p, []byte("it has begun"), 100)
	v.upload(t, p, bytes.Repeat([]byte("x"), 5000), 100_000)
	p.answer(http.MethodDelete, strings.TrimSuffix(v.upload(t, p, []byte("withdrawn"), 9), "/content"), v.bearer, nil, nil)
	v.keep(t, data) // as after a kill: with the log of the records beside them
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	return v
}

// upload sends the beginning of a file of that size, and returns the path of its content.
func (v *wreck) upload(t testing.TB, p *parts, body []byte, size int) string {
	t.Helper()
	w := p.answer(http.MethodPost, "/uploads", v.bearer, http.Header{
		"Tus-Resumable": {"1.0.0"}, "Upload-Length": {strconv.Itoa(size)}, "Content-Type": {"application/offset+octet-stream"},
	}, body)
	if w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return strings.Replace(w.Header().Get("Location"), "/uploads/", "/v1/shares/", 1) + "/content"
}

// keep reads the directory into memory.
func (v *wreck) keep(t testing.TB, data string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(data), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		v.files[name], err = os.ReadFile(filepath.Join(data, name))
		v.names = append(v.names, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(v.names)
}

// put writes the directory as the damage leaves it.
func (v *wreck) put(t testing.TB, data string, damage []byte) {
	t.Helper()
	files := map[string][]byte{}
	for name, content := range v.files {
		files[name] = bytes.Clone(content)
	}
	for ; len(damage) >= 6; damage = damage[6:] {
		v.harm(files, damage[:6])
	}
	for name, content := range files {
		name = filepath.Join(data, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, content, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

// harm does one thing to one file: six bytes say which, what, where, and with what.
func (v *wreck) harm(files map[string][]byte, how []byte) {
	name := v.names[int(how[0])%len(v.names)]
	content, ok := files[name]
	if !ok || len(content) == 0 {
		return
	}
	at := (int(how[2])<<16 | int(how[3])<<8 | int(how[4])) % len(content)
	// What is in a file of its own is sent by the kernel, which compares nothing:
	// that such bytes have changed is for its reader to find, and for `verify`.
	own := strings.HasPrefix(name, "files/blobs/") || strings.HasPrefix(name, "files/staging/")
	switch how[1] % 5 {
	case 0:
		files[name] = content[:at]
	case 1:
		if !own {
			content[at] ^= 1 << (how[5] % 8)
		}
	case 2:
		if !own {
			clear(content[at:min(len(content), at+int(how[5]))])
		}
	case 3:
		files[name] = append(content, bytes.Repeat(how[5:6], 1+at%5000)...)
	case 4:
		delete(files, name)
	}
}

// FuzzRecovery damages what a server has left, on the disk and in its records. The
// next one may refuse to start, and it may have lost what was damaged; it does not
// panic, and it serves no bytes as a share's that are not.
func FuzzRecovery(f *testing.F) {
	v := newWreck(f)
	f.Add([]byte{})
	for i := range v.names {
		f.Add([]byte{byte(i), byte(i), 0, 0, 40, 7, byte(i + 1), byte(i + 1), 0, 3, 0, 1})
		f.Add([]byte{byte(i), 1, 0, 9, 1, 200})
		f.Add([]byte{byte(i), 4, 0, 0, 0, 0})
	}
	f.Fuzz(func(t *testing.T, damage []byte) {
		data := t.TempDir()
		v.put(t, data, damage)
		p, err := open(t, data)
		if err != nil {
			return
		}
		defer p.close()
		p.recover()
		for path, sent := range v.shares {
			w := p.answer(http.MethodGet, path, v.bearer, nil, nil)
			if w == nil || w.Code != http.StatusOK {
				continue // which a client sees
			}
			got := w.Body.Bytes()
			sum := sha256.Sum256(got)
			if said := w.Header().Get("Repr-Digest"); !bytes.Equal(got, sent) && said != "" && said != "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":" {
				continue // which a client sees too
			}
			if !bytes.Equal(got, sent) {
				t.Fatalf("%s: %d bytes are served for the %d that were sent", path, len(got), len(sent))
			}
		}
	})
}

// TestRecoveryOfWhatIsWhole: without damage everything is there again.
func TestRecoveryOfWhatIsWhole(t *testing.T) {
	t.Parallel()
	v := newWreck(t)
	data := t.TempDir()
	v.put(t, data, nil)
	p, err := open(t, data)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	p.recover()
	for path, sent := range v.shares {
		if w := p.answer(http.MethodGet, path, v.bearer, nil, nil); !bytes.Equal(w.Body.Bytes(), sent) {
			t.Errorf("%s: %d, %d bytes of %d", path, w.Code, w.Body.Len(), len(sent))
		}
	}
}
