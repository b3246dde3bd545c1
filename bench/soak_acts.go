package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/handout-rtc/handout/protocol"
)

// soakBlock is where the bytes of all files are cut from; mostSoaked is the
// largest of them.
const soakBlock, mostSoaked = 8 << 20, 4 << 20

// acts are what participants do, orderly and not. Each checks what comes of it.
var acts = []struct {
	name string
	do   func(*actor, context.Context) error
}{
	{"file sent, received, revoked", (*actor).sendWhole},
	{"small files sent, received, revoked", (*actor).sendSmall},
	{"upload cut off, resumed, received", (*actor).sendCut},
	{"upload cancelled while it runs", (*actor).cancel},
	{"file received by two while it is sent", (*actor).follow},
	{"file sent in parts, joined, received", (*actor).sendParts},
	{"slow reader that goes away", (*actor).readSlowly},
	{"participants that come and go", (*actor).churn},
	{"requests that are refused", (*actor).misbehave},
}

// file returns the bytes of a file.
func (a *actor) file(most int) payload {
	size := inOneRequest + 1 + a.random.IntN(most-inOneRequest)
	at := a.random.IntN(soakBlock - size)
	return payload{block: a.soak.body.block[at : at+size], size: int64(size)}
}

// from is what is left of a file's bytes.
func (p payload) from(offset int64) payload {
	return payload{block: p.block[offset:], size: p.size - offset}
}

// received downloads the share and compares it.
func (a *actor) received(c *connection, id string, body payload) error {
	want := sha256.New()
	body.WriteTo(want) // a hash never fails
	got := sha256.New()
	if err := a.visit.get(c, id, got); err != nil {
		return err
	}
	if string(got.Sum(nil)) != string(want.Sum(nil)) {
		return errors.New("what came back is not what was sent")
	}
	return nil
}

// end cancels or revokes the share.
func (a *actor) end(c *connection, id string) error {
	_, err := c.do(request{method: http.MethodDelete, path: "/v1/shares/" + id, head: a.visit.authorization, want: http.StatusNoContent}, nil)
	return err
}

// receivedAndEnded is how most acts end: the file is whole, and then gone.
func (a *actor) receivedAndEnded(c *connection, id string, body payload) error {
	if err := a.received(c, id, body); err != nil {
		return err
	}
	if err := a.end(c, id); err != nil {
		return err
	}
	_, err := c.do(request{method: http.MethodGet, path: "/v1/shares/" + id + "/content", head: a.visit.authorization, want: http.StatusGone}, nil)
	return err
}

func (a *actor) sendWhole(ctx context.Context) error {
	return a.with(ctx, func(c *connection) error {
		body := a.file(mostSoaked)
		id, err := a.visit.put(c, body)
		if err != nil {
			return err
		}
		return a.receivedAndEnded(c, id, body)
	})
}

func (a *actor) sendSmall(ctx context.Context) error {
	return a.with(ctx, func(c *connection) error {
		for range 10 {
			body := a.file(mostSoaked).of(1 + a.random.Int64N(inOneRequest))
			id, err := a.visit.put(c, body)
			if err == nil {
				err = a.receivedAndEnded(c, id, body)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// cuts is how often sendCut hangs up.
const cuts = 3

// sendCut hangs up in the middle of the body, some times, and goes on where the
// server says, which is never before where it was.
func (a *actor) sendCut(ctx context.Context) error {
	body := a.file(mostSoaked)
	var share protocol.OfferedShare
	if err := a.with(ctx, func(c *connection) (err error) {
		share, err = a.visit.offer(c, body.size)
		return err
	}); err != nil {
		return err
	}
	at := int64(0)
	for range cuts {
		err := a.with(ctx, func(c *connection) (err error) {
			if at, err = a.furtherThan(c, share.UploadURL, at); err != nil {
				return err
			}
			return a.sendSome(c, share.UploadURL, at, body.from(at))
		})
		if err != nil {
			return err
		}
	}
	if err := a.goOn(ctx, share.UploadURL, body, at); err != nil {
		return err
	}
	return a.with(ctx, func(c *connection) error { return a.receivedAndEnded(c, string(share.ID), body) })
}

// goOn sends what is left of the upload. A request that was cut off may reach the
// server after the question how far it is: then this one is at the wrong offset, is
// answered early, and its connection ends with the answer. That, and nothing else, may
// be tried again: the upload is further now than it was said to be, and it happens at
// most once for each request that was cut off.
func (a *actor) goOn(ctx context.Context, path string, body payload, at int64) error {
	var failed error
	for try := 0; ; try++ {
		err := a.with(ctx, func(c *connection) error {
			offset, err := a.furtherThan(c, path, at)
			if err != nil {
				return errors.Join(failed, err)
			}
			if failed != nil && (offset == at || try > cuts) {
				return fmt.Errorf("no request that was cut off explains why an append at %d failed, with the upload at %d now: %w", at, offset, failed)
			}
			at = offset
			_, failed = c.do(a.patch(path, offset, body.from(offset)), nil)
			return nil
		})
		if err != nil || failed == nil {
			return err
		}
	}
}

// furtherThan asks how far the upload is. What has been told once stays.
func (a *actor) furtherThan(c *connection, path string, at int64) (int64, error) {
	offset, err := a.offset(c, path)
	if err == nil && offset < at {
		err = fmt.Errorf("the upload was at %d and is at %d", at, offset)
	}
	return offset, err
}

func (a *actor) patch(path string, offset int64, body payload) request {
	return request{
		method: http.MethodPatch, path: path, want: http.StatusNoContent, body: body,
		head: a.visit.authorization + tusHead + "Upload-Offset: " + strconv.FormatInt(offset, 10) + "\r\n",
	}
}

// sendSome sends a part of the body and hangs up.
func (a *actor) sendSome(c *connection, path string, offset int64, body payload) error {
	r := a.patch(path, offset, body)
	if _, err := fmt.Fprintf(c.conn, "%s %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %d\r\n\r\n", r.method, r.path, r.head, body.size); err != nil {
		return err
	}
	_, err := body.of(1 + a.random.Int64N(body.size/2)).WriteTo(c.conn)
	return err
}

// offset asks how far the upload is, again while the request that was cut off has
// not let go of it (423).
func (a *actor) offset(c *connection, path string) (int64, error) {
	for try := 1; ; try++ {
		header, err := c.do(request{method: http.MethodHead, path: path, head: a.visit.authorization + "Tus-Resumable: 1.0.0\r\n", want: http.StatusOK}, nil)
		if err == nil {
			return strconv.ParseInt(header.Get("Upload-Offset"), 10, 64)
		}
		if try == 10 || !strings.Contains(err.Error(), "status 423") {
			return 0, err
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// cancel ends an upload on another connection while it runs.
func (a *actor) cancel(ctx context.Context) error {
	return a.with(ctx, func(c *connection) error {
		body := a.file(mostSoaked)
		share, err := a.visit.offer(c, body.size)
		if err != nil {
			return err
		}
		body.over = time.Second
		answered := make(chan error, 1)
		go func() {
			answered <- a.with(ctx, func(sender *connection) error {
				_, err := sender.do(a.patch(share.UploadURL, 0, body), nil)
				return err
			})
		}()
		a.rest(ctx, 100*time.Millisecond)
		if err := a.end(c, string(share.ID)); err != nil {
			return err
		}
		if err := <-answered; err == nil {
			return errors.New("an upload was complete that had been cancelled")
		}
		var now protocol.Share
		if err := a.read(c, "/v1/shares/"+string(share.ID), &now); err != nil {
			return err
		}
		if now.State != protocol.Cancelled {
			return fmt.Errorf("it was cancelled and is %s", now.State)
		}
		return nil
	})
}

// follow has two download a file from its first byte, while it is sent.
func (a *actor) follow(ctx context.Context) error {
	return a.with(ctx, func(c *connection) error {
		body := a.file(mostSoaked)
		share, err := a.visit.offer(c, body.size)
		if err != nil {
			return err
		}
		var group errgroup.Group
		for range 2 {
			group.Go(func() error {
				return a.with(ctx, func(c *connection) error { return a.received(c, string(share.ID), body) })
			})
		}
		paced := body
		paced.over = time.Second
		_, err = c.do(a.patch(share.UploadURL, 0, paced), nil)
		if err = errors.Join(err, group.Wait()); err != nil {
			return err
		}
		return a.end(c, string(share.ID))
	})
}

// sendParts sends a file as partial uploads of tus and has them joined.
func (a *actor) sendParts(ctx context.Context) error {
	return a.with(ctx, func(c *connection) error {
		body := a.file(mostSoaked)
		var paths []string
		for at := int64(0); at < body.size; {
			n := min(body.size/3+1, body.size-at)
			header, err := c.do(request{
				method: http.MethodPost, path: "/uploads", want: http.StatusCreated, body: body.from(at).of(n),
				head: a.visit.authorization + tusHead + "Upload-Concat: partial\r\nUpload-Length: " + strconv.FormatInt(n, 10) + "\r\n",
			}, nil)
			if err != nil {
				return err
			}
			paths = append(paths, header.Get("Location"))
			at += n
		}
		header, err := c.do(request{
			method: http.MethodPost, path: "/uploads", want: http.StatusCreated,
			head: a.visit.authorization + "Tus-Resumable: 1.0.0\r\nUpload-Concat: final;" + strings.Join(paths, " ") + "\r\n",
		}, nil)
		if err != nil {
			return err
		}
		return a.receivedAndEnded(c, strings.TrimPrefix(header.Get("Location"), "/uploads/"), body)
	})
}
