package upload

import (
	"crypto/sha1" //nolint:gosec // demanded by tus (checksum extension), not relied upon
	"crypto/sha256"
	"crypto/subtle"
	"hash"

	"github.com/handout-rtc/handout/protocol"
)

// Checksum is the digest that a client expects of one append (tus 1.0,
// checksum extension).
type Checksum struct {
	algorithm string
	want      []byte
}

// ChecksumAlgorithms lists what NewChecksum takes, as tus names them.
func ChecksumAlgorithms() []string { return []string{"sha1", "sha256"} }

// NewChecksum returns the expectation of a digest, or CodeInvalidRequest for
// an unknown algorithm or a digest of the wrong length.
func NewChecksum(algorithm string, digest []byte) (*Checksum, error) {
	c := &Checksum{algorithm: algorithm, want: digest}
	h := c.hash()
	if h == nil {
		return nil, protocol.NewError(protocol.CodeInvalidRequest, "unknown checksum algorithm")
	}
	if len(digest) != h.Size() {
		return nil, protocol.NewError(protocol.CodeInvalidRequest, "checksum of the wrong length")
	}
	return c, nil
}

// hash returns a fresh hash of the algorithm, nil if it is unknown.
func (c *Checksum) hash() hash.Hash {
	switch c.algorithm {
	case "sha1":
		return sha1.New()
	case "sha256":
		return sha256.New()
	}
	return nil
}

func (c *Checksum) matches(h hash.Hash) bool {
	return subtle.ConstantTimeCompare(h.Sum(nil), c.want) == 1
}
