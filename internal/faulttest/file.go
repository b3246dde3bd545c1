package faulttest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
)

// File is something to send, which the checker can make again from its seed, at
// any position: so each byte that anybody got is held against what was sent. It
// implements io.ReaderAt.
type File struct {
	Name string `json:"name"` // of its own in a test: it tells what was made of it
	Size int64  `json:"size"` // bytes
	Seed uint64 `json:"seed"`
}

// ReadAt implements io.ReaderAt: the key stream of AES in counter mode.
func (f File) ReadAt(p []byte, at int64) (int, error) {
	n := int(max(0, min(int64(len(p)), f.Size-at)))
	if n > 0 {
		var key, counter [aes.BlockSize]byte
		binary.BigEndian.PutUint64(key[:], f.Seed)
		binary.BigEndian.PutUint64(counter[8:], uint64(at/aes.BlockSize))
		block, err := aes.NewCipher(key[:])
		if err != nil {
			return 0, err
		}
		stream := cipher.NewCTR(block, counter[:])
		var before [aes.BlockSize]byte
		stream.XORKeyStream(before[:at%aes.BlockSize], before[:at%aes.BlockSize])
		clear(p[:n])
		stream.XORKeyStream(p[:n], p[:n])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// From returns the bytes from a position to the end.
func (f File) From(at int64) *io.SectionReader { return io.NewSectionReader(f, at, f.Size-at) }

// key is an Idempotency-Key of the file's own.
func (f File) key() string {
	sum := sha256.Sum256([]byte(f.Name))
	return hex.EncodeToString(sum[:16])
}

// SHA256 is the hash of the file, in lower-case hex.
func (f File) SHA256() string { return f.sum(0, f.Size) }

// SumFrom is the hash of the bytes from a position to the end.
func (f File) SumFrom(at int64) string { return f.sum(at, f.Size-at) }

// sum is the hash of n bytes from a position.
func (f File) sum(at, n int64) string {
	hash := sha256.New()
	io.CopyBuffer(hash, struct{ io.Reader }{io.NewSectionReader(f, at, n)}, make([]byte, 256<<10)) // neither side fails
	return hex.EncodeToString(hash.Sum(nil))
}
