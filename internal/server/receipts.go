package server

import (
	"net/http"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

// sayReceipts is POST /v1/rooms/{room}/receipts.
func (s *Server) sayReceipts(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	var words protocol.ReceiptWords
	if err := readJSON(w, r, &words); err != nil {
		return err
	}
	answers, err := s.Shares.Say(r.Context(), caller, words.Receipts)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, protocol.ReceiptAnswers{Receipts: answers})
	return nil
}

// listReceipts is GET /v1/rooms/{room}/receipts.
func (s *Server) listReceipts(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	since := int64(0)
	if text := r.URL.Query().Get("since"); text != "" {
		var err error
		if since, err = protocol.ParseCount(text); err != nil {
			return protocol.NewError(protocol.CodeInvalidRequest, "since is not a number")
		}
	}
	page, err := s.Shares.ReceiptsSince(r.Context(), caller, since)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, page)
	return nil
}

// getReceipts is GET /v1/shares/{id}/receipts.
func (s *Server) getReceipts(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	ledger, err := s.Shares.Receipts(r.Context(), caller, shareID(r), after(r))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, ledger)
	return nil
}

// after is the participant behind which a page of receipts begins.
func after(r *http.Request) protocol.ParticipantID {
	return protocol.ParticipantID(r.URL.Query().Get("after"))
}
