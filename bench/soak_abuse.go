package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// readSlowly takes a little of a file at a time and goes away without a word. Then
// the file ends while somebody else reads it.
func (a *actor) readSlowly(ctx context.Context) error {
	return a.with(ctx, func(c *connection) error {
		body := a.file(mostSoaked)
		id, err := a.visit.put(c, body)
		if err != nil {
			return err
		}
		get := request{method: http.MethodGet, path: "/v1/shares/" + id + "/content", head: a.visit.authorization}
		err = a.with(ctx, func(slow *connection) error {
			if err := slow.send(get); err != nil {
				return err
			}
			for range 5 {
				if _, err := io.CopyN(io.Discard, slow.in, 16<<10); err != nil {
					return err
				}
				a.rest(ctx, 50*time.Millisecond)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return a.with(ctx, func(reading *connection) error {
			if err := reading.send(get); err != nil {
				return err
			}
			if _, err := io.CopyN(io.Discard, reading.in, 16<<10); err != nil {
				return err
			}
			return a.end(c, id)
		})
	})
}

// churn has participants come and go, some over HTTP and some by hanging up.
func (a *actor) churn(ctx context.Context) error {
	return a.with(ctx, func(c *connection) error {
		for i := range 8 {
			other, err := a.visit.another(c)
			if err != nil {
				return err
			}
			l, err := joinPush(ctx, a.soak.peer.address, other.token, func([]byte) {})
			if err != nil {
				return err
			}
			if i%2 == 0 {
				err = a.leaveByHTTP(c, other)
			}
			l.conn.Close()
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *actor) leaveByHTTP(c *connection, who *handoutVisit) error {
	id, err := who.id()
	if err != nil {
		return err
	}
	_, err = c.do(request{
		method: http.MethodDelete, path: "/v1/rooms/" + string(who.room) + "/participants/" + string(id), head: who.authorization, want: http.StatusNoContent,
	}, nil)
	return err
}

// misbehave asks for what it may not have, says what makes no sense, and begins
// requests that it never ends.
func (a *actor) misbehave(ctx context.Context) error {
	return a.with(ctx, func(c *connection) error {
		share, err := a.visit.offer(c, 1<<20)
		if err != nil {
			return err
		}
		json := "Content-Type: application/json\r\n"
		refused := []request{
			{method: http.MethodGet, path: "/v1/rooms/" + string(a.visit.room) + "/shares", head: "Authorization: Bearer none\r\n", want: http.StatusUnauthorized},
			{method: http.MethodGet, path: "/v1/shares/sh_none", head: a.visit.authorization, want: http.StatusNotFound},
			{method: http.MethodGet, path: "/nowhere", want: http.StatusNotFound},
			{method: http.MethodPost, path: "/v1/rooms/" + string(a.visit.room) + "/shares", head: a.visit.authorization + json, body: a.file(mostSoaked).of(1000), want: http.StatusBadRequest},
		}
		wrong := a.patch(share.UploadURL, 7, a.file(mostSoaked).of(1000))
		wrong.want = http.StatusConflict
		for _, r := range append(refused, wrong) {
			if _, err := c.do(r, nil); err != nil {
				return err
			}
		}
		err = a.with(ctx, func(c *connection) error {
			_, err := fmt.Fprintf(c.conn, "PATCH %s HTTP/1.1\r\nHost: localhost\r\nContent-Le", share.UploadURL)
			return err
		})
		if err != nil {
			return err
		}
		return a.end(c, string(share.ID))
	})
}

// read asks for a value.
func (a *actor) read(c *connection, path string, into any) error {
	var answer bytes.Buffer
	if _, err := c.do(request{method: http.MethodGet, path: path, head: a.visit.authorization, want: http.StatusOK}, &answer); err != nil {
		return err
	}
	return json.Unmarshal(answer.Bytes(), into)
}
