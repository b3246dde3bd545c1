package client

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/handout-rtc/handout/protocol"
)

// source is the bytes of a file that is sent. What is sent is hashed on its way.
type source interface {
	// from returns what goes into the next request, which begins at an offset.
	from(offset int64) (piece, error)
	// sum is the SHA-256 of all that was sent, lower-case hex.
	sum() string
}

// piece is the bytes of one request.
type piece struct {
	offset, n int64
	last      bool             // the file ends with them
	open      func() io.Reader // reads them from their beginning, however often
}

// rolling hashes bytes that come in order, some of them more than once.
type rolling struct {
	hash hash.Hash
	upTo int64 // bytes hashed
}

func newRolling() *rolling { return &rolling{hash: sha256.New()} }

// add takes bytes that stand at an offset, at most the one that was reached.
func (r *rolling) add(offset int64, p []byte) {
	if known := r.upTo - offset; known < int64(len(p)) {
		p = p[max(known, 0):]
		r.hash.Write(p) // a hash never fails
		r.upTo += int64(len(p))
	}
}

func (r *rolling) sum() string { return hex.EncodeToString(r.hash.Sum(nil)) }

// fileSource can be read anywhere, so that one request carries all that is left.
type fileSource struct {
	*rolling
	file io.ReaderAt
	size int64
}

func (s *fileSource) from(offset int64) (piece, error) {
	if offset > s.size {
		return piece{}, fmt.Errorf("the upload has %d bytes, the file %d", offset, s.size)
	}
	// What another run has sent is hashed from the file.
	if s.upTo < offset {
		missing := io.NewSectionReader(s.file, s.upTo, offset-s.upTo)
		if n, err := io.Copy(s.hash, missing); err != nil || n != offset-s.upTo {
			return piece{}, fmt.Errorf("reading the file: %w", cmp.Or(err, io.ErrUnexpectedEOF))
		}
		s.upTo = offset
	}
	n := s.size - offset
	open := func() io.Reader {
		at := offset
		return &watchedReader{io.NewSectionReader(s.file, offset, n), func(p []byte) {
			s.add(at, p)
			at += int64(len(p))
		}}
	}
	return piece{offset, n, true, open}, nil
}

// streamPiece is how much of a stream is sent in one request, and kept until it is
// acknowledged, in bytes.
const streamPiece = 4 << 20

// streamSource can be read once. The piece that is not acknowledged yet is kept.
type streamSource struct {
	*rolling
	stream io.Reader
	kept   []byte
	at     int64 // offset of what is kept
	ended  bool
}

func (s *streamSource) from(offset int64) (piece, error) {
	if offset == s.at+int64(len(s.kept)) && !s.ended {
		if err := s.read(offset); err != nil {
			return piece{}, err
		}
	}
	skip := offset - s.at
	if skip < 0 || skip > int64(len(s.kept)) {
		return piece{}, errors.New("the server lacks bytes that the stream gave and that are gone")
	}
	rest := s.kept[skip:]
	return piece{offset, int64(len(rest)), s.ended, func() io.Reader { return bytes.NewReader(rest) }}, nil
}

func (s *streamSource) read(offset int64) error {
	if s.kept == nil {
		s.kept = make([]byte, 0, streamPiece)
	}
	n, err := io.ReadFull(s.stream, s.kept[:streamPiece])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		s.ended, err = true, nil
	}
	if err != nil {
		return fmt.Errorf("reading what is sent: %w", err)
	}
	s.kept, s.at = s.kept[:n], offset
	s.add(offset, s.kept)
	return nil
}

// changed says that the bytes recorded are not those of the source.
func changed(share protocol.Share, sent string) error {
	return protocol.NewError(protocol.CodeChecksumMismatch,
		fmt.Sprintf("what was sent of %q has SHA-256 %s, what was recorded %s: the file changed while it was sent", share.Name, sent, share.SHA256))
}
