package server

import (
	"bytes"
	"net/http"
	"strconv"
	"time"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

// getThumbnail is GET and HEAD /v1/shares/{id}/thumbnail: the small picture of a
// share. A browser may keep it and asks each time whether it may show it still: who
// may not see the share, or no longer, is not shown its picture.
func (s *Server) getThumbnail(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	id := shareID(r)
	picture, err := s.Shares.Thumbnail(r.Context(), caller, id)
	if err != nil {
		return err
	}
	h := w.Header()
	harmless(h)
	h.Set("ETag", strconv.Quote("thumbnail-"+string(id))) // it never changes
	h.Set("Content-Type", protocol.ThumbnailType(picture))
	h.Set("Cache-Control", "private, no-cache")
	h.Add("Vary", "Authorization")
	r.Header.Del("Range") // nobody needs a part of it
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(picture))
	return nil
}
