package faulttest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/handout-rtc/handout/protocol"
)

const (
	uploadsPath = "/uploads/"
	appendType  = "application/offset+octet-stream"
)

// Way is how a file is sent: it returns the share that it has become, as soon as
// that is known, also with an error.
type Way func(ctx context.Context, c *Client, f File, to protocol.Audience) (protocol.ShareID, error)

// Send sends a file by tus and returns its share when it is complete. After any
// fault it asks for the offset and goes on from there; it gives up when it is
// refused for good or when ctx ends.
func (c *Client) Send(ctx context.Context, f File, to protocol.Audience) (protocol.ShareID, error) {
	return c.SendBy(ctx, ByTus, f, to)
}

// SendBy sends a file some other way.
func (c *Client) SendBy(ctx context.Context, way Way, f File, to protocol.Audience) (protocol.ShareID, error) {
	end := c.journal.Begin(c.ID, Job{What: "send", Name: f.Name})
	c.journal.Add(Entry{Who: c.ID, Offer: &Offer{File: f, SHA256: f.SHA256(), To: to}})
	id, err := way(ctx, c, f, to)
	end(ended(Job{Share: id}, err))
	return id, err
}

// ByTus creates an upload and appends to it: tus, creation and core.
func ByTus(ctx context.Context, c *Client, f File, to protocol.Audience) (protocol.ShareID, error) {
	path, _, err := c.create(ctx, f, to, 0)
	if err != nil {
		return "", err
	}
	return shareOf(path), c.fill(ctx, piece{f, 0, f.Size}, path, 0)
}

// ByDeposit brings the bytes with the creation: tus, creation-with-upload. What
// does not come that way is appended.
func ByDeposit(ctx context.Context, c *Client, f File, to protocol.Audience) (protocol.ShareID, error) {
	path, offset, err := c.create(ctx, f, to, f.Size)
	if err != nil {
		return "", err
	}
	return shareOf(path), c.fill(ctx, piece{f, 0, f.Size}, path, offset)
}

// create makes an upload, once however often it has to be asked for, and returns
// its path and how much of the file it has got. with bytes of the file come along.
func (c *Client) create(ctx context.Context, f File, to protocol.Audience, with int64) (path string, offset int64, err error) {
	headers := append(c.creation(f.Name, to), "Idempotency-Key", f.key(), "Upload-Length", strconv.FormatInt(f.Size, 10))
	err = Persist(ctx, func(ctx context.Context) error {
		path, offset, err = c.post(ctx, piece{f, 0, with}, headers)
		return err
	})
	if err == nil {
		c.made(f, path, false)
	}
	return path, offset, err
}

// made notes what has become of a file.
func (c *Client) made(f File, path string, part bool) {
	c.journal.Add(Entry{Who: c.ID, Made: &Made{Name: f.Name, Share: shareOf(path), Part: part}})
	if c.Begun != nil && !part {
		c.Begun(f, shareOf(path))
	}
}

// post asks once for an upload that begins with a piece.
func (c *Client) post(ctx context.Context, p piece, headers []string) (path string, offset int64, err error) {
	if p.size > 0 {
		headers = append(headers, "Content-Type", appendType)
	}
	response, err := c.Do(ctx, http.MethodPost, "/uploads", p.reader(ctx, c), headers...)
	if err != nil {
		return "", 0, err
	}
	response.Body.Close()
	path = response.Header.Get("Location")
	if shareOf(path) == "" {
		return "", 0, fmt.Errorf("an upload was made at %q", path)
	}
	if at := offsetOf(response.Header); at != nil {
		offset = *at
	}
	return path, offset, nil
}

// creation is what every creation by tus says.
func (c *Client) creation(name string, to protocol.Audience) []string {
	metadata := "filename " + base64.StdEncoding.EncodeToString([]byte(name))
	if !to.Room {
		list := make([]string, len(to.List))
		for i, id := range to.List {
			list[i] = string(id)
		}
		metadata += ",to " + base64.StdEncoding.EncodeToString([]byte(strings.Join(list, ",")))
	}
	return []string{"Tus-Resumable", "1.0.0", "Upload-Metadata", metadata}
}

// piece is a part of a file.
type piece struct {
	file     File
	at, size int64
}

// reader reads the piece at the client's pace; a piece of no bytes is none.
func (p piece) reader(ctx context.Context, c *Client) *pacedReader {
	return &pacedReader{ctx: ctx, from: p.file.From(p.at), left: p.size, pace: c.Pace}
}

// from is the piece without its first n bytes.
func (p piece) from(n int64) piece { return piece{p.file, p.at + n, p.size - n} }

// checksum is the piece's Upload-Checksum.
func (p piece) checksum() string {
	sum := sha256.New()
	io.Copy(sum, io.NewSectionReader(p.file, p.at, p.size)) // neither side fails
	return "sha256 " + base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

// fill appends to an upload, which is at the offset, until it has all of a piece.
func (c *Client) fill(ctx context.Context, p piece, path string, offset int64) error {
	for offset < p.size {
		next, err := c.append(ctx, p.from(offset), path, offset)
		if err != nil {
			if !Again(err) {
				return err
			}
			if next, err = c.offset(ctx, path); err != nil {
				return err
			}
		}
		offset = next
	}
	return nil
}

// append sends what one PATCH takes of a piece, and returns where the upload is.
func (c *Client) append(ctx context.Context, p piece, path string, offset int64) (int64, error) {
	if c.Append > 0 {
		p.size = min(p.size, c.Append)
	}
	headers := []string{"Tus-Resumable", "1.0.0", "Upload-Offset", strconv.FormatInt(offset, 10), "Content-Type", appendType}
	if c.Checksums {
		headers = append(headers, "Upload-Checksum", p.checksum())
	}
	response, err := c.Do(ctx, http.MethodPatch, path, p.reader(ctx, c), headers...)
	if err != nil {
		return offset, err
	}
	response.Body.Close()
	at := offsetOf(response.Header)
	if at == nil {
		return offset, errors.New("the answer to an append has no Upload-Offset")
	}
	return *at, nil
}

// offset asks until it is told where the upload is.
func (c *Client) offset(ctx context.Context, path string) (offset int64, err error) {
	err = Persist(ctx, func(ctx context.Context) error {
		header, err := c.Ask(ctx, http.MethodHead, path, nil, nil, "Tus-Resumable", "1.0.0")
		if err != nil {
			return err
		}
		at := offsetOf(header)
		if at == nil {
			return errors.New("the upload does not say where it is")
		}
		offset = *at
		return nil
	})
	return offset, err
}

// shareOf is the share that the address of an upload means, "" if it is none.
func shareOf(path string) protocol.ShareID {
	if at := strings.LastIndex(path, uploadsPath); at >= 0 {
		return protocol.ShareID(path[at+len(uploadsPath):])
	}
	return ""
}
