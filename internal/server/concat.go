package server

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Files that come in parts: the concatenation extension of tus 1.0, and the
// request that splits an upload that has begun.

// concat is what an Upload-Concat header says; the zero value is none.
type concat struct {
	raw     string
	partial bool
	parts   []protocol.ShareID // of a final upload, in order; never empty for one
}

const finalPrefix = "final;"

// concatHeader reads Upload-Concat: "partial", or "final;" and the addresses of
// the partial uploads, absolute or relative, with a space between them.
func concatHeader(h http.Header) (concat, error) {
	values := h.Values("Upload-Concat")
	switch {
	case len(values) == 0:
		return concat{}, nil
	case len(values) > 1:
		return concat{}, protocol.NewError(protocol.CodeInvalidRequest, "Upload-Concat stands twice")
	case len(values[0]) > protocol.MaxConcatBytes:
		return concat{}, protocol.NewError(protocol.CodeRequestTooLarge, "Upload-Concat is too large")
	case values[0] == store.ConcatPartial:
		return concat{raw: values[0], partial: true}, nil
	}
	list, final := strings.CutPrefix(values[0], finalPrefix)
	if !final {
		return concat{}, protocol.NewError(protocol.CodeInvalidRequest, `Upload-Concat is neither "partial" nor "final;" and addresses`)
	}
	c := concat{raw: values[0]}
	seen := make(map[protocol.ShareID]bool)
	for address := range strings.FieldsSeq(list) {
		id, ok := uploadOf(address)
		switch {
		case !ok:
			return concat{}, protocol.NewError(protocol.CodeInvalidRequest, "Upload-Concat has what is no address of an upload")
		case seen[id]:
			return concat{}, protocol.NewError(protocol.CodeInvalidRequest, "Upload-Concat has an upload twice")
		case len(c.parts) == protocol.MaxParts:
			return concat{}, protocol.NewError(protocol.CodeInvalidRequest, "Upload-Concat has more than "+strconv.Itoa(protocol.MaxParts)+" uploads")
		}
		seen[id] = true
		c.parts = append(c.parts, id)
	}
	if c.parts == nil {
		return concat{}, protocol.NewError(protocol.CodeInvalidRequest, "Upload-Concat joins nothing")
	}
	return c, nil
}

// uploadOf returns the upload that an address means. Its host is not looked at: a
// server behind a proxy does not know by what names it is reached.
func uploadOf(address string) (protocol.ShareID, bool) {
	base := url.URL{Scheme: "http", Host: "handout", Path: uploadsPath}
	meant, err := base.Parse(address)
	if err != nil || meant.Scheme != "http" && meant.Scheme != "https" || meant.RawQuery != "" || meant.Fragment != "" {
		return "", false
	}
	id, ok := strings.CutPrefix(meant.Path, uploadsPath+"/")
	return protocol.ShareID(id), ok && id != "" && !strings.Contains(id, "/")
}

func uploadPath(id protocol.ShareID) string { return uploadsPath + "/" + string(id) }

// printConcat is the Upload-Concat of a share that is joined from these.
func printConcat(parts []protocol.ShareID) string {
	addresses := make([]string, len(parts))
	for i, id := range parts {
		addresses[i] = uploadPath(id)
	}
	return finalPrefix + strings.Join(addresses, " ")
}

// tusJoin is POST /uploads with "Upload-Concat: final": it makes a share of
// partial uploads, and answers when all its bytes are there and durable.
func (s *Server) tusJoin(w http.ResponseWriter, r *http.Request, caller share.Caller, c concat) error {
	if r.Header.Get("Upload-Length") != "" || r.Header.Get("Upload-Defer-Length") != "" {
		return protocol.NewError(protocol.CodeInvalidRequest, "the length of a final upload is that of its parts")
	}
	if r.ContentLength != 0 {
		return protocol.NewError(protocol.CodeInvalidRequest, "a final upload takes no bytes")
	}
	metadata, err := metadataHeader(r.Header)
	if err != nil {
		return err
	}
	union := share.Union{Draft: metadata.draft(nil), Parts: c.parts, Concat: c.raw}
	union.To, union.UserRefs = recipients(caller, r.URL.Query(), audienceOf(metadata.values))
	made, err := s.Shares.Join(r.Context(), caller, union)
	if err != nil {
		return err
	}
	if err := s.Uploads.Join(r.Context(), made.ID); err != nil {
		return err
	}
	w.Header().Set("Location", uploadPath(made.ID))
	w.WriteHeader(http.StatusCreated)
	return nil
}

// splitUpload is POST /v1/shares/{id}/parts: the rest of an upload comes in parts
// from now on, which can be sent at once. Repeating it tells how far they are.
func (s *Server) splitUpload(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	record, err := s.Shares.Authorise(r.Context(), caller, shareID(r), share.Write)
	if err != nil {
		return err
	}
	var request protocol.Split
	if err := readJSON(w, r, &request); err != nil {
		return err
	}
	if request.Count < 1 || request.Count > protocol.MaxParts {
		return protocol.NewError(protocol.CodeInvalidRequest, `"count" is from 1 to `+strconv.Itoa(protocol.MaxParts))
	}
	if record.Partial() {
		return protocol.NewError(protocol.CodeInvalidRequest, "a part has no parts")
	}
	from, parts, err := s.Uploads.Split(r.Context(), record.ID, request.Count, printConcat)
	if err != nil {
		return err
	}
	reply := protocol.Parts{Parts: make([]protocol.Part, len(parts))}
	for i, part := range parts {
		reply.Parts[i] = protocol.Part{Offset: from, Size: *part.Size, Received: part.Offset, UploadURL: uploadPath(part.ID)}
		from += *part.Size
	}
	writeJSON(w, http.StatusOK, reply)
	return nil
}
