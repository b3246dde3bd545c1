package protocol

import (
	"errors"
	"time"
)

// Code is a stable, machine-readable name of an error. Codes are append-only:
// they cross the wire and stand in other people's programs.
type Code string

// Every code there is. docs/protocol.md says what each means to a client, and
// internal/server/errors.go alone knows the HTTP status of each.
const (
	CodeInternal         Code = "internal"
	CodeInvalidRequest   Code = "invalid-request"
	CodeUnauthenticated  Code = "unauthenticated"   // no token, or one that does not verify
	CodeTokenExpired     Code = "token-expired"     // a good token whose time is over
	CodeForbidden        Code = "forbidden"         // a grant is missing
	CodeSharingOff       Code = "sharing-off"       // a moderator or the operator has switched sharing off; reason of a failed share: its upload was cancelled with it
	CodeRoomNotFound     Code = "room-not-found"    //
	CodeRoomEnded        Code = "room-ended"        // the operator deleted the room; reason of a share that ended with it
	CodeShareNotFound    Code = "share-not-found"   // or not yours: the two look alike
	CodeShareEnded       Code = "share-ended"       // cancelled, revoked, failed or expired
	CodeUnknownRecipient Code = "unknown-recipient" // a clientId that is not in the room
	CodeKeyReused        Code = "key-reused"        // an Idempotency-Key of a request that asked for something else
	CodeEmptyList        Code = "empty-list"        // no file, or no recipient
	CodeEmptyFile        Code = "empty-file"        // a file of zero bytes, where that is refused
	CodeFileTooLarge     Code = "file-too-large"
	CodeRequestTooLarge  Code = "request-too-large"
	CodeRoomFull         Code = "room-full"        // bytes or number of shares in the room
	CodeTooManyUploads   Code = "too-many-uploads" // open uploads of one participant
	CodeOffsetMismatch   Code = "offset-mismatch"
	CodeLengthMismatch   Code = "length-mismatch" // a length that changes, or that the bytes contradict; reason of a failed share: more bytes came
	CodeUploadComplete   Code = "upload-complete" // nothing can be added
	CodeChecksumMismatch Code = "checksum-mismatch"
	CodeUnsupportedMedia Code = "unsupported-media-type"
	CodeTypeNotAllowed   Code = "type-not-allowed" // the room's rules do not let such files be shared; reason of a failed share: its content is such
	CodeUnsupportedTus   Code = "unsupported-tus-version"
	CodeUploadBusy       Code = "upload-busy"      // another request of yours would not let go
	CodeUploadPreempted  Code = "upload-preempted" // a newer request of yours took over
	CodeTooSlow          Code = "too-slow"         // below the minimum rate
	CodeUploadIdle       Code = "upload-idle"      // reason of a failed share: nothing came for too long
	CodeLifetimeOver     Code = "lifetime-over"    // reason of a share that ended: it was kept as long as files are kept
	CodeRoomEmpty        Code = "room-empty"       // reason of a share that ended: nobody was in its room for too long
	CodeDropped          Code = "dropped"          // removed from the room; reason of a failed share: its sender was
	CodeModerated        Code = "moderated"        // reason of a share that ended: a moderator or the operator ended it
	CodeUploadStalled    Code = "upload-stalled"   // who follows an upload got nothing for too long
	CodeStorageFull      Code = "storage-full"
	CodeStorageFailed    Code = "storage-failed"
	CodeRange            Code = "range-not-satisfiable" // no byte of the range is there, or will be
	CodeTicketInvalid    Code = "ticket-invalid"        // unknown, used or expired
	CodeNotFound         Code = "not-found"             // no such address
	CodeMethodNotAllowed Code = "method-not-allowed"
	CodeUnavailable      Code = "unavailable"       // starting or stopping: try again
	CodeTooManyRequests  Code = "too-many-requests" // faster than is permitted: try again
)

// Error is the one error type that crosses a package or the wire: a stable
// code, a message that is safe to show to anybody, and the cause, which is
// logged and never sent. Two errors of the same code match under errors.Is.
type Error struct {
	Code    Code
	Message string
	Err     error
	// Limit names the server's limit that refused what was asked, by its flag
	// without the dashes; "" for none. It is counted and never sent.
	Limit string
	// After is how long to wait before it may be asked again; zero means that it is
	// not known.
	After time.Duration
}

// NewError returns an error without a cause.
func NewError(code Code, message string) *Error {
	return &Error{Code: code, Message: message}
}

// LimitError returns the error of what a limit of the server refuses: see
// Error.Limit.
func LimitError(code Code, limit, message string) *Error {
	return &Error{Code: code, Message: message, Limit: limit}
}

// WrapError returns an error that carries its cause.
func WrapError(code Code, message string, cause error) *Error {
	return &Error{Code: code, Message: message, Err: cause}
}

// Error returns the code, the message and the cause: it is for logs.
func (e *Error) Error() string {
	text := string(e.Code) + ": " + e.Message
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an *Error of the same code.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code
}

// CodeOf returns the code of the first *Error in err's chain, CodeInternal
// for any other error and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// Problem is an error on the wire: problem details (RFC 9457) with our code.
type Problem struct {
	Type   string `json:"type"` // "urn:handout:error:" and the code
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   Code   `json:"code"`
	Detail string `json:"detail,omitempty"`
}
