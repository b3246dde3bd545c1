package server

import "net/http"

// routes is the front door: every address there is, and the handler that
// answers it. The operator's are in operator.go, the sample back end's in
// sample.go.
func (s *Server) routes() *addresses {
	mux := &addresses{ServeMux: http.NewServeMux()}

	// Rooms: who is here, and what is offered.
	mux.Handle("GET /v1/rooms/{room}/participants", s.participant(s.listParticipants))
	mux.Handle("DELETE /v1/rooms/{room}/participants/{id}", s.participant(s.removeParticipant))
	mux.Handle("DELETE /v1/rooms/{room}/participants/{id}/shares", s.participant(s.withdrawShares))
	mux.Handle("PUT /v1/rooms/{room}/sharing", s.participant(s.switchSharing))
	mux.Handle("POST /v1/rooms/{room}/messages", s.participant(s.postMessage))
	mux.Handle("GET /v1/rooms/{room}/shares", s.shared(s.listShares))
	mux.Handle("POST /v1/rooms/{room}/shares", s.shared(s.offerShares))

	// Receipts: what has become of each share at each recipient.
	mux.Handle("POST /v1/rooms/{room}/receipts", s.participant(s.sayReceipts))
	mux.Handle("GET /v1/rooms/{room}/receipts", s.participant(s.listReceipts))
	mux.Handle("GET /v1/shares/{id}/receipts", s.shared(s.getReceipts))

	// Shares: the record, the bytes, the end. They are the application's too (shared).
	mux.Handle("GET /v1/shares/{id}", s.shared(s.getShare))
	mux.Handle("DELETE /v1/shares/{id}", s.shared(s.endShare))
	mux.Handle("POST /v1/shares/{id}/tickets", s.shared(s.createTicket))
	mux.Handle("POST /v1/shares/{id}/parts", s.shared(s.splitUpload))
	mux.HandleFunc("GET /v1/shares/{id}/content", s.content)
	mux.Handle("GET /v1/shares/{id}/thumbnail", s.shared(s.getThumbnail))

	// Uploads: tus 1.0, and Resumable Uploads for HTTP.
	mux.HandleFunc("OPTIONS /uploads", s.uploadOptions)
	mux.HandleFunc("OPTIONS /uploads/{id}", s.uploadOptions)
	mux.Handle("POST /uploads", s.either(s.tusCreate, s.resumableCreate))
	mux.Handle("HEAD /uploads/{id}", s.either(s.tusHead, s.resumableHead))
	mux.Handle("GET /uploads/{id}", s.either(s.uploadGet, s.resumableHead))
	mux.Handle("PATCH /uploads/{id}", s.either(s.tusPatch, s.resumablePatch))
	mux.Handle("DELETE /uploads/{id}", s.either(s.uploadDelete, s.uploadDelete))

	// Push: the centrifuge protocol.
	mux.Handle("GET /v1/push/websocket", s.Push.WebsocketHandler())
	mux.Handle("POST /v1/push/http_stream", s.Push.HTTPStreamHandler())
	mux.Handle("POST /v1/push/emulation", s.Push.EmulationHandler())

	// The operator, the page and the SDK, and who looks after the server.
	s.operatorRoutes(mux)
	s.staticRoutes(mux)
	s.aboutRoutes(mux)
	if s.Dev {
		mux.Handle("GET /metrics", s.MetricsHandler())
	}
	// A preflight of another origin: the middleware has said what is allowed.
	mux.HandleFunc("OPTIONS /", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	return mux
}

// addresses is a mux that remembers what it answers: tests ask every address for
// what must hold of all, also of those that are yet to come.
type addresses struct {
	*http.ServeMux
	patterns []string
}

// Handle is ServeMux.Handle.
func (a *addresses) Handle(pattern string, handler http.Handler) {
	a.patterns = append(a.patterns, pattern)
	a.ServeMux.Handle(pattern, handler)
}

// HandleFunc is ServeMux.HandleFunc.
func (a *addresses) HandleFunc(pattern string, handle func(http.ResponseWriter, *http.Request)) {
	a.Handle(pattern, http.HandlerFunc(handle))
}

// aboutRoutes are for who looks after the server: see aboutTheServer.
func (s *Server) aboutRoutes(mux *addresses) {
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
}
