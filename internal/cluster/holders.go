package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Take implements upload.Holders.
func (n *Node) Take(ctx context.Context, s store.Share) (store.Share, error) {
	for s.State == protocol.Uploading {
		if err := n.Healthy(); err != nil {
			return s, busy(err)
		}
		if s.Holder == n.ID {
			return s, nil
		}
		if err := n.Yield(ctx, s); err != nil {
			return s, err
		}
		from := s.Holder
		now, err := n.Registry.TakeUpload(ctx, s.ID, s.Fence)
		switch {
		case err == nil:
			n.Log.Info("upload taken over", "share", s.ID, "from", from, "offset", now.Offset, "fence", now.Fence)
			return now, nil
		case !errors.Is(err, store.ErrConflict):
			return s, fmt.Errorf("taking an upload over: %w", err)
		case now.Fence == s.Fence && now.Holder == s.Holder && now.State == s.State:
			return s, busy(err)
		}
		s = now
	}
	return s, nil
}

// Yield implements upload.Holders.
func (n *Node) Yield(ctx context.Context, s store.Share) error {
	if !n.Elsewhere(ctx, s) {
		return nil
	}
	err := n.post(ctx, s, "yield")
	if err == nil || !n.Elsewhere(ctx, s) { // it has died meanwhile
		return nil
	}
	return busy(err)
}

// Elsewhere implements upload.Holders.
func (n *Node) Elsewhere(ctx context.Context, s store.Share) bool {
	return s.Holder != "" && s.Holder != n.ID && n.alive(ctx, s.Holder)
}

// Join implements upload.Peers.
func (n *Node) Join(ctx context.Context, s store.Share) error { return n.post(ctx, s, "join") }

func busy(err error) error {
	return protocol.WrapError(protocol.CodeUploadBusy, "another node holds the upload", err)
}

// post asks the upload's holder for something, and returns when it has done it.
func (n *Node) post(ctx context.Context, s store.Share, what string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t := n.tie(s.Holder, cancel)
	defer n.untie(t)
	r, err := n.request(ctx, http.MethodPost, s, what, nil)
	if err != nil {
		return err
	}
	answer, err := n.reach.client.Do(r)
	if err != nil {
		return fmt.Errorf("asking the node %s to %s: %w", s.Holder, what, err)
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, mostAnswer) // so that the connection is used again
	if answer.StatusCode != http.StatusNoContent {
		return fmt.Errorf("the node %s answers %s", s.Holder, answer.Status)
	}
	return nil
}
