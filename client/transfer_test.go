package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/handout-rtc/handout/client"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

func TestFilesArriveAsTheyWereSent(t *testing.T) {
	s := newStand(t)
	ana, bo := s.enter(t, "ana", token.Member), s.enter(t, "bo", token.Member)
	large := content(9<<20 + 7) // more than two pieces of a stream
	for name, f := range map[string]client.File{
		"small.txt":  file("small.txt", []byte("small")),
		"large.bin":  file("large.bin", large),
		"stream.bin": {Name: "stream.bin", Size: client.UnknownSize, Content: io.MultiReader(bytes.NewReader(large))},
		"piece.bin":  {Name: "piece.bin", Size: client.UnknownSize, Content: io.MultiReader(bytes.NewReader(large[:8<<20]))},
		"sized.bin":  {Name: "sized.bin", Size: int64(len(large)), Content: io.MultiReader(bytes.NewReader(large))},
	} {
		t.Run(name, func(t *testing.T) {
			share, err := ana.Send(t.Context(), f, client.SendOptions{To: protocol.Audience{List: []protocol.ParticipantID{"bo"}}})
			if err != nil {
				t.Fatal(err)
			}
			awaitShare(t, bo, name, protocol.Available)
			path := filepath.Join(t.TempDir(), "here")
			if _, err := bo.Save(t.Context(), share.ID, path, client.SaveOptions{}); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil || hashOf(got) != share.SHA256 || int64(len(got)) != *share.Size {
				t.Errorf("%d bytes came of %d (%v)", len(got), *share.Size, err)
			}
			left, err := filepath.Glob(path + ".*")
			if err != nil || len(left) > 0 {
				t.Errorf("left beside it: %v %v", left, err)
			}
			await(t, ana, func(e client.ReceiptChanged) bool {
				return e.Receipt.Share == share.ID && e.Receipt.State == protocol.ReceiptReceived
			})
		})
	}
}

func TestReceiptsOfAShare(t *testing.T) {
	s := newStand(t)
	ana := s.enter(t, "ana", token.Member)
	s.enter(t, "bo", token.Member)
	share, err := ana.Send(t.Context(), file("a.txt", []byte("a")), client.SendOptions{To: protocol.ToRoom()})
	if err != nil {
		t.Fatal(err)
	}
	receipts, err := ana.Receipts(t.Context(), share.ID)
	if err != nil || len(receipts) != 1 || receipts[0].Participant != "bo" || receipts[0].State != protocol.ReceiptOffered {
		t.Errorf("receipts %+v, %v", receipts, err)
	}
}

// TestFollow receives what is not sent yet.
func TestFollow(t *testing.T) {
	s := newStand(t)
	ana, bo := s.enter(t, "ana", token.Member), s.enter(t, "bo", token.Member)
	text := content(12 << 20)
	r, w := io.Pipe()
	sent := make(chan error, 1)
	go func() {
		_, err := ana.Send(t.Context(), client.File{Name: "live.bin", Size: client.UnknownSize, Content: r}, client.SendOptions{To: protocol.ToRoom()})
		sent <- err
	}()
	if _, err := w.Write(text[:5<<20]); err != nil { // the first piece can go
		t.Fatal(err)
	}
	share := awaitShare(t, bo, "live.bin", protocol.Uploading)
	got := gauge{early: make(chan struct{})}
	received := make(chan error, 1)
	go func() {
		_, err := bo.Receive(t.Context(), share.ID, &got, client.ReceiveOptions{Progress: got.progress})
		received <- err
	}()
	<-got.early // while the rest has not been made
	if _, err := w.Write(text[5<<20:]); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if err := errors.Join(<-sent, <-received); err != nil {
		t.Fatal(err)
	}
	if hashOf(got.Bytes()) != hashOf(text) {
		t.Errorf("%d other bytes came", got.Len())
	}
}

// gauge is a buffer that tells when it has had enough for the first time.
type gauge struct {
	bytes.Buffer
	early chan struct{}
	told  bool
}

func (g *gauge) progress(n int64) {
	if n >= 4<<20 && !g.told {
		g.told = true
		close(g.early)
	}
}

func TestCancelByContext(t *testing.T) {
	s := newStand(t)
	ana, bo := s.enter(t, "ana", token.Member), s.enter(t, "bo", token.Member)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	defer w.Close()
	go w.Write(content(5 << 20))
	sent := make(chan error, 1)
	go func() {
		_, err := ana.Send(ctx, client.File{Name: "never.bin", Size: client.UnknownSize, Content: r}, client.SendOptions{To: protocol.ToRoom()})
		sent <- err
	}()
	share := awaitShare(t, bo, "never.bin", protocol.Uploading)
	cancel()
	r.CloseWithError(io.ErrClosedPipe)
	if err := <-sent; !errors.Is(err, context.Canceled) {
		t.Errorf("sending ends with %v", err)
	}
	awaitShare(t, bo, "never.bin", protocol.Cancelled)
	if _, err := bo.Receive(t.Context(), share.ID, io.Discard, client.ReceiveOptions{}); protocol.CodeOf(err) != protocol.CodeShareEnded {
		t.Errorf("receiving what was cancelled: %v", err)
	}
}

// TestCancelWhileTheUploadIsMade cancels when the server has made the upload and its
// answer is not here yet.
func TestCancelWhileTheUploadIsMade(t *testing.T) {
	s := newStand(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ana := s.enterBy(t, client.Config{
		Server: s.URL(), Token: signed(s.room, "ana", token.Member, time.Hour),
		HTTP: &http.Client{Transport: answered(func(r *http.Request) {
			if r.Method == http.MethodPost && r.URL.Path == "/uploads" {
				cancel()
			}
		})},
	})
	text := content(1 << 20)
	if _, err := ana.Send(ctx, file("never.bin", text), client.SendOptions{To: protocol.ToRoom()}); !errors.Is(err, context.Canceled) {
		t.Errorf("sending ends with %v", err)
	}
	awaitShare(t, ana, "never.bin", protocol.Cancelled)
}

// answered is told of each request that was answered, before its sender is.
type answered func(*http.Request)

func (a answered) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	a(r)
	return response, err
}

// slowly is a file that is read at a pace and says how far it is.
type slowly struct {
	*bytes.Reader
	pace *rate.Limiter
	at   func(offset int64)
}

func (s *slowly) ReadAt(p []byte, offset int64) (int, error) {
	p = p[:min(len(p), 64<<10)]
	if err := s.pace.WaitN(context.Background(), len(p)); err != nil {
		return 0, err
	}
	s.at(offset)
	n, err := s.Reader.ReadAt(p, offset)
	return n, err
}

func TestSuspendAndResume(t *testing.T) {
	s := newStand(t)
	ana, bo := s.enter(t, "ana", token.Member), s.enter(t, "bo", token.Member)
	text := content(8 << 20)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var id protocol.ShareID
	slow := &slowly{bytes.NewReader(text), rate.NewLimiter(64<<20, 64<<10), func(offset int64) {
		if offset > 4<<20 {
			cancel(client.ErrSuspend)
		}
	}}
	_, err := ana.Send(ctx, client.File{Name: "big.bin", Size: int64(len(text)), Content: slow}, client.SendOptions{
		To: protocol.ToRoom(), Offered: func(s protocol.Share) { id = s.ID },
	})
	if err != client.ErrSuspend {
		t.Fatalf("suspended: %v", err)
	}
	var first int64 = -1
	again := &slowly{bytes.NewReader(text), rate.NewLimiter(rate.Inf, 64<<10), func(int64) {}}
	share, err := ana.Resume(t.Context(), id, client.File{Name: "big.bin", Size: int64(len(text)), Content: again}, client.SendOptions{
		Progress: func(n int64) {
			if first < 0 {
				first = n
			}
		},
	})
	if err != nil || share.SHA256 != hashOf(text) {
		t.Fatalf("resumed: %+v, %v", share, err)
	}
	if first < 1<<20 {
		t.Errorf("it went on from %d", first)
	}
	if shares := bo.Shares(); len(shares) != 1 {
		t.Errorf("%d shares were made", len(shares))
	}

	path := filepath.Join(t.TempDir(), "big.bin")
	ctx, cancel = context.WithCancelCause(t.Context())
	_, err = bo.Save(ctx, id, path, client.SaveOptions{ReceiveOptions: client.ReceiveOptions{Progress: func(n int64) {
		if n > 1<<20 {
			cancel(client.ErrSuspend)
		}
	}}})
	if err != client.ErrSuspend {
		t.Fatalf("suspended: %v", err)
	}
	first = -1
	if _, err = bo.Save(t.Context(), id, path, client.SaveOptions{ReceiveOptions: client.ReceiveOptions{Progress: func(n int64) {
		if first < 0 {
			first = n
		}
	}}}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || hashOf(got) != share.SHA256 {
		t.Errorf("saved %d bytes, %v", len(got), err)
	}
	if first < 1<<20 {
		t.Errorf("it went on from %d", first)
	}
}

func TestAFileThatChangesIsTakenBack(t *testing.T) {
	s := newStand(t)
	ana := s.enter(t, "ana", token.Member)
	text := content(1 << 20)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var id protocol.ShareID
	slow := &slowly{bytes.NewReader(text), rate.NewLimiter(64<<20, 64<<10), func(offset int64) {
		if offset > 700<<10 {
			cancel(client.ErrSuspend)
		}
	}}
	ana.Send(ctx, client.File{Name: "a.bin", Size: 1 << 20, Content: slow}, client.SendOptions{To: protocol.ToRoom(), Offered: func(s protocol.Share) { id = s.ID }})
	text[0]++
	_, err := ana.Resume(t.Context(), id, file("a.bin", text), client.SendOptions{})
	if protocol.CodeOf(err) != protocol.CodeChecksumMismatch {
		t.Errorf("other bytes were sent: %v", err)
	}
	awaitShare(t, ana, "a.bin", protocol.Revoked)
}

func TestRefusalsChangeNothing(t *testing.T) {
	s := newStand(t, "--max-file-size", "1MiB")
	ana := s.enter(t, "ana", token.Member)
	viewer := s.enter(t, "vic", token.Viewer)
	for name, c := range map[string]struct {
		room *client.Room
		file client.File
		to   protocol.Audience
		want protocol.Code
	}{
		"for nobody":  {ana, file("a", []byte("a")), protocol.Audience{}, protocol.CodeEmptyList},
		"for a ghost": {ana, file("a", []byte("a")), protocol.Audience{List: []protocol.ParticipantID{"ghost"}}, protocol.CodeUnknownRecipient},
		"too large":   {ana, file("a", content(1<<20+1)), protocol.ToRoom(), protocol.CodeFileTooLarge},
		"by a viewer": {viewer, file("a", []byte("a")), protocol.ToRoom(), protocol.CodeForbidden},
	} {
		if _, err := c.room.Send(t.Context(), c.file, client.SendOptions{To: c.to}); protocol.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if shares := ana.Shares(); len(shares) > 0 {
		t.Errorf("shared: %+v", shares)
	}
	if _, err := ana.Receive(t.Context(), protocol.NewShareID(), io.Discard, client.ReceiveOptions{}); protocol.CodeOf(err) != protocol.CodeShareNotFound {
		t.Errorf("receiving what is not there: %v", err)
	}
}

func TestSaveReplacesNothing(t *testing.T) {
	s := newStand(t)
	ana, bo := s.enter(t, "ana", token.Member), s.enter(t, "bo", token.Member)
	share, err := ana.Send(t.Context(), file("a.txt", []byte("new")), client.SendOptions{To: protocol.ToRoom()})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bo.Save(t.Context(), share.ID, path, client.SaveOptions{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file is in the way: %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "old" {
		t.Errorf("it is now %q", got)
	}
	if _, err := bo.Save(t.Context(), share.ID, path, client.SaveOptions{Replace: true}); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "new" {
		t.Errorf("it is now %q", got)
	}
	if _, err := bo.Save(t.Context(), "../../etc/passwd", strings.Repeat("x", 10), client.SaveOptions{}); protocol.CodeOf(err) != protocol.CodeShareNotFound {
		t.Errorf("an id that is a path: %v", err)
	}
}

// TestKilledServerIsWaitedFor kills the server in the middle of an upload and of a
// download that follows it.
func TestKilledServerIsWaitedFor(t *testing.T) {
	s := newStand(t)
	ana, bo := s.enter(t, "ana", token.Member), s.enter(t, "bo", token.Member)
	text := content(16 << 20)
	passed := make(chan struct{}, 1000)
	slow := &slowly{bytes.NewReader(text), rate.NewLimiter(16<<20, 64<<10), func(int64) {
		select {
		case passed <- struct{}{}:
		default:
		}
	}}
	sent := make(chan error, 1)
	offered := make(chan protocol.ShareID, 1)
	go func() {
		_, err := ana.Send(t.Context(), client.File{Name: "big.bin", Size: int64(len(text)), Content: slow}, client.SendOptions{
			To: protocol.ToRoom(), Offered: func(s protocol.Share) { offered <- s.ID },
		})
		sent <- err
	}()
	id := <-offered
	var got bytes.Buffer
	received := make(chan error, 1)
	go func() {
		_, err := bo.Receive(t.Context(), id, &got, client.ReceiveOptions{})
		received <- err
	}()
	for range 3 {
		for range 40 {
			<-passed
		}
		s.Kill(t)
		s.Restart(t)
	}
	slow.pace.SetLimit(rate.Inf)
	if err := errors.Join(<-sent, <-received); err != nil {
		t.Fatal(err)
	}
	if hashOf(got.Bytes()) != hashOf(text) {
		t.Errorf("%d other bytes came", got.Len())
	}
	if share := awaitShare(t, bo, "big.bin", protocol.Available); share.ID != id {
		t.Errorf("another share was made: %s", share.ID)
	}
}
