package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/handout-rtc/handout/protocol"
)

// ReceiveOptions are for who wants to know more.
type ReceiveOptions struct {
	// Progress, if set, is called with the bytes that are here.
	Progress func(bytes int64)
}

// Receive writes the bytes of a share to w, from the first on, and returns the share
// when their SHA-256 is the recorded one. A share that is still uploading is followed
// to its end. Lost connections are waited out, and no byte is asked for twice.
//
// Whatever was written before an error must be thrown away. Errors:
// protocol.CodeShareNotFound, CodeShareEnded, CodeForbidden, CodeChecksumMismatch; the
// cause, if the context ends; what w returns.
func (r *Room) Receive(ctx context.Context, id protocol.ShareID, w io.Writer, options ReceiveOptions) (protocol.Share, error) {
	d := &download{room: r, id: id, to: w, hash: newRolling(), progress: options.Progress}
	ctx, stop := r.within(ctx)
	defer stop()
	return d.run(ctx)
}

// download is one share on its way here.
type download struct {
	room     *Room
	id       protocol.ShareID
	to       io.Writer
	hash     *rolling // its upTo is how many bytes are here
	tag      string   // ETag of the bytes so far
	progress func(int64)
}

// errShort: the connection ended as if it were complete, and the file did not.
var errShort = errors.New("the connection ended before the file did")

// run brings every byte here and says to the sender what became of it.
func (d *download) run(ctx context.Context) (protocol.Share, error) {
	share, err := d.bring(ctx)
	switch {
	case err == nil:
		d.say(ctx, protocol.ReceiptWord{Share: d.id, State: protocol.ReceiptReceived, SHA256: share.SHA256})
	case context.Cause(ctx) == ErrSuspend:
	case ctx.Err() != nil:
		d.say(ctx, protocol.ReceiptWord{Share: d.id, State: protocol.ReceiptCancelled})
	default:
		d.say(ctx, protocol.ReceiptWord{Share: d.id, State: protocol.ReceiptFailed, Reason: string(protocol.CodeOf(err))})
	}
	return share, err
}

func (d *download) bring(ctx context.Context) (share protocol.Share, err error) {
	tries := newAttempts()
	err = tries.until(ctx, func() error {
		before := d.hash.upTo
		err := d.fetch(ctx)
		if d.hash.upTo > before {
			tries.moved()
		}
		if err == nil {
			share, err = d.room.settled(ctx, d.id)
		}
		if err == nil {
			err = d.compare(share)
		}
		if err != nil {
			d.room.log.Info("a download was interrupted", "share", d.id, "bytes", d.hash.upTo, "err", err)
		}
		return err
	})
	if err != nil {
		return protocol.Share{}, err
	}
	return share, nil
}

// compare holds what is here against what was recorded.
func (d *download) compare(share protocol.Share) error {
	if err := endedError(share); err != nil {
		return final(err)
	}
	switch {
	case d.hash.upTo < share.Offset:
		return errShort
	case d.hash.sum() != share.SHA256:
		return final(protocol.NewError(protocol.CodeChecksumMismatch, "the bytes that came are not the bytes that were sent"))
	}
	return nil
}

// fetch receives what is missing, over one connection.
func (d *download) fetch(ctx context.Context) error {
	ctx, watch := newWatch(ctx)
	defer watch.stop()
	header := make(http.Header)
	if d.hash.upTo > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", d.hash.upTo))
		if d.tag != "" {
			header.Set("If-Range", d.tag)
		}
	}
	response, err := d.room.api.do(ctx, http.MethodGet, sharePath(d.id, "/content"), header, nil)
	if protocol.CodeOf(err) == protocol.CodeRange {
		return nil // nothing is missing, or the comparison tells
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	d.tag = response.Header.Get("ETag")
	body := &watchedReader{response.Body, func([]byte) { watch.moved() }}
	if err := d.skip(response, body); err != nil {
		return err
	}
	_, err = io.Copy(d, body)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

// skip passes over bytes that are here already, where the server did not hear of
// the range: nothing that was sent is ever taken back.
func (d *download) skip(response *http.Response, body io.Reader) error {
	if response.StatusCode == http.StatusPartialContent {
		if want := fmt.Sprintf("bytes %d-", d.hash.upTo); !strings.HasPrefix(response.Header.Get("Content-Range"), want) {
			return final(fmt.Errorf("the server sends %q instead of %q", response.Header.Get("Content-Range"), want))
		}
		return nil
	}
	n, err := io.CopyN(io.Discard, body, d.hash.upTo)
	if err == io.EOF {
		return fmt.Errorf("%w: %d bytes were here before, it has %d", errShort, d.hash.upTo, n)
	}
	return err
}

// Write implements io.Writer for the bytes that come.
func (d *download) Write(p []byte) (int, error) {
	n, err := d.to.Write(p)
	d.hash.add(d.hash.upTo, p[:n])
	if d.progress != nil {
		d.progress(d.hash.upTo)
	}
	if err != nil {
		return n, final(err)
	}
	return n, nil
}

// say tells the sender. That it cannot be told changes nothing about the bytes.
func (d *download) say(ctx context.Context, word protocol.ReceiptWord) {
	if share, known := d.room.Share(d.id); known && share.Sender.ID == d.room.Me().ID {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leavePatience)
	defer cancel()
	words := protocol.ReceiptWords{Receipts: []protocol.ReceiptWord{word}}
	if err := d.room.api.call(ctx, http.MethodPost, roomPath(d.room.Info().ID, "/receipts"), words, nil); err != nil {
		d.room.log.Warn("the sender could not be told of a download", "share", d.id, "err", err)
	}
}

func (r *Room) fetchShare(ctx context.Context, id protocol.ShareID) (share protocol.Share, err error) {
	err = r.api.call(ctx, http.MethodGet, sharePath(id, ""), nil, &share)
	return share, err
}

// settled waits for the record to say how an upload ended, whose bytes are all there.
func (r *Room) settled(ctx context.Context, id protocol.ShareID) (share protocol.Share, err error) {
	err = newAttempts().until(ctx, func() (err error) {
		if share, err = r.fetchShare(ctx, id); err == nil && share.State == protocol.Uploading {
			err = errUnsettled
		}
		return err
	})
	return share, err
}

var errUnsettled = errors.New("the upload has all its bytes and no end yet")

// endedError is why a share has no bytes any more; nil if it has.
func endedError(share protocol.Share) error {
	if !share.State.Ended() {
		return nil
	}
	message := "the share was " + string(share.State)
	if share.Reason != "" {
		message += ": " + share.Reason
	}
	return protocol.NewError(protocol.CodeShareEnded, message)
}
