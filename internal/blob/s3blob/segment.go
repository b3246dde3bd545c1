package s3blob

import (
	"crypto/rand"
	"strings"

	"github.com/handout-rtc/handout/internal/blob"
)

// What a bucket can do (Amazon S3, multipart upload limits): a file of several
// segments is joined by copying them, one part each.
const (
	mostParts    = 10_000
	leastPart    = 5 << 20 // bytes; the last part may have fewer
	largestPart  = 5 << 30
	leastSegment = 8 << 20
	// plainSegments is after how many segments of a blob they may get larger: a file
	// that ends before is stored in the same segments, however large one may be.
	plainSegments = 1000
)

// segmentSize is how large a segment is to be that begins at start, behind so many
// others, if the blob may have largest bytes in all: so that mostParts are enough.
func segmentSize(start int64, before int, largest int64) int64 {
	if before < plainSegments || start >= largest {
		return leastSegment
	}
	left := int64(max(mostParts-before, 1))
	return min(max(leastSegment, (largest-start+left-1)/left), largestPart)
}

// sealable reports whether a segment that is to have limit bytes may end with fewer,
// where somebody waits for them: what is shorter is stored once more with what follows.
func sealable(size, limit int64) bool { return size >= leastPart && size >= limit/2 }

// joinable reports whether the segments can be copied into one object as they are.
func joinable(segments []Segment) bool {
	if len(segments) > mostParts {
		return false
	}
	for i, s := range segments {
		if i < len(segments)-1 && s.Length < leastPart || s.Length > largestPart {
			return false
		}
	}
	return len(segments) > 1
}

// Where the objects are, below the prefix.
const (
	segmentsDir = "segments/" // segments/<key>/<random>
	putDir      = "put/"      // put/<key>: small blobs that came whole
	joinedDir   = "joined/"   // joined/<key>: what segments were copied to
)

func segmentName(key blob.Key) string {
	return segmentsDir + string(key) + "/" + strings.ToLower(rand.Text())
}

func putName(key blob.Key) string { return putDir + string(key) }

func joinedName(key blob.Key) string { return joinedDir + string(key) }
