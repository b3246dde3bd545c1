package server

import (
	"net/http"
	"strings"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

// listShares is GET /v1/rooms/{room}/shares.
func (s *Server) listShares(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	if caller.Operator {
		return s.listForApplication(w, r, caller)
	}
	since, err := protocol.ParseCursor(r.URL.Query().Get("since"))
	if err != nil {
		return err
	}
	page, err := s.Shares.List(r.Context(), caller, since)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, page)
	return nil
}

// offerShares is POST /v1/rooms/{room}/shares.
func (s *Server) offerShares(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	key, err := idempotencyKey(r.Header)
	if err != nil {
		return err
	}
	var offer protocol.Offer
	if err := readJSON(w, r, &offer); err != nil {
		return err
	}
	if !caller.Operator { // a participant is who its token says
		offer.SenderName, offer.ToUserRefs = "", nil
	}
	switch {
	case offer.To == nil && len(offer.ToUserRefs) > 0:
		offer.To = &protocol.Audience{}
	case offer.To == nil:
		return protocol.NewError(protocol.CodeInvalidRequest, `"to" is required: "room" or a list of participant ids`)
	}
	caller.Name = senderName(offer.SenderName, caller.Name)
	batch := share.Batch{To: *offer.To, UserRefs: offer.ToUserRefs, Key: key}
	for _, file := range offer.Files {
		if file.Size == nil {
			return protocol.NewError(protocol.CodeInvalidRequest, "a file has no size")
		}
		if *file.Size == 0 {
			return protocol.NewError(protocol.CodeEmptyFile, "a file has zero bytes")
		}
		batch.Drafts = append(batch.Drafts, share.Draft{Name: file.Name, Type: file.Type, Size: file.Size, Path: file.Path, Thumbnail: file.Thumbnail})
	}
	created, err := s.Shares.Offer(r.Context(), caller, batch)
	if err != nil {
		return err
	}
	reply := protocol.Offered{Shares: make([]protocol.OfferedShare, len(created))}
	for i, record := range created {
		reply.Shares[i] = protocol.OfferedShare{Share: record.Share, UploadURL: uploadPath(record.ID)}
	}
	writeJSON(w, http.StatusCreated, reply)
	return nil
}

// maxKeyLength bounds what a client may name its request by.
const maxKeyLength = 64

// idempotencyKey reads the Idempotency-Key header
// (draft-ietf-httpapi-idempotency-key-header): a structured field's string, or
// the same without its quotes, as many clients send it. "" is none.
func idempotencyKey(h http.Header) (string, error) {
	values := h.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", nil
	}
	key := values[0]
	if unquoted, ok := strings.CutPrefix(key, `"`); ok {
		key, ok = strings.CutSuffix(unquoted, `"`)
		if !ok {
			key = ""
		}
	}
	outside := func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }
	if len(values) > 1 || key == "" || len(key) > maxKeyLength || strings.ContainsFunc(key, outside) {
		return "", protocol.NewError(protocol.CodeInvalidRequest,
			"Idempotency-Key is one string of 1 to 64 visible ASCII characters without quotes and backslashes")
	}
	return key, nil
}

// getShare is GET /v1/shares/{id}.
func (s *Server) getShare(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	seen, err := s.Shares.Get(r.Context(), caller, shareID(r))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, seen)
	return nil
}

// endShare is DELETE /v1/shares/{id}.
func (s *Server) endShare(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	if err := s.Shares.End(r.Context(), caller, shareID(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// createTicket is POST /v1/shares/{id}/tickets.
func (s *Server) createTicket(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	id := shareID(r)
	secret, expires, err := s.Shares.Ticket(r.Context(), caller, id)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusCreated, protocol.Ticket{
		URL:       "/v1/shares/" + string(id) + "/content?ticket=" + secret,
		ExpiresAt: expires.UTC(),
	})
	return nil
}

func shareID(r *http.Request) protocol.ShareID { return protocol.ShareID(r.PathValue("id")) }
