package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/rs/cors"

	"github.com/handout-rtc/handout/protocol"
)

// middleware is what every request passes, outermost first: count and log, wait
// for no reader for ever, name the version of tus, survive a panic, answer other
// origins, put the method right, bound the body, the connections and the pace of an
// address, route.
func (s *Server) middleware(mux *addresses) http.Handler {
	return s.observe(timely(nameVersion(s.survive(s.crossOrigin().Handler(overrideMethod(s.bound(s.overSockets(s.byAddress(s.route(mux))))))))))
}

// bound limits every body: in time, so that nobody holds a connection by a body
// that never comes, even where the request is refused unread; and in size, but
// for an upload's, which has its own length and pace.
func (s *Server) bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 {
			next.ServeHTTP(w, r)
			return
		}
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(bodyDeadline))
		// A copy: net/http looks at its own request's body to see whether the client
		// waits to be asked for it, and would wait for it in vain before it answers.
		bounded := r.WithContext(r.Context())
		bounded.Body = &timedBody{r.Body, control}
		if !underUploads(r) {
			bounded.Body = http.MaxBytesReader(w, bounded.Body, s.MaxRequest)
		}
		defer func() { r.Pattern = bounded.Pattern }() // for the metrics
		next.ServeHTTP(w, bounded)
	})
}

// timedBody lifts the deadline at its end: what the handler does then may take
// longer, and the connection is watched meanwhile.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

// Read implements io.Reader.
func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// route answers what no address matches with a problem, like all the rest.
func (s *Server) route(mux *addresses) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		answer := &statusOnly{header: w.Header()}
		handler.ServeHTTP(answer, r)
		if answer.status == http.StatusMethodNotAllowed {
			s.fail(w, r, protocol.NewError(protocol.CodeMethodNotAllowed, "this address does not know the method"))
			return
		}
		s.fail(w, r, protocol.NewError(protocol.CodeNotFound, "there is no such address"))
	})
}

// statusOnly keeps the status and the header (Allow) of the mux's own answer.
type statusOnly struct {
	header http.Header
	status int
}

func (w *statusOnly) Header() http.Header         { return w.header }
func (w *statusOnly) Write(b []byte) (int, error) { return len(b), nil }
func (w *statusOnly) WriteHeader(status int)      { w.status = status }

// crossOrigin answers pages of other origins. Credentials are never cookies,
// so none are allowed.
func (s *Server) crossOrigin() *cors.Cors {
	return cors.New(cors.Options{
		AllowOriginFunc: func(origin string) bool { return s.Dev || slices.Contains(s.Origins, origin) },
		AllowedMethods:  []string{"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"},
		AllowedHeaders: []string{
			"Authorization", "Content-Type", "Range", "If-Range", "If-None-Match", "Idempotency-Key", "X-Requested-With", "X-Request-ID",
			"X-HTTP-Method-Override", "Tus-Resumable", "Upload-Length", "Upload-Offset", "Upload-Metadata",
			"Upload-Defer-Length", "Upload-Concat", "Upload-Checksum",
			"Upload-Complete", "Upload-Draft-Interop-Version", "Content-Disposition", "Content-Digest",
		},
		ExposedHeaders: []string{
			"Upload-Offset", "Location", "Upload-Length", "Tus-Version", "Tus-Resumable", "Tus-Max-Size", "Tus-Extension",
			"Tus-Checksum-Algorithm", "Upload-Metadata", "Upload-Defer-Length", "Upload-Concat", "Upload-Expires",
			"Upload-Complete", "Upload-Limit", "Upload-Draft-Interop-Version",
			"ETag", "Content-Range", "Content-Disposition", "Accept-Ranges", "Repr-Digest", "Retry-After",
		},
		MaxAge:               600,
		OptionsPassthrough:   true, // tus asks its own question by OPTIONS
		OptionsSuccessStatus: http.StatusOK,
	})
}

// AllowOrigin reports whether a page of the request's origin may connect: none
// named, the server's own, or a listed one. It is the push edge's rule too.
func AllowOrigin(origins []string, dev bool) func(*http.Request) bool {
	return func(r *http.Request) bool {
		origin := r.Header.Get("Origin")
		if origin == "" || dev || slices.Contains(origins, origin) {
			return true
		}
		parsed, err := url.Parse(origin)
		return err == nil && parsed.Host == r.Host
	}
}

// survive answers a panic with an error and keeps the server running.
func (s *Server) survive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch cause := recover(); cause {
			case nil:
			case http.ErrAbortHandler:
				panic(cause)
			default:
				s.Log.Error("handler panicked", "route", r.Pattern, "err", panicked(cause), "stack", string(debug.Stack()))
				s.fail(w, r, protocol.NewError(protocol.CodeInternal, ""))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// panicked tells of a panic what may be logged: the runtime's own words, and of all
// else the type, for it may hold what a client sent. The stack says where it was.
func panicked(cause any) string {
	if fault, ok := cause.(runtime.Error); ok {
		return fault.Error()
	}
	return fmt.Sprintf("a %T", cause)
}

// observe counts each request, and logs it at debug level: without its query,
// which may hold a ticket.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		recorder := &recorder{ResponseWriter: w, status: http.StatusOK}
		done := s.Metrics.begin()
		defer func() {
			took := time.Since(started)
			done(r.Method, r.Pattern, recorder.status, recorder.sent, took)
			s.Log.Debug("request", "method", r.Method, "route", r.Pattern, "status", recorder.status,
				"bytes", recorder.sent, "took", took)
		}()
		next.ServeHTTP(recorder, r)
	})
}

// recorder remembers what was answered and hides nothing of the connection.
type recorder struct {
	http.ResponseWriter
	status int
	sent   int64

	hijacked bool // the connection is another's
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Hijack implements http.Hijacker, which a WebSocket needs.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	r.hijacked = true
	return http.NewResponseController(r.ResponseWriter).Hijack()
}

// FlushError sends what is buffered, which a streamed response needs.
func (r *recorder) FlushError() error { return http.NewResponseController(r.ResponseWriter).Flush() }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols { // the others come before the answer
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (r *recorder) Write(p []byte) (int, error) {
	n, err := r.ResponseWriter.Write(p)
	r.sent += int64(n)
	return n, err
}

// ReadFrom implements io.ReaderFrom: it lets the kernel send a file.
func (r *recorder) ReadFrom(src io.Reader) (int64, error) {
	to, ok := r.ResponseWriter.(io.ReaderFrom)
	if !ok {
		n, err := io.Copy(struct{ io.Writer }{r.ResponseWriter}, src)
		r.sent += n
		return n, err
	}
	n, err := to.ReadFrom(src)
	r.sent += n
	return n, err
}
