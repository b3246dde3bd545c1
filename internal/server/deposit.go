package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/upload"
)

// isDeposit reports whether a creation brings a small file whole, so that one
// step can make an available share of it.
func isDeposit(r *http.Request, length *int64, checksum *upload.Checksum) bool {
	return length != nil && *length > 0 && *length <= upload.MaxDeposit && r.ContentLength == *length && checksum == nil
}

// tusDeposit is POST /uploads with all bytes of a small file. One whose bytes do
// not all come is an upload like any other.
func (s *Server) tusDeposit(w http.ResponseWriter, r *http.Request, caller share.Caller, batch share.Batch) error {
	drawn, err := s.Shares.Draft(r.Context(), caller, batch)
	record := drawn.Share
	if err == nil && !drawn.Made {
		record, err = s.deposit(w, r, drawn)
		if errors.Is(err, store.ErrConflict) { // the same request overtook this one
			drawn, err = s.Shares.Draft(r.Context(), caller, batch)
			record = drawn.Share
		}
	}
	if record.ID != "" {
		w.Header().Set("Location", uploadPath(record.ID))
	}
	if err != nil {
		return err
	}
	s.answerCreation(w, record)
	return nil
}

// deposit passes the request's body on, at the pace that the server demands.
func (s *Server) deposit(w http.ResponseWriter, r *http.Request, drawn share.Drawn) (store.Share, error) {
	body := newPacedBody(w, r, s.Pace, s.Metrics.receive)
	defer body.done()
	record, err := s.Uploads.Deposit(r.Context(), upload.Deposit{
		Share: drawn.Share, Quota: drawn.Quota, Body: body, Yield: body.yield, Orphaned: s.Shares.Orphaned,
		Create: func(ctx context.Context) (store.Share, error) { return s.Shares.Create(ctx, drawn) },
	})
	if errors.Is(err, store.ErrStaleRules) {
		s.Shares.RulesChanged(drawn.Share.Room)
	}
	return record, err
}

// answerCreation says where the new upload is, and how far.
func (s *Server) answerCreation(w http.ResponseWriter, record store.Share) {
	w.Header().Set("Upload-Offset", strconv.FormatInt(record.Offset, 10))
	s.expires(w, record)
	w.WriteHeader(http.StatusCreated)
}
