package faulttest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/handout-rtc/handout/protocol"
)

// interop is the version of Resumable Uploads for HTTP that is spoken.
const interop = "8"

// marked is an upload by Resumable Uploads for HTTP: it is complete when its sender
// says so.
type marked struct {
	*Client
	file File
	path string
	at   int64
	done bool
}

// newMarked makes the upload, once however often it has to be asked for.
func newMarked(ctx context.Context, c *Client, f File, to protocol.Audience) (*marked, error) {
	m := &marked{Client: c, file: f}
	query := ""
	if !to.Room {
		list := make([]string, len(to.List))
		for i, id := range to.List {
			list[i] = string(id)
		}
		query = "?to=" + url.QueryEscape(strings.Join(list, ","))
	}
	err := Persist(ctx, func(ctx context.Context) error {
		header, err := c.Ask(ctx, http.MethodPost, "/uploads"+query, nil, nil, "Upload-Draft-Interop-Version", interop,
			"Upload-Complete", "?0", "Upload-Length", strconv.FormatInt(f.Size, 10), "Idempotency-Key", f.key(),
			"Content-Disposition", `inline; filename="`+f.Name+`"`)
		if err == nil {
			m.path = header.Get("Location")
		}
		return err
	})
	if err == nil {
		c.made(f, m.path, false)
	}
	return m, err
}

// fill appends until the upload is complete.
func (m *marked) fill(ctx context.Context) error {
	for !m.done {
		if err := m.append(ctx); err != nil {
			if !Again(err) {
				return err
			}
			if err := m.ask(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// append sends what one PATCH takes of the rest, and marks it if that is all.
func (m *marked) append(ctx context.Context) error {
	p := piece{m.file, m.at, m.file.Size - m.at}
	if m.Append > 0 {
		p.size = min(p.size, m.Append)
	}
	last := p.at+p.size == m.file.Size
	complete := "?0"
	if last {
		complete = "?1"
	}
	response, err := m.Do(ctx, http.MethodPatch, m.path, p.reader(ctx, m.Client), "Upload-Draft-Interop-Version", interop,
		"Upload-Complete", complete, "Upload-Offset", strconv.FormatInt(p.at, 10), "Content-Type", "application/partial-upload")
	if err != nil {
		return err
	}
	response.Body.Close()
	m.at, m.done = p.at+p.size, last
	return nil
}

// ask asks until it is told where the upload is.
func (m *marked) ask(ctx context.Context) error {
	return Persist(ctx, func(ctx context.Context) error {
		header, err := m.Ask(ctx, http.MethodHead, m.path, nil, nil, "Upload-Draft-Interop-Version", interop)
		if err != nil {
			return err
		}
		at := offsetOf(header)
		if at == nil {
			return errors.New("the upload does not say where it is")
		}
		m.at, m.done = *at, header.Get("Upload-Complete") == "?1"
		return nil
	})
}

// ByMark sends a file by Resumable Uploads for HTTP.
func ByMark(ctx context.Context, c *Client, f File, to protocol.Audience) (protocol.ShareID, error) {
	m, err := newMarked(ctx, c, f, to)
	if err != nil {
		return "", err
	}
	return shareOf(m.path), m.fill(ctx)
}
