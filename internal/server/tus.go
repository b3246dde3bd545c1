package server

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

// The tus 1.0 dialect: https://tus.io/protocols/resumable-upload

const (
	tusVersion    = "1.0.0"
	tusExtensions = "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation"
	tusMediaType  = "application/offset+octet-stream"
	uploadsPath   = "/uploads"
)

// underUploads reports whether the address is one of the dialect.
func underUploads(r *http.Request) bool {
	return r.URL.Path == uploadsPath || strings.HasPrefix(r.URL.Path, uploadsPath+"/")
}

// nameVersion makes every answer of the dialect name its version, whoever gives
// it: also one to an address or a method that is none (tus 1.0, Tus-Resumable).
func nameVersion(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if underUploads(r) {
			w.Header().Set("Tus-Resumable", tusVersion)
		}
		next.ServeHTTP(w, r)
	})
}

// tus wraps a handler of the dialect: a request of another version is refused
// before anything is done. Who only asks may omit the header, as other servers allow.
func (s *Server) tus(handle func(http.ResponseWriter, *http.Request, share.Caller) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		version := r.Header.Get("Tus-Resumable")
		if version != tusVersion && (version != "" || r.Method != http.MethodHead && r.Method != http.MethodGet) {
			w.Header().Set("Tus-Version", tusVersion)
			s.fail(w, r, protocol.NewError(protocol.CodeUnsupportedTus, "this server speaks tus "+tusVersion))
			return
		}
		caller, err := s.sharer(r)
		if err == nil {
			err = handle(w, acting(r, string(caller.ID)), caller)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
}

// uploadOptions says what the server can do, in both dialects; in the caller's room,
// to who says who it is. A browser asks without, so nobody is refused.
func (s *Server) uploadOptions(w http.ResponseWriter, r *http.Request) {
	var asked store.Share
	if r.Header.Get("Authorization") != "" {
		if caller, err := s.sharer(r); err == nil {
			asked = unmade(caller)
		}
	}
	h := w.Header()
	h.Set("Accept-Patch", partialMediaType+", "+tusMediaType)
	s.limits(w, r, asked)
	h.Set("Tus-Version", tusVersion)
	h.Set("Tus-Extension", tusExtensions)
	h.Set("Tus-Checksum-Algorithm", strings.Join(upload.ChecksumAlgorithms(), ","))
	h.Set("Tus-Max-Size", strconv.FormatInt(s.limitsIn(r.Context(), asked.Room).FileSize, 10))
	w.WriteHeader(http.StatusOK) // not 204: some browsers refuse it for a preflight
}

// tusCreate is POST /uploads (creation, creation-with-upload,
// creation-defer-length, concatenation).
func (s *Server) tusCreate(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	concat, err := concatHeader(r.Header)
	if err != nil {
		return err
	}
	if concat.parts != nil {
		return s.tusJoin(w, r, caller, concat)
	}
	length, err := lengthHeader(r.Header)
	if err != nil {
		return err
	}
	metadata, err := metadataHeader(r.Header)
	if err != nil {
		return err
	}
	withBody := r.Header.Get("Content-Type") == tusMediaType
	checksum, err := checksumHeader(r.Header)
	if err != nil {
		return err
	}
	if length != nil && withBody && r.ContentLength > *length {
		return protocol.NewError(protocol.CodeRequestTooLarge, "the body is longer than Upload-Length")
	}
	key, err := idempotencyKey(r.Header)
	if err != nil {
		return err
	}
	batch := share.Batch{Key: key, Drafts: []share.Draft{metadata.draft(length)}}
	batch.To, batch.UserRefs = recipients(caller, r.URL.Query(), audienceOf(metadata.values))
	if !concat.partial && withBody && isDeposit(r, length, checksum) {
		return s.tusDeposit(w, r, caller, batch)
	}
	record, err := s.created(r.Context(), caller, batch, concat)
	if err != nil {
		return err
	}
	w.Header().Set("Location", uploadPath(record.ID))
	begun := record.Offset > 0 || record.State != protocol.Uploading // by an earlier request of the same key
	if (withBody || length != nil && *length == 0) && !begun {
		record, err = s.append(w, r, upload.Append{ID: record.ID, Checksum: checksum}, withBody)
		if err != nil {
			return err
		}
	}
	s.answerCreation(w, record)
	return nil
}

// created makes the share, or the partial upload, that a creation asks for.
func (s *Server) created(ctx context.Context, caller share.Caller, batch share.Batch, concat concat) (store.Share, error) {
	if concat.partial {
		return s.Shares.OfferPartial(ctx, caller, batch.Drafts[0])
	}
	made, err := s.Shares.Offer(ctx, caller, batch)
	if err != nil {
		return store.Share{}, err
	}
	return made[0], nil
}

// uploadGet is GET /uploads/{id}: of no dialect, it asks what HEAD does.
func (s *Server) uploadGet(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	if r.Header.Get("Tus-Resumable") != "" {
		return protocol.NewError(protocol.CodeNotFound, "there is nothing to get by tus")
	}
	return s.tusHead(w, r, caller)
}

// tusHead is HEAD /uploads/{id}: where the upload stands. Who does not say which
// dialect it speaks is told in both.
func (s *Server) tusHead(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	id := protocol.ShareID(r.PathValue("id"))
	known, err := s.Shares.Authorise(r.Context(), caller, id, share.Write)
	if err != nil {
		return err
	}
	either := r.Header.Get("Tus-Resumable") == ""
	if err := inDialect(known, false); err != nil && !either {
		return err
	}
	record, err := s.Uploads.Offset(r.Context(), id)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if either {
		s.limits(w, r, record)
		h.Set("Upload-Complete", completeness(record))
	}
	if record.Concat != "" {
		h.Set("Upload-Concat", record.Concat)
	}
	if !record.Joined() || record.State == protocol.Available { // tus 1.0, concatenation: not before it is joined
		h.Set("Upload-Offset", strconv.FormatInt(record.Offset, 10))
	}
	if record.Size != nil {
		h.Set("Upload-Length", strconv.FormatInt(*record.Size, 10))
	} else {
		h.Set("Upload-Defer-Length", "1")
	}
	if record.Metadata != "" {
		h.Set("Upload-Metadata", record.Metadata)
	}
	s.expires(w, record)
	w.WriteHeader(http.StatusOK)
	return nil
}

// tusPatch is PATCH /uploads/{id}: one append.
func (s *Server) tusPatch(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	id := protocol.ShareID(r.PathValue("id"))
	known, err := s.Shares.Authorise(r.Context(), caller, id, share.Write)
	if err != nil {
		return err
	}
	if known.Joined() {
		return protocol.NewError(protocol.CodeForbidden, "the upload comes in parts: only they take bytes")
	}
	if err := inDialect(known, false); err != nil {
		return err
	}
	if r.Header.Get("Content-Type") != tusMediaType {
		return protocol.NewError(protocol.CodeUnsupportedMedia, "Content-Type must be "+tusMediaType)
	}
	offset, err := countHeader(r.Header, "Upload-Offset")
	if err != nil {
		return err
	}
	if offset == nil {
		return protocol.NewError(protocol.CodeInvalidRequest, "Upload-Offset is required")
	}
	a := upload.Append{ID: id, Offset: *offset}
	if a.Length, err = countHeader(r.Header, "Upload-Length"); err != nil {
		return err
	}
	if a.Checksum, err = checksumHeader(r.Header); err != nil {
		return err
	}
	record, err := s.append(w, r, a, true)
	if err != nil {
		return err
	}
	w.Header().Set("Upload-Offset", strconv.FormatInt(record.Offset, 10))
	s.expires(w, record)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// uploadDelete is DELETE /uploads/{id} (tus, termination; upload cancellation): it
// cancels an upload and revokes a complete share.
func (s *Server) uploadDelete(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	id := protocol.ShareID(r.PathValue("id"))
	record, err := s.Shares.Authorise(r.Context(), caller, id, share.Write)
	if err != nil {
		return err
	}
	if record.State.Ended() {
		return protocol.NewError(protocol.CodeShareEnded, "the upload was "+string(record.State))
	}
	if err := s.Shares.End(r.Context(), caller, id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// append passes the request's body on, at the pace that the server demands.
func (s *Server) append(w http.ResponseWriter, r *http.Request, a upload.Append, withBody bool) (store.Share, error) {
	if withBody {
		body := newPacedBody(w, r, s.Pace, s.Metrics.receive)
		defer body.done()
		a.Body, a.BodyLength, a.Yield = body, r.ContentLength, body.yield
	}
	return s.Uploads.Append(r.Context(), a)
}

// expires tells when an upload that gets no more bytes is given up (tus 1.0,
// expiration). A complete share has no such time.
func (s *Server) expires(w http.ResponseWriter, record store.Share) {
	if record.State != protocol.Uploading {
		return
	}
	at := s.now().Add(time.Duration(s.Limits.UploadIdleSeconds) * time.Second)
	if record.ExpiresAt.Before(at) {
		at = record.ExpiresAt
	}
	w.Header().Set("Upload-Expires", at.UTC().Format(http.TimeFormat))
}

// overrideMethod lets clients that can only POST say what they mean (tus 1.0,
// X-HTTP-Method-Override). It must run before routing.
func overrideMethod(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && underUploads(r) {
			if method := r.Header.Get("X-HTTP-Method-Override"); method != "" {
				// A copy: net/http goes by its own request when it answers.
				meant := r.WithContext(r.Context())
				meant.Method = method
				defer func() { r.Pattern = meant.Pattern }() // for the metrics
				next.ServeHTTP(w, meant)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
