package behind_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

const (
	kib = 1 << 10
	mib = 1 << 20
)

var everybody = protocol.Audience{Room: true}

// stand is what is behind a proxy, with a room, and ana and bo in it, who come through
// the proxy and hear all that happens.
type stand struct {
	*proxy
	journal *faulttest.Journal
	room    *faulttest.Room
	ana, bo *faulttest.Client
	verdict func() // ends the test
}

// newStand is one server.
func newStand(t *testing.T, start starter, http2 bool) *stand {
	t.Helper()
	s := &stand{journal: faulttest.NewJournal(t)}
	address := faulttest.FreeAddress(t)
	server := faulttest.Start(t, faulttest.Config{Path: faulttest.Build(t), Journal: s.journal, Args: behind(address)})
	s.proxy = start(t, strings.TrimPrefix(server.URL(), "http://"), address)
	s.verdict = func() { faulttest.Verdict(t, server, faulttest.Rules{}, s.room) }
	s.people(t, server.URL(), http2)
	return s
}

// behind are the flags of who is behind a proxy at an address.
func behind(address string) []string {
	return []string{"--dev", "--public-url", urlOf(address), "--trusted-proxy", "127.0.0.1/32"}
}

// people makes the room, on a server that has no proxy before it, and lets everybody in.
func (s *stand) people(t *testing.T, base string, http2 bool) {
	t.Helper()
	s.room = faulttest.MakeRoom(t, base, s.journal)
	s.ana, s.bo = s.enter(t, "ana", http2), s.enter(t, "bo", http2)
}

func (s *stand) enter(t *testing.T, id protocol.ParticipantID, http2 bool) *faulttest.Client {
	t.Helper()
	c := s.room.Enter(t, id)
	c.Base = urlOf(s.address)
	c.HTTP.Transport.(*faulttest.Recorder).Next = s.way(t, "127.0.0.1", http2)
	c.Push = &http.Client{Transport: s.way(t, "127.0.0.1", false)}
	c.Listen(t)
	return c
}

// TestBehind has everything go through each proxy, over each version of HTTP.
func TestBehind(t *testing.T) {
	for kind, start := range proxies {
		for version, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
			t.Run(kind+" over "+version, func(t *testing.T) {
				t.Parallel()
				s := newStand(t, start, http2)
				s.wantVersion(t, version)
				s.everything(t, http2)
				s.journal.Over()
				s.verdict()
			})
		}
	}
}

func (s *stand) everything(t *testing.T, http2 bool) {
	t.Helper()
	s.followed(t)
	s.large(t)
	s.ranges(t)
	s.streamed(t, http2)
	s.interim(t, http2)
	s.refusedEarly(t)
}

func (s *stand) wantVersion(t *testing.T, version string) {
	t.Helper()
	response, err := s.ana.Do(t.Context(), http.MethodGet, "/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.Proto != version {
		t.Errorf("the proxy speaks %s, not %s", response.Proto, version)
	}
}

// begin creates an upload by tus and returns its path.
func (s *stand) begin(t *testing.T, f faulttest.File) string {
	t.Helper()
	response, err := s.ana.Do(t.Context(), http.MethodPost, "/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", strconv.FormatInt(f.Size, 10),
		"Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte(f.Name)))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.Header.Get("Location")
}

// pathOf is where an upload is; a location may be a whole URL.
func (s *stand) pathOf(location string) string { return strings.TrimPrefix(location, s.ana.Base) }

func shareOf(path string) protocol.ShareID {
	return protocol.ShareID(path[strings.LastIndex(path, "/")+1:])
}

func (s *stand) patch(ctx context.Context, path string, from int64, body io.Reader) error {
	response, err := s.ana.Do(ctx, http.MethodPatch, path, body, "Tus-Resumable", "1.0.0",
		"Upload-Offset", strconv.FormatInt(from, 10), "Content-Type", "application/offset+octet-stream")
	if err == nil {
		response.Body.Close()
	}
	return err
}

// followed uploads the first bytes of a file and no more until bo has got them, which
// no proxy can bring about that keeps what it is sent. Then the sender breaks off, and
// goes on from what the server has, and bo, who is still there, gets the rest.
func (s *stand) followed(t *testing.T) {
	t.Helper()
	file := faulttest.File{Name: "followed", Size: 3 * mib, Seed: 1}
	const first = 64 * kib
	path := s.pathOf(s.begin(t, file))
	ctx, cut := context.WithCancel(t.Context())
	defer cut()
	body, sender := io.Pipe()
	sent := make(chan error, 1)
	go func() { sent <- s.patch(ctx, path, 0, body) }()
	go io.CopyN(sender, file.From(0), first)
	within, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	following, err := s.bo.Do(within, http.MethodGet, "/v1/shares/"+string(shareOf(path))+"/content", nil)
	if err != nil {
		t.Fatalf("following an upload that has begun: %v", err)
	}
	defer following.Body.Close()
	got := make([]byte, first)
	if _, err := io.ReadFull(following.Body, got); err != nil {
		t.Fatalf("the first bytes of an upload that rests: %v", err)
	}
	s.journal.Fault("cut", "the sender breaks off")
	cut()
	sender.CloseWithError(context.Canceled) // what still reads from it ends
	if err := <-sent; !errors.Is(err, context.Canceled) {
		t.Fatalf("an upload that broke off: %v", err)
	}
	offset := s.offset(t, path)
	if offset < first {
		t.Errorf("the server has %d bytes, and bo has %d", offset, first)
	}
	if err := s.patch(t.Context(), path, offset, file.From(offset)); err != nil {
		t.Fatalf("going on at %d: %v", offset, err)
	}
	rest, err := io.ReadAll(following.Body)
	if err != nil {
		t.Fatalf("the rest of what was followed: %v", err)
	}
	if whole, _ := io.ReadAll(file.From(0)); !bytes.Equal(append(got, rest...), whole) {
		t.Errorf("%d bytes came that are not the file", len(got)+len(rest))
	}
}

// offset asks where an upload is.
func (s *stand) offset(t *testing.T, path string) (offset int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := faulttest.Persist(ctx, func(ctx context.Context) error {
		header, err := s.ana.Ask(ctx, http.MethodHead, path, nil, nil, "Tus-Resumable", "1.0.0")
		if err == nil {
			offset, err = strconv.ParseInt(header.Get("Upload-Offset"), 10, 64)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return offset
}

// large sends files that no buffer of a proxy holds, appended and with their offer.
// bo hears of each, and receives it.
func (s *stand) large(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for name, way := range map[string]faulttest.Way{"appended": faulttest.ByTus, "deposited": faulttest.ByDeposit} {
		file := faulttest.File{Name: name, Size: 12*mib + 1, Seed: uint64(len(name))}
		id, err := s.ana.SendBy(ctx, way, file, everybody)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.bo.AwaitState(ctx, id, protocol.Available); err != nil {
			t.Error(err)
		}
		if sum, err := s.bo.Receive(ctx, id); err != nil || sum != file.SHA256() {
			t.Errorf("%s reads %s, %v", name, sum, err)
		}
	}
}

// ranges asks for the middle of a file.
func (s *stand) ranges(t *testing.T) {
	t.Helper()
	file := faulttest.File{Name: "ranges", Size: 2 * mib, Seed: 4}
	id, err := s.ana.Send(t.Context(), file, everybody)
	if err != nil {
		t.Fatal(err)
	}
	const from, n = mib + 7, 300 * kib
	response, err := s.bo.Do(t.Context(), http.MethodGet, "/v1/shares/"+string(id)+"/content", nil, "Range", fmt.Sprintf("bytes=%d-%d", from, from+n-1))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := io.ReadAll(io.LimitReader(file.From(from), n))
	if response.StatusCode != http.StatusPartialContent || response.Header.Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", from, from+n-1, file.Size) || !bytes.Equal(got, want) {
		t.Errorf("a range is answered %s %s with %d bytes", response.Status, response.Header.Get("Content-Range"), len(got))
	}
}
