package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

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
	protocol.CodeRoomNotFound:     http.StatusNotFound,
	protocol.CodeShareNotFound:    http.StatusNotFound,
	protocol.CodeTicketInvalid:    http.StatusNotFound,
	protocol.CodeNotFound:         http.StatusNotFound,
	protocol.CodeMethodNotAllowed: http.StatusMethodNotAllowed,
	protocol.CodeTooSlow:          http.StatusRequestTimeout,
	protocol.CodeOffsetMismatch:   http.StatusConflict,
	protocol.CodeLengthMismatch:   http.StatusConflict,
	protocol.CodeUploadPreempted:  http.StatusConflict,
	protocol.CodeUploadComplete:   http.StatusConflict,
	protocol.CodeRoomEnded:        http.StatusGone,
	protocol.CodeShareEnded:       http.StatusGone,
	protocol.CodeUnsupportedTus:   http.StatusPreconditionFailed,
	protocol.CodeFileTooLarge:     http.StatusRequestEntityTooLarge,
	protocol.CodeRequestTooLarge:  http.StatusRequestEntityTooLarge,
	protocol.CodeRange:            http.StatusRequestedRangeNotSatisfiable,
	protocol.CodeUnsupportedMedia: http.StatusUnsupportedMediaType,
	protocol.CodeUnknownRecipient: http.StatusUnprocessableEntity,
	protocol.CodeKeyReused:        http.StatusUnprocessableEntity,
	protocol.CodeEmptyList:        http.StatusUnprocessableEntity,
	protocol.CodeEmptyFile:        http.StatusUnprocessableEntity,
	protocol.CodeUploadBusy:       http.StatusLocked,
	protocol.CodeRoomFull:         http.StatusTooManyRequests,
	protocol.CodeTooManyUploads:   http.StatusTooManyRequests,
	protocol.CodeChecksumMismatch: statusChecksumMismatch,
	protocol.CodeUploadStalled:    http.StatusGatewayTimeout,
	protocol.CodeStorageFull:      http.StatusInsufficientStorage,
	protocol.CodeStorageFailed:    http.StatusInternalServerError,
	protocol.CodeUnavailable:      http.StatusServiceUnavailable,
	protocol.CodeInternal:         http.StatusInternalServerError,
}

// fail answers with the problem that err is. What carries no code is logged
// with its detail and sent without.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	code := protocol.CodeOf(err)
	status, known := statuses[code]
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
	if status >= 500 && !errors.Is(err, context.Canceled) {
		level := slog.LevelError
		if coded != nil && coded.Err == nil {
			level = slog.LevelDebug // the server's word, not a fault: clients can bring it about as often as they like
		}
		s.Log.Log(r.Context(), level, "request failed", "method", r.Method, "route", r.Pattern, "code", code, "err", err)
	}
	header := w.Header()
	switch status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", `Bearer realm="handout"`)
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", "1")
	}
	header.Set("Cache-Control", "no-store")
	writeJSONType(w, status, "application/problem+json", problem)
}

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
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	w.Write(append(body, '\n')) // the client is gone if this fails
}
