package server

import (
	"context"
	"net/http"
	"strconv"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

// The second dialect of uploads: Resumable Uploads for HTTP,
// https://datatracker.ietf.org/doc/draft-ietf-httpbis-resumable-upload/. An
// upload is spoken to in the dialect that it was made in: by tus it is complete
// with its last byte, here when its sender says so.

// partialMediaType is that of an append.
const partialMediaType = "application/partial-upload"

// either lets the dialect answer that the request speaks.
func (s *Server) either(tus, resumable func(http.ResponseWriter, *http.Request, share.Caller) error) http.Handler {
	asTus, asResumable := s.tus(tus), s.resumable(resumable)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if speaksResumable(r) {
			asResumable.ServeHTTP(w, r)
			return
		}
		asTus.ServeHTTP(w, r)
	})
}

// speaksResumable reports whether the request is of this dialect. A plain DELETE
// is: tus has none without its version.
func speaksResumable(r *http.Request) bool {
	if r.Header.Get("Tus-Resumable") != "" {
		return false
	}
	return isPush(r) || len(r.Header.Values("Upload-Complete")) > 0 || r.Header.Get(interopHeader) != "" ||
		mediaType(r.Header) == partialMediaType || r.Method == http.MethodDelete
}

// resumable wraps a handler of the dialect: each of its answers tells the limits.
func (s *Server) resumable(handle func(http.ResponseWriter, *http.Request, share.Caller) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if version := interopOf(r.Header); version != "" {
			w.Header().Set(interopHeader, version)
		}
		s.limits(w, r, store.Share{})
		caller, err := s.sharer(r)
		if err == nil {
			s.limits(w, r, unmade(caller))
			err = handle(w, acting(r, string(caller.ID)), caller)
		}
		if err != nil {
			s.failResumable(w, r, err)
		}
	})
}

// unmade stands for an upload that the caller might make.
func unmade(caller share.Caller) store.Share {
	return store.Share{Share: protocol.Share{Room: caller.Room}}
}

// resumableCreate is POST /uploads (upload creation). The file is named by
// Content-Disposition and Content-Type, its recipients by the query.
func (s *Server) resumableCreate(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	a, err := appendOf(r, 0)
	if err != nil {
		return err
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return protocol.NewError(protocol.CodeUnsupportedMedia, "a file is kept as it is: no Content-Encoding")
	}
	if err := s.fits(r.Context(), caller, a, r.ContentLength); err != nil {
		return err
	}
	key, err := idempotencyKey(r.Header)
	if err != nil {
		return err
	}
	batch := share.Batch{Key: key, Drafts: []share.Draft{{Name: fileName(r), Type: fileType(r.Header), Size: a.Length, Dialect: store.DialectIETF}}}
	batch.To, batch.UserRefs = recipients(caller, r.URL.Query(), recipientsOf(r.URL.Query()))
	made, err := s.Shares.Offer(r.Context(), caller, batch)
	if err != nil {
		return err
	}
	record := made[0]
	w.Header().Set("Location", uploadPath(record.ID))
	s.limits(w, r, record)
	if record.State == protocol.Uploading && (a.Last || r.ContentLength != 0) {
		a.ID = record.ID
		if record, err = s.take(w, r, a); err != nil {
			return err
		}
	}
	s.answerTaken(w, caller, record, http.StatusCreated)
	return nil
}

// fits refuses, before anything is made of it, a body that no upload of that
// length would take.
func (s *Server) fits(ctx context.Context, caller share.Caller, a upload.Append, body int64) error {
	limit := s.limitsIn(ctx, caller.Room).FileSize
	switch {
	case a.Length != nil && body > *a.Length:
		return protocol.NewError(protocol.CodeLengthMismatch, "the body is longer than Upload-Length")
	case body > limit:
		return share.TooLarge(limit)
	}
	return nil
}

// resumableHead is HEAD and GET /uploads/{id} (offset retrieval).
func (s *Server) resumableHead(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	if len(r.Header.Values("Upload-Complete"))+len(r.Header.Values("Upload-Offset")) > 0 {
		return protocol.NewError(protocol.CodeInvalidRequest, "Upload-Complete and Upload-Offset are for who sends bytes")
	}
	known, err := s.Shares.Authorise(r.Context(), caller, protocol.ShareID(r.PathValue("id")), share.Write)
	if err == nil {
		err = inDialect(known, true)
	}
	if err != nil {
		return err
	}
	record, err := s.Uploads.Offset(r.Context(), known.ID)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	if record.Size != nil {
		w.Header().Set("Upload-Length", strconv.FormatInt(*record.Size, 10))
	}
	s.standing(w, r, record)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// resumablePatch is PATCH /uploads/{id} (upload append).
func (s *Server) resumablePatch(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	known, err := s.Shares.Authorise(r.Context(), caller, protocol.ShareID(r.PathValue("id")), share.Write)
	if err == nil {
		err = inDialect(known, true)
	}
	if err != nil {
		return err
	}
	if mediaType(r.Header) != partialMediaType {
		return protocol.NewError(protocol.CodeUnsupportedMedia, "Content-Type must be "+partialMediaType)
	}
	offset := countField(r.Header, "Upload-Offset")
	if offset == nil {
		return protocol.NewError(protocol.CodeInvalidRequest, "Upload-Offset is required")
	}
	a, err := appendOf(r, *offset)
	if err != nil {
		return err
	}
	s.limits(w, r, known)
	a.ID = known.ID
	record, err := s.take(w, r, a)
	if err != nil {
		return err
	}
	s.answerTaken(w, caller, record, http.StatusNoContent)
	return nil
}

// inDialect refuses a request to an upload of the other dialect: the two do not
// agree on when an upload is complete.
func inDialect(record store.Share, marked bool) error {
	switch {
	case record.Marked() == marked:
		return nil
	case marked:
		return protocol.NewError(protocol.CodeForbidden, "the upload was made by tus: go on by tus")
	}
	return protocol.NewError(protocol.CodeForbidden, "the upload was made by Resumable Uploads for HTTP: go on by that")
}

// take appends the request's body, and tells meanwhile how far it is.
func (s *Server) take(w http.ResponseWriter, r *http.Request, a upload.Append) (store.Share, error) {
	interim := newInterim(w, r)
	interim.announce()
	if r.ContentLength != 0 {
		body := newPacedBody(w, r, s.Pace, s.Metrics.receive)
		defer body.done()
		a.Body, a.BodyLength, a.Yield = &tellingBody{body, interim}, r.ContentLength, body.yield
		a.Kept = interim.kept.Store
	}
	record, err := s.Uploads.Append(r.Context(), a)
	if protocol.CodeOf(err) == protocol.CodeOffsetMismatch {
		err = &misplaced{error: err, expected: record.Offset, provided: a.Offset, complete: record.State == protocol.Available}
	}
	return record, err
}
