package server

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

// Parsers of the tus 1.0 request headers. Each returns CodeInvalidRequest for
// anything that the protocol does not allow.

// countHeader reads a header that holds one non-negative integer. It returns
// nil if the header is absent.
func countHeader(h http.Header, name string) (*int64, error) {
	values := h.Values(name)
	switch len(values) {
	case 0:
		return nil, nil
	case 1:
		n, err := protocol.ParseCount(values[0])
		if err != nil {
			return nil, protocol.NewError(protocol.CodeInvalidRequest, name+" is not a non-negative integer")
		}
		return &n, nil
	}
	return nil, protocol.NewError(protocol.CodeInvalidRequest, name+" stands twice")
}

// lengthHeader reads Upload-Length and Upload-Defer-Length of a creation:
// exactly one of the two. It returns nil for a deferred length.
func lengthHeader(h http.Header) (*int64, error) {
	length, err := countHeader(h, "Upload-Length")
	if err != nil {
		return nil, err
	}
	deferred := h.Values("Upload-Defer-Length")
	switch {
	case len(deferred) == 0 && length == nil:
		return nil, protocol.NewError(protocol.CodeInvalidRequest, "Upload-Length or Upload-Defer-Length is required")
	case len(deferred) == 0:
		return length, nil
	case length != nil:
		return nil, protocol.NewError(protocol.CodeInvalidRequest, "Upload-Length and Upload-Defer-Length exclude each other")
	case len(deferred) > 1 || deferred[0] != "1":
		return nil, protocol.NewError(protocol.CodeInvalidRequest, `Upload-Defer-Length must be "1"`)
	}
	return nil, nil
}

// checksumHeader reads Upload-Checksum: an algorithm and a base64 digest. It
// returns nil if the header is absent.
func checksumHeader(h http.Header) (*upload.Checksum, error) {
	values := h.Values("Upload-Checksum")
	switch {
	case len(values) == 0:
		return nil, nil
	case len(values) > 1:
		return nil, protocol.NewError(protocol.CodeInvalidRequest, "Upload-Checksum stands twice")
	}
	algorithm, encoded, _ := strings.Cut(values[0], " ")
	digest, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, protocol.NewError(protocol.CodeInvalidRequest, "Upload-Checksum is not base64")
	}
	return upload.NewChecksum(algorithm, digest)
}
