package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// statusChecksumMismatch is tus 1.0's own status (checksum extension).
const statusChecksumMismatch = 460

// statuses is the one place that knows the HTTP status of a code.
var statuses = map[protocol.Code]int{
	protocol.CodeInvalidRequest:   http.StatusBadRequest,
	protocol.CodeUnauthenticated:  http.StatusUnauthorized,
	protocol.CodeTokenExpired:     http.StatusUnauthorized,
	protocol.CodeDropped:          http.StatusUnauthorized,
	protocol.CodeForbidden:        http.StatusForbidden,
	protocol.CodeSharingOff:       http.StatusForbidden,
	protocol.CodeRoomNotFound:     http.StatusNotFound,
	protocol.CodeShareNotFound:    http.StatusNotFound,
	protocol.CodeTicketInvalid:    http.StatusNotFound,
	protocol.CodeNotFound:         http.StatusNotFound,
	protocol.CodeMethodNotAllowed: http.StatusMethodNotAllowed,
	protocol.CodeTooSlow:          http.StatusRequestTimeout,
	protocol.CodeOffsetMismatch:   http.StatusConflict,
	protocol.CodeLengthMismatch:   http.StatusConflict,
	protocol.CodeUploadPreempted:  http.StatusConflict,
	protocol.CodeUploadComplete:   http.StatusBadRequest,
	protocol.CodeRoomEnded:        http.StatusGone,
	protocol.CodeShareEnded:       http.StatusGone,
	protocol.CodeUnsupportedTus:   http.StatusPreconditionFailed,
	protocol.CodeFileTooLarge:     http.StatusRequestEntityTooLarge,
	protocol.CodeRequestTooLarge:  http.StatusRequestEntityTooLarge,
	protocol.CodeRange:            http.StatusRequestedRangeNotSatisfiable,
	protocol.CodeUnsupportedMedia: http.StatusUnsupportedMediaType,
	protocol.CodeTypeNotAllowed:   http.StatusUnsupportedMediaType,
	protocol.CodeUnknownRecipient: http.StatusUnprocessableEntity,
	protocol.CodeKeyReused:        http.StatusUnprocessableEntity,
	protocol.CodeEmptyList:        http.StatusUnprocessableEntity,
	protocol.CodeEmptyFile:        http.StatusUnprocessableEntity,
	protocol.CodeUploadBusy:       http.StatusLocked,
	protocol.CodeTooManyRequests:  http.StatusTooManyRequests,
	protocol.CodeRoomFull:         http.StatusTooManyRequests,
	protocol.CodeTooManyUploads:   http.StatusTooManyRequests,
	protocol.CodeChecksumMismatch: statusChecksumMismatch,
	protocol.CodeUploadStalled:    http.StatusGatewayTimeout,
	protocol.CodeStorageFull:      http.StatusInsufficientStorage,
	protocol.CodeStorageFailed:    http.StatusInternalServerError,
	protocol.CodeUnavailable:      http.StatusServiceUnavailable,
	protocol.CodeInternal:         http.StatusInternalServerError,
}

// draftProblems are the problems that Resumable Uploads for HTTP has a type and a
// status for.
var draftProblems = map[protocol.Code]struct {
	kind   string
	status int
}{
	protocol.CodeOffsetMismatch:   {"mismatching-upload-offset", http.StatusConflict},
	protocol.CodeLengthMismatch:   {"inconsistent-upload-length", http.StatusBadRequest},
	protocol.CodeUploadComplete:   {"completed-upload", http.StatusBadRequest},
	protocol.CodeChecksumMismatch: {"", http.StatusBadRequest},
}

// draftProblem is a problem with the members that the draft adds.
type draftProblem struct {
	protocol.Problem
	Expected *int64 `json:"expected-offset,omitempty"`
	Provided *int64 `json:"provided-offset,omitempty"`
}

// failResumable answers in Resumable Uploads for HTTP with the problem that err is.
func (s *Server) failResumable(w http.ResponseWriter, r *http.Request, err error) {
	problem := draftProblem{Problem: problemOf(r, err)}
	if as, ok := draftProblems[problem.Code]; ok {
		problem.Status, problem.Title = as.status, title(as.status)
		if as.kind != "" {
			problem.Type = "https://iana.org/assignments/http-problem-types#" + as.kind
		}
	}
	var at *misplaced
	if errors.As(err, &at) {
		problem.Expected, problem.Provided = &at.expected, &at.provided
		w.Header().Set("Upload-Offset", strconv.FormatInt(at.expected, 10))
		if !at.complete { // else the client would take the problem for the file's
			w.Header().Set("Upload-Complete", "?0")
		}
	}
	s.answerProblem(w, r, err, problem.Problem, problem)
}

// fail answers with the problem that err is.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	problem := problemOf(r, err)
	s.answerProblem(w, r, err, problem, problem)
}

// problemOf returns the problem that err is to the request: what carries no code
// is internal, and has no detail.
func problemOf(r *http.Request, err error) protocol.Problem {
	code := protocol.CodeOf(err)
	status, known := statuses[code]
	if code == protocol.CodeTooManyRequests && underUploads(r) {
		status = http.StatusServiceUnavailable // tus clients take 429 for the end, and come back after 503
	}
	if !known {
		code, status = protocol.CodeInternal, http.StatusInternalServerError
	}
	problem := protocol.Problem{
		Type: "urn:handout:error:" + string(code), Title: title(status), Status: status, Code: code,
	}
	var coded *protocol.Error
	if errors.As(err, &coded) && code != protocol.CodeInternal {
		problem.Detail = coded.Message
	}
	return problem
}

// answerProblem sends the problem, which is part of body. Faults are logged with
// their detail.
func (s *Server) answerProblem(w http.ResponseWriter, r *http.Request, err error, problem protocol.Problem, body any) {
	code, status := problem.Code, problem.Status
	s.count(err)
	s.Metrics.problem(code)
	if code == protocol.CodeTooManyRequests {
		s.asking.pause(r)
	}
	if status >= 500 && !errors.Is(err, context.Canceled) {
		level := slog.LevelError
		var coded *protocol.Error
		if errors.As(err, &coded) && coded.Err == nil {
			level = slog.LevelDebug // the server's word, not a fault: clients can bring it about as often as they like
		}
		s.Log.Log(r.Context(), level, "request failed", "method", r.Method, "route", r.Pattern, "code", code, "err", err)
	}
	header := w.Header()
	switch status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", `Bearer realm="handout"`)
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", retryAfter(err))
	case http.StatusTooManyRequests:
		if code == protocol.CodeTooManyRequests {
			header.Set("Retry-After", retryAfter(err))
		}
	}
	header.Set("Cache-Control", "no-store")
	if code == protocol.CodeTooSlow && r.ProtoMajor == 1 {
		// net/http would read on before it answers, as slowly as the body comes.
		header.Set("Connection", "close")
		_ = http.NewResponseController(w).SetReadDeadline(time.Now())
	}
	writeJSONType(w, status, "application/problem+json", body)
}

// count counts what a limit has refused.
func (s *Server) count(err error) {
	var coded *protocol.Error
	if errors.As(err, &coded) && coded.Limit != "" {
		s.Metrics.Refused(coded.Limit)
	}
}

// retryAfter is the time after which to ask again, in seconds.
func retryAfter(err error) string {
	var coded *protocol.Error
	seconds := 1.0
	if errors.As(err, &coded) {
		seconds = min(max(math.Ceil(coded.After.Seconds()), 1), mostRetryAfter.Seconds())
	}
	return strconv.Itoa(int(seconds))
}

// mostRetryAfter is the longest that anybody is told to wait.
const mostRetryAfter = time.Minute

func title(status int) string {
	if status == statusChecksumMismatch {
		return "Checksum Mismatch"
	}
	return http.StatusText(status)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Cache-Control", "no-store")
	writeJSONType(w, status, "application/json", value)
}

func writeJSONType(w http.ResponseWriter, status int, mediaType string, value any) {
	body, err := json.Marshal(value)
	if err != nil { // only a value that is not of this package could do that
		panic(err)
	}
	expectTaken(w, len(body))
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	w.Write(append(body, '\n')) // the client is gone if this fails
}
