package server

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

// metadata is what the Upload-Metadata of a creation says (tus 1.0).
type metadata struct {
	values map[string]string // the thumbnail is not among them
	// raw is the header as the client sent it, without the thumbnail: a client hears it
	// again by HEAD, and proxies do not pass on an answer with so large a header.
	raw       string
	thumbnail []byte
}

const (
	thumbnailKey = "thumbnail"
	// mostThumbnail is the longest pair of a thumbnail: one that is a little too large
	// is told so, and not that the header is.
	mostThumbnail = protocol.MaxThumbnailBytes*4/3 + 1<<10
)

// metadataHeader reads Upload-Metadata.
func metadataHeader(h http.Header) (metadata, error) {
	rest, encoded, err := splitThumbnail(strings.Join(h.Values("Upload-Metadata"), ","))
	if err != nil {
		return metadata{}, err
	}
	m := metadata{raw: rest}
	if m.thumbnail, err = base64.StdEncoding.Strict().DecodeString(encoded); err != nil {
		return metadata{}, protocol.NewError(protocol.CodeInvalidRequest, "Upload-Metadata has a thumbnail that is not base64")
	}
	m.values, err = parseMetadata(rest)
	return m, err
}

// splitThumbnail takes the thumbnail out of Upload-Metadata, in base64; "" is none.
func splitThumbnail(header string) (rest, thumbnail string, err error) {
	if len(header) > protocol.MaxMetadataBytes+mostThumbnail {
		return "", "", protocol.NewError(protocol.CodeRequestTooLarge, "Upload-Metadata is too large")
	}
	var others []string
	found := false
	for pair := range strings.SplitSeq(header, ",") {
		key, value, _ := strings.Cut(strings.Trim(pair, " "), " ")
		switch {
		case key != thumbnailKey:
			others = append(others, pair)
		case found:
			return "", "", protocol.NewError(protocol.CodeInvalidRequest, "Upload-Metadata has a key twice")
		default:
			found, thumbnail = true, value
		}
	}
	return strings.Join(others, ","), thumbnail, nil
}

// draft returns the file that the metadata tells of.
func (m metadata) draft(length *int64) share.Draft {
	return share.Draft{
		Name: firstOf(m.values, "filename", "name"), Type: firstOf(m.values, "filetype", "type"), Path: protocol.PathOf(m.values["relativePath"]),
		Thumbnail: m.thumbnail, Size: length, Metadata: m.raw,
	}
}

// parseMetadata reads Upload-Metadata: comma-separated pairs of a key and an
// optional base64 value (tus 1.0, creation extension).
func parseMetadata(header string) (map[string]string, error) {
	if len(header) > protocol.MaxMetadataBytes {
		return nil, protocol.NewError(protocol.CodeRequestTooLarge, "Upload-Metadata is too large")
	}
	values := make(map[string]string)
	if strings.TrimSpace(header) == "" {
		return values, nil
	}
	for pair := range strings.SplitSeq(header, ",") {
		key, encoded, _ := strings.Cut(strings.Trim(pair, " "), " ")
		if !validMetadataKey(key) {
			return nil, protocol.NewError(protocol.CodeInvalidRequest, "Upload-Metadata has a key that is empty or not ASCII")
		}
		if _, twice := values[key]; twice {
			return nil, protocol.NewError(protocol.CodeInvalidRequest, "Upload-Metadata has a key twice")
		}
		value, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil {
			return nil, protocol.NewError(protocol.CodeInvalidRequest, "Upload-Metadata has a value that is not base64")
		}
		if values[key] = string(value); len(values) > protocol.MaxMetadataKeys {
			return nil, protocol.NewError(protocol.CodeInvalidRequest, "Upload-Metadata has too many keys")
		}
	}
	return values, nil
}

func validMetadataKey(key string) bool {
	for _, c := range []byte(key) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return key != ""
}

// audienceOf reads the key "to" of the metadata: a comma-separated list of
// participant ids. An absent key is the whole room; an empty one is nobody.
func audienceOf(metadata map[string]string) protocol.Audience {
	list, given := metadata["to"]
	if !given {
		return protocol.ToRoom()
	}
	var to protocol.Audience
	for id := range strings.SplitSeq(list, ",") {
		if id = strings.TrimSpace(id); id != "" {
			to.List = append(to.List, protocol.ParticipantID(id))
		}
	}
	return to
}

// firstOf returns the first of the keys that the metadata has: clients do not
// agree on the name of the file name.
func firstOf(metadata map[string]string, keys ...string) string {
	for _, key := range keys {
		if value := metadata[key]; value != "" {
			return value
		}
	}
	return ""
}
