package server

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

// content is GET and HEAD /v1/shares/{id}/content: the bytes, for a bearer
// token, the application's credentials or a ticket.
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
	sending := newPacedSender(w, r, s.Pace)
	content, err := s.Shares.Content(r.Context(), caller, shareID(r), sending.cut)
	if err != nil {
		return err
	}
	defer content.Close()
	defer sending.done()
	// Who was dropped before the download could be cut off is found here.
	if err := s.Rooms.Readmit(r.Context(), caller.Room, caller.ID); err != nil {
		return err
	}
	if byLink(r) {
		if at, err := content.Elsewhere(attachment(content.Share.Name)); err != nil || at != "" {
			return redirect(w, at, err)
		}
	}
	s.choosePace(r)
	if r.Method != http.MethodHead {
		defer func() { s.Metrics.downloaded(sending.err) }()
	}
	contentHeaders(w.Header(), content)
	if content.Size() == share.UnknownSize {
		sending.WriteHeader(http.StatusOK)
		if r.Method != http.MethodHead {
			sending.ReadFrom(content)
		}
		return sending.outcome()
	}
	oneRange(r, content)
	// The content is passed bare: whatever wraps the file hides it from
	// sendfile. The name is empty and the type set, so nothing is sniffed.
	http.ServeContent(sending, r, "", time.Time{}, content)
	return sending.outcome()
}

// byLink reports whether the request is a browser's or another's that follows a link,
// and so may be sent elsewhere: one with credentials would take them there, and a page
// that reads the answer could not.
func byLink(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Query().Get("ticket") != "" && r.Header.Get("Authorization") == ""
}

// redirect sends the caller to a URL that nobody else is to have.
func redirect(w http.ResponseWriter, at string, err error) error {
	if err != nil {
		return err
	}
	harmless(w.Header())
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("Location", at)
	w.WriteHeader(http.StatusTemporaryRedirect)
	return nil
}

// reader is the caller that a ticket or a credential stands for.
func (s *Server) reader(r *http.Request) (share.Caller, error) {
	if secret := r.URL.Query().Get("ticket"); secret != "" {
		return s.Shares.Redeem(r.Context(), secret, shareID(r))
	}
	return s.sharer(r)
}

// contentHeaders makes the response safe to open in any browser: it is a file
// to keep, of no type that could run, in no context where it could run.
func contentHeaders(h http.Header, content *share.Content) {
	h.Set("ETag", entityTag(content.Share.Share))
	digestHeader(h, content.Share.Share)
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", attachment(content.Share.Name))
	harmless(h)
	h.Set("Cache-Control", "private, no-store")
}

// harmless keeps what a participant has sent from being anything but what its type
// says, and from running anywhere.
func harmless(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
}

// digestHeader tells the SHA-256 of a complete share (RFC 9530).
func digestHeader(h http.Header, s protocol.Share) {
	if raw, err := hex.DecodeString(s.SHA256); err == nil && len(raw) > 0 {
		h.Set("Repr-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(raw)+":")
	}
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

// entityTag is the SHA-256 of a share, and its id while it is uploading: both
// stand for the same bytes, because what can be read is never taken back.
func entityTag(s protocol.Share) string {
	if s.SHA256 == "" {
		return strconv.Quote(string(s.ID))
	}
	return strconv.Quote(s.SHA256)
}

// oneRange makes the request one that a single range answers. Of several, which
// nobody needs and which are an old way to exhaust a server, none counts. And
// who began while the share was uploading may go on now that it has its hash.
func oneRange(r *http.Request, content *share.Content) {
	if strings.Contains(r.Header.Get("Range"), ",") {
		r.Header.Del("Range")
	}
	if r.Header.Get("If-Range") == strconv.Quote(string(content.Share.ID)) {
		r.Header.Set("If-Range", entityTag(content.Share.Share))
	}
}
