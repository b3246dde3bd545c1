package protocol

import (
	"bytes"
	"strconv"
)

// ThumbnailType returns the MIME type of a picture that may be a thumbnail, by its
// first bytes: image/png, image/jpeg or image/webp, "" for anything else. None of
// the three can hold a script.
func ThumbnailType(picture []byte) string {
	switch {
	case bytes.HasPrefix(picture, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(picture, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case len(picture) >= 12 && string(picture[:4]) == "RIFF" && string(picture[8:12]) == "WEBP":
		return "image/webp"
	}
	return ""
}

// CheckThumbnails reports why pictures may not be the thumbnails of the files of one
// request, if they may not; those without a byte are none. One that is too large,
// and too many together, are CodeRequestTooLarge; what is no picture of a known type
// is CodeUnsupportedMedia.
func CheckThumbnails(pictures ...[]byte) error {
	sum := 0
	for _, picture := range pictures {
		sum += len(picture)
		switch {
		case len(picture) > MaxThumbnailBytes:
			return NewError(CodeRequestTooLarge, "a thumbnail is larger than "+strconv.Itoa(MaxThumbnailBytes)+" bytes")
		case len(picture) > 0 && ThumbnailType(picture) == "":
			return NewError(CodeUnsupportedMedia, "a thumbnail is neither image/png, image/jpeg nor image/webp")
		case sum > MaxThumbnailsBytes:
			return NewError(CodeRequestTooLarge, "the thumbnails of one request are larger than "+strconv.Itoa(MaxThumbnailsBytes)+" bytes")
		}
	}
	return nil
}
