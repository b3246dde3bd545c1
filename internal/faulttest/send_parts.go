package faulttest

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/handout-rtc/handout/protocol"
)

// ByJoin sends a file as so many partial uploads and has them joined: tus,
// concatenation.
func ByJoin(parts int) Way {
	return func(ctx context.Context, c *Client, f File, to protocol.Audience) (protocol.ShareID, error) {
		var paths []string
		for _, p := range f.cut(0, parts) {
			path, err := c.partial(ctx, p)
			if err != nil {
				return "", err
			}
			paths = append(paths, path)
		}
		return c.join(ctx, f, to, paths)
	}
}

// BySplit begins a file by tus, with a quarter of it, and then has the rest come in
// so many parts.
func BySplit(parts int) Way {
	return func(ctx context.Context, c *Client, f File, to protocol.Audience) (protocol.ShareID, error) {
		path, _, err := c.create(ctx, f, to, 0)
		if err != nil {
			return "", err
		}
		if err := c.fill(ctx, piece{f, 0, f.Size / 4}, path, 0); err != nil {
			return shareOf(path), err
		}
		return shareOf(path), c.split(ctx, f, path, parts)
	}
}

// cut returns so many pieces of about the same size, from a position on.
func (f File) cut(from int64, parts int) (pieces []piece) {
	for left := int64(parts); left > 0; left-- {
		size := (f.Size - from) / left
		pieces = append(pieces, piece{f, from, size})
		from += size
	}
	return pieces
}

// partial makes a partial upload of a piece, and returns its path when it is whole.
func (c *Client) partial(ctx context.Context, p piece) (path string, err error) {
	err = Persist(ctx, func(ctx context.Context) error {
		path, _, err = c.post(ctx, piece{}, []string{
			"Tus-Resumable", "1.0.0", "Upload-Concat", "partial", "Upload-Length", strconv.FormatInt(p.size, 10),
		})
		return err
	})
	if err != nil {
		return "", err
	}
	c.made(p.file, path, true)
	return path, c.fill(ctx, p, path, 0)
}

// join asks for the file of partial uploads, until it is told that it is whole.
func (c *Client) join(ctx context.Context, f File, to protocol.Audience, paths []string) (id protocol.ShareID, err error) {
	headers := append(c.creation(f.Name, to), "Upload-Concat", "final;"+strings.Join(paths, " "))
	err = Persist(ctx, func(ctx context.Context) error {
		path, _, err := c.post(ctx, piece{}, headers)
		id = shareOf(path)
		return err
	})
	if err == nil {
		c.made(f, uploadsPath+string(id), false)
	}
	return id, err
}

// split has what an upload lacks come in so many parts, sends them one after the
// other, and returns when the share is available.
func (c *Client) split(ctx context.Context, f File, path string, parts int) error {
	id := shareOf(path)
	var reply protocol.Parts
	err := Persist(ctx, func(ctx context.Context) error {
		reply = protocol.Parts{}
		_, err := c.Ask(ctx, http.MethodPost, "/v1/shares/"+string(id)+"/parts", protocol.Split{Count: parts}, &reply)
		return err
	})
	if err != nil {
		return err
	}
	for _, part := range reply.Parts {
		c.made(f, part.UploadURL, true)
		if err := c.fill(ctx, piece{f, part.Offset, part.Size}, part.UploadURL, part.Received); err != nil {
			return err
		}
	}
	return Persist(ctx, func(ctx context.Context) error {
		share, err := c.Share(ctx, id)
		if err == nil && share.State == protocol.Uploading {
			err = fmt.Errorf("%s is not complete yet", id)
		}
		return err
	})
}
