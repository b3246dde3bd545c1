package cluster

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/handout-rtc/handout/protocol"
)

// Uploads is what other nodes may ask of this one; see upload.Service.
type Uploads interface {
	// LetGo returns when no request of this node is at work on the upload, which has
	// kept what it received.
	LetGo(ctx context.Context, id protocol.ShareID) error
	// Kick sees to it that the parts of a share are joined here.
	Kick(id protocol.ShareID)
	// Tail calls send with the bytes of an upload, from one on, as they come.
	Tail(ctx context.Context, id protocol.ShareID, from int64, send func(*io.LimitedReader) error) error
}

// Handler answers other nodes. It must not be reachable for anybody else.
func (n *Node) Handler(uploads Uploads) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/uploads/{id}/yield", func(w http.ResponseWriter, r *http.Request) {
		if err := uploads.LetGo(r.Context(), protocol.ShareID(r.PathValue("id"))); err != nil {
			n.refuse(w, r, http.StatusLocked, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /v1/uploads/{id}/join", func(w http.ResponseWriter, r *http.Request) {
		uploads.Kick(protocol.ShareID(r.PathValue("id")))
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /v1/uploads/{id}/stream", func(w http.ResponseWriter, r *http.Request) { n.serveStream(w, r, uploads) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := n.verify(r); err != nil {
			n.refuse(w, r, http.StatusUnauthorized, err)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// refuse answers with a bare status: nodes need no more.
func (n *Node) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	n.Log.Debug("another node was refused", "method", r.Method, "route", r.Pattern, "status", status, "err", err)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(status)
}

// serveStream sends an upload as it comes. It answers with the first byte, so that one
// which has none to send says so by its status.
func (n *Node) serveStream(w http.ResponseWriter, r *http.Request, uploads Uploads) {
	from, err := strconv.ParseInt(r.URL.Query().Get("from"), 10, 64)
	if err != nil || from < 0 || r.Header.Get("Upgrade") != upgrade {
		n.refuse(w, r, http.StatusBadRequest, errors.New("not a stream"))
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	out := &tail{w: w, gone: cancel}
	err = uploads.Tail(ctx, protocol.ShareID(r.PathValue("id")), from, out.send)
	if err == nil {
		err = out.finish()
	}
	switch {
	case out.conn != nil:
		out.conn.Close()
		out.watching.Wait()
	case err != nil:
		n.refuse(w, r, http.StatusServiceUnavailable, err)
	}
}
