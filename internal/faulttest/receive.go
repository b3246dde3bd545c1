package faulttest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strconv"

	"github.com/handout-rtc/handout/protocol"
)

// ErrDiffers: what was received is not what the server has recorded.
var ErrDiffers = errors.New("the SHA-256 differs from the recorded one")

// Receive downloads a share and returns the SHA-256 of what came, once that is the
// recorded one. After any fault it goes on behind the last byte that it has; of a
// share still uploading it follows the upload.
func (c *Client) Receive(ctx context.Context, id protocol.ShareID) (sum string, err error) {
	end := c.journal.Begin(c.ID, Job{What: "receive", Share: id})
	d := download{client: c, share: id, hash: sha256.New()}
	sum, err = d.run(ctx)
	end(ended(Job{SHA256: sum}, err))
	return sum, err
}

// download is one that may take several requests.
type download struct {
	client *Client
	share  protocol.ShareID
	hash   hash.Hash
	at     int64  // bytes that have come
	tag    string // what they are bytes of
	whole  bool   // there are no more
}

func (d *download) run(ctx context.Context) (string, error) {
	err := Persist(ctx, func(ctx context.Context) error {
		if d.whole {
			return nil
		}
		before := d.at
		err := d.get(ctx)
		if d.at > before && Again(err) && ctx.Err() == nil {
			return d.get(ctx) // it moves: no pause
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return d.verify(ctx)
}

// get asks for what is missing, and takes it as far as it comes.
func (d *download) get(ctx context.Context) error {
	var headers []string
	if d.at > 0 {
		headers = []string{"Range", "bytes=" + strconv.FormatInt(d.at, 10) + "-", "If-Range", d.tag}
	}
	response, err := d.client.Do(ctx, http.MethodGet, "/v1/shares/"+string(d.share)+"/content", nil, headers...)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK && d.at > 0 { // it is something else now
		d.at = 0
		d.hash.Reset()
	}
	d.tag = response.Header.Get("ETag")
	from, total := contentRange(response)
	if from != d.at {
		return fmt.Errorf("byte %d was asked for, and byte %d came", d.at, from)
	}
	body := &pacedReader{ctx: ctx, from: response.Body, left: 1 << 62, pace: d.client.Pace}
	n, err := io.CopyBuffer(d.hash, struct{ io.Reader }{body}, make([]byte, paceBurst))
	d.at += n
	if err == nil || total > 0 && d.at == total {
		d.whole = true
		return nil
	}
	return err
}

// verify compares what came with the record, which may take a moment to say what
// the file is.
func (d *download) verify(ctx context.Context) (string, error) {
	sum := hex.EncodeToString(d.hash.Sum(nil))
	return sum, Persist(ctx, func(ctx context.Context) error {
		share, err := d.client.Share(ctx, d.share)
		switch {
		case err != nil:
			return err
		case share.State == protocol.Uploading:
			return errors.New("the share is not complete yet")
		case share.State.Ended():
			return &Refusal{Status: http.StatusGone, Code: protocol.CodeShareEnded}
		case share.SHA256 != sum:
			return fmt.Errorf("%w: %s came", ErrDiffers, sum)
		}
		return nil
	})
}
