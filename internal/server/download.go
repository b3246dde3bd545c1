package server

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/internal/share"
)

// content is GET and HEAD /v1/shares/{id}/content: the bytes, for a bearer
// token or a ticket.
func (s *Server) content(w http.ResponseWriter, r *http.Request) {
	if err := s.sendContent(w, r); err != nil {
		s.fail(w, r, err)
	}
}

func (s *Server) sendContent(w http.ResponseWriter, r *http.Request) error {
	caller, err := s.reader(r)
	if err != nil {
		return err
	}
	sending := &pacedSender{ResponseWriter: w, control: http.NewResponseController(w), pace: s.Pace}
	content, err := s.Shares.Content(r.Context(), caller, shareID(r), sending.cut)
	if err != nil {
		return err
	}
	defer content.Close()
	defer sending.done()
	contentHeaders(w.Header(), content)
	dropManyRanges(r)
	// The reader is passed bare: whatever wraps the file hides it from
	// sendfile. The name is empty and the type set, so nothing is sniffed.
	http.ServeContent(sending, r, "", time.Time{}, content.Reader)
	return nil
}

// reader is the caller that a ticket or a bearer token stands for.
func (s *Server) reader(r *http.Request) (share.Caller, error) {
	if secret := r.URL.Query().Get("ticket"); secret != "" {
		return s.Shares.Redeem(r.Context(), secret, shareID(r))
	}
	return s.caller(r)
}

// contentHeaders makes the response safe to open in any browser: it is a file
// to keep, of no type that could run, in no context where it could run.
func contentHeaders(h http.Header, content *share.Content) {
	sum := content.Share.SHA256
	h.Set("ETag", `"`+sum+`"`)
	if raw, err := hex.DecodeString(sum); err == nil {
		h.Set("Repr-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(raw)+":") // RFC 9530
	}
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", attachment(content.Share.Name))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "private, no-store")
}

// attachment returns a Content-Disposition that names the file twice: in the
// plain characters that every parser reads alike, and in full (RFC 6266,
// RFC 8187).
func attachment(name string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._-", r):
			return r
		}
		return '_'
	}, name)
	// QueryEscape leaves only characters that RFC 8187 lets stand, but for the
	// "+" that it writes for a blank.
	full := strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	return `attachment; filename="` + plain + `"; filename*=UTF-8''` + full
}

// dropManyRanges lets a request for several ranges be answered whole: nobody
// needs them, and overlapping ones are an old way to exhaust a server.
func dropManyRanges(r *http.Request) {
	if strings.Contains(r.Header.Get("Range"), ",") {
		r.Header.Del("Range")
	}
}

// errShareEnded ends a response in the middle; the client sees it cut short.
var errShareEnded = errors.New("the share ended")

// sendPiece is how much is sent under one deadline.
const sendPiece = 1 << 20

// pacedSender is a response that must keep the pace and that can be cut off.
// It passes the file on to the connection, so that the kernel can send it.
type pacedSender struct {
	http.ResponseWriter
	control *http.ResponseController
	pace    Pace
	ended   atomic.Bool // the share ended: nothing more may be sent
}

// cut makes the transfer stop where it stands. It may come from any goroutine.
func (p *pacedSender) cut() {
	p.ended.Store(true)
	_ = p.control.SetWriteDeadline(time.Unix(1, 0))
}

// done lifts the deadline, so that the connection can be used again.
func (p *pacedSender) done() { _ = p.control.SetWriteDeadline(time.Time{}) }

// ReadFrom implements io.ReaderFrom for what http.ServeContent passes: a
// bounded part of the file.
func (p *pacedSender) ReadFrom(src io.Reader) (sent int64, err error) {
	part, ok := src.(*io.LimitedReader)
	to, can := p.ResponseWriter.(io.ReaderFrom)
	if !ok || !can {
		return io.Copy(struct{ io.Writer }{p.ResponseWriter}, src)
	}
	for part.N > 0 {
		piece := &io.LimitedReader{R: part.R, N: min(part.N, sendPiece)}
		p.extend(piece.N)
		// cut may have set its deadline just before ours: look after setting.
		if p.ended.Load() {
			return sent, errShareEnded
		}
		n, err := to.ReadFrom(piece)
		sent += n
		part.N -= n
		if err != nil || n == 0 {
			return sent, err
		}
	}
	return sent, nil
}

// extend gives the next n bytes the time that the slowest permitted receiver
// needs for them.
func (p *pacedSender) extend(n int64) {
	_ = p.control.SetWriteDeadline(time.Now().Add(p.pace.Grace + time.Duration(n/p.pace.MinRate)*time.Second))
}
