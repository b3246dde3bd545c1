package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// What the server says in Resumable Uploads for HTTP: how an upload stands, what
// its limits are, and, while a body comes, how far it is.

// statusResumable is "104 Upload Resumption Supported".
const statusResumable = 104

// maxFieldInteger is the largest integer of a structured field (RFC 9651).
const maxFieldInteger = 999_999_999_999_999

// passesInterim is what a proxy says with a request to get responses 104 for its
// client. There are some, nginx among them, that take the first response for the
// only one, whatever its status.
const passesInterim = "Handout-Interim"

// interim sends responses 104 to who speaks a version of the draft that the
// server speaks too, and to no proxy that has not asked for them; nobody else is to
// get them. It is for the goroutine that serves the request, but for kept.
type interim struct {
	w      http.ResponseWriter
	silent bool
	kept   atomic.Int64 // the offset that was recorded last while the body came
	told   int64        // the offset that was sent last
}

func newInterim(w http.ResponseWriter, r *http.Request) *interim {
	return &interim{w: w, silent: interopOf(r.Header) == "" || !r.ProtoAtLeast(1, 1) || proxied(r.Header) && r.Header.Get(passesInterim) == ""}
}

// proxied reports whether a proxy says that the request came through it.
func proxied(h http.Header) bool {
	return h.Get("X-Forwarded-For") != "" || h.Get("Forwarded") != "" || h.Get("Via") != ""
}

// announce tells who creates an upload where it is, so that it can go on with it
// whatever becomes of the request.
func (i *interim) announce() {
	if !i.silent && i.w.Header().Get("Location") != "" {
		i.w.WriteHeader(statusResumable)
	}
}

// progress tells how far the upload is, if that is news. Only what is recorded is
// told: the client may forget its bytes.
func (i *interim) progress() {
	at := i.kept.Load()
	if i.silent || at == i.told {
		return
	}
	i.told = at
	header := i.w.Header()
	location := header["Location"]
	delete(header, "Location") // the draft forbids it beside an offset
	header.Set("Upload-Offset", strconv.FormatInt(at, 10))
	i.w.WriteHeader(statusResumable)
	header.Del("Upload-Offset")
	if location != nil {
		header["Location"] = location
	}
}

// tellingBody tells between two reads how far the upload is.
type tellingBody struct {
	io.Reader
	interim *interim
}

// Read implements io.Reader.
func (b *tellingBody) Read(p []byte) (int, error) {
	b.interim.progress()
	return b.Reader.Read(p)
}

// limits tells what is taken of an upload. One of no id is yet to be made in its
// room, or in any if it has none. Version 6 of the draft has another word for the
// time that is left.
func (s *Server) limits(w http.ResponseWriter, r *http.Request, record store.Share) {
	in := s.limitsIn(r.Context(), record.Room)
	size, left := in.FileSize, time.Duration(min(in.UploadIdleSeconds, in.LifetimeSeconds))*time.Second
	if record.ID != "" {
		size = most(record, size)
		left = max(0, min(left, record.ExpiresAt.Sub(s.now())))
	}
	age := "max-age"
	if interopOf(r.Header) == "6" {
		age = "expires"
	}
	w.Header().Set("Upload-Limit", fmt.Sprintf("max-size=%d, %s=%d", min(size, maxFieldInteger), age, int64(left.Seconds())))
}

// limitsIn returns the limits that hold in a room; the server's where none is known,
// or its rules cannot be read.
func (s *Server) limitsIn(ctx context.Context, room protocol.RoomID) protocol.Limits {
	if room == "" {
		return s.Limits
	}
	in, err := s.Shares.LimitsIn(ctx, room)
	if err != nil {
		return s.Limits // what the request is for will meet the same error
	}
	return in
}

// most is how large an upload may become. What it was made with stays, whatever the
// room has laid down since.
func most(record store.Share, limit int64) int64 {
	if record.Size == nil {
		return record.Reserved
	}
	return max(*record.Size, limit)
}

// standing tells how an upload stands.
func (s *Server) standing(w http.ResponseWriter, r *http.Request, record store.Share) {
	w.Header().Set("Upload-Offset", strconv.FormatInt(record.Offset, 10))
	w.Header().Set("Upload-Complete", completeness(record))
	s.limits(w, r, record)
}

func completeness(record store.Share) string {
	if record.State == protocol.Available {
		return "?1"
	}
	return "?0"
}

// answerTaken answers a request whose body was taken: with the share if that is
// complete now, and with status otherwise.
func (s *Server) answerTaken(w http.ResponseWriter, caller share.Caller, record store.Share, status int) {
	h := w.Header()
	h.Set("Upload-Offset", strconv.FormatInt(record.Offset, 10))
	h.Set("Upload-Complete", completeness(record))
	if record.State != protocol.Available {
		w.WriteHeader(status)
		return
	}
	digestHeader(h, record.Share)
	writeJSON(w, http.StatusOK, caller.View(record))
}

// misplaced is an append at an offset that the upload is not at.
type misplaced struct {
	error
	expected, provided int64
	complete           bool // the upload is
}

// Unwrap lets the code be found.
func (m *misplaced) Unwrap() error { return m.error }
