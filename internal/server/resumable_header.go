package server

import (
	"math"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/dunglas/httpsfv"

	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

// Parsers of the request headers of Resumable Uploads for HTTP. They are
// structured fields (RFC 9651): one of another type is as if it were absent.

// interopHeader names the version of the draft that a client speaks.
const interopHeader = "Upload-Draft-Interop-Version"

// interopOf returns the version of the draft that the request is in, if the
// server speaks it too, or "": 8 is that of drafts 09 to 12, 6 of 04 and 05.
func interopOf(h http.Header) string {
	if n := countField(h, interopHeader); n != nil {
		switch *n {
		case 6:
			return "6"
		case 8:
			return "8"
		}
	}
	return ""
}

// countField reads a field of one non-negative integer; nil is none.
func countField(h http.Header, name string) *int64 {
	item, err := httpsfv.UnmarshalItem(h.Values(name))
	if err != nil {
		return nil
	}
	n, ok := item.Value.(int64)
	if !ok || n < 0 {
		return nil
	}
	return &n
}

// completeField reads Upload-Complete; given reports whether it is there.
func completeField(h http.Header) (complete, given bool) {
	item, err := httpsfv.UnmarshalItem(h.Values("Upload-Complete"))
	if err != nil {
		return false, false
	}
	complete, given = item.Value.(bool)
	return complete, given
}

// appendOf reads what a creation or an append says of its body, which stands at
// the offset.
func appendOf(r *http.Request, offset int64) (upload.Append, error) {
	a := upload.Append{Offset: offset}
	complete, given := completeField(r.Header)
	switch {
	case given:
	case isPush(r):
		complete = true
	default:
		return a, protocol.NewError(protocol.CodeInvalidRequest, "Upload-Complete is required: ?1 or ?0")
	}
	a.Last = complete
	var err error
	if a.Length, err = lengthField(r, complete, offset); err != nil {
		return a, err
	}
	a.Checksum, err = digestField(r.Header)
	return a, err
}

// lengthField returns the length of the upload, nil if the request does not say
// it: there is a field for it, and the last body ends where the upload does.
func lengthField(r *http.Request, complete bool, offset int64) (*int64, error) {
	length := countField(r.Header, "Upload-Length")
	if !complete || r.ContentLength < 0 {
		return length, nil
	}
	if r.ContentLength > math.MaxInt64-offset {
		return nil, protocol.NewError(protocol.CodeLengthMismatch, "no upload is that long")
	}
	end := offset + r.ContentLength
	if length != nil && *length != end {
		return nil, protocol.NewError(protocol.CodeLengthMismatch, "the last body does not end at Upload-Length")
	}
	return &end, nil
}

// digestField reads the SHA-256 of the body from Content-Digest (RFC 9530). It
// returns nil if there is none; other digests are not looked at.
func digestField(h http.Header) (*upload.Checksum, error) {
	values := h.Values("Content-Digest")
	if len(values) == 0 {
		return nil, nil
	}
	digests, err := httpsfv.UnmarshalDictionary(values)
	if err != nil {
		return nil, protocol.WrapError(protocol.CodeInvalidRequest, "Content-Digest is no dictionary", err)
	}
	member, ok := digests.Get("sha-256")
	if !ok {
		return nil, nil
	}
	item, _ := member.(httpsfv.Item)
	digest, ok := item.Value.([]byte)
	if !ok {
		return nil, protocol.NewError(protocol.CodeInvalidRequest, "Content-Digest has a sha-256 that is none")
	}
	return upload.NewChecksum("sha256", digest)
}

// recipientsOf reads the query: "to" is a list of participant ids with commas
// between, and absent means the room.
func recipientsOf(query url.Values) protocol.Audience {
	if !query.Has("to") {
		return protocol.ToRoom()
	}
	return audienceOf(map[string]string{"to": strings.Join(query["to"], ",")})
}

// fileName returns what Content-Disposition calls the file or, if it does not, the
// query.
func fileName(r *http.Request) string {
	if name := dispositionName(r.Header); name != "" {
		return name
	}
	return r.URL.Query().Get("name")
}

// dispositionName returns the file name of Content-Disposition, "" for none.
func dispositionName(h http.Header) string {
	_, params, err := mime.ParseMediaType(h.Get("Content-Disposition"))
	if err != nil {
		return ""
	}
	return params["filename"]
}

// fileType is the type of the file that a creation makes. That of an append says
// nothing of the file.
func fileType(h http.Header) string {
	if mediaType(h) == partialMediaType {
		return ""
	}
	return h.Get("Content-Type")
}

// mediaType returns the Content-Type without its parameters.
func mediaType(h http.Header) string {
	name, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(name))
}
