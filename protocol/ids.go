package protocol

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// Identifiers are made by the server: a prefix and 128 random bits in
// lower-case base32. They hold no slash, no dot and no upper case, so they are
// safe as a path element, a channel name and a file name.
type (
	// RoomID names a room, "rm_…".
	RoomID string
	// ParticipantID names a member of a room, "pt_…" when the server made the
	// token. It is the EnxRoom clientId and does not change on a reconnect.
	ParticipantID string
	// ShareID names a share and the upload that receives its bytes, "sh_…".
	ShareID string
)

// OperatorID stands where a participant's id would, for the application itself:
// as the sender of what it shares in its rooms. It is no valid id of a participant,
// so no token can speak in its name.
const OperatorID ParticipantID = "@operator"

const (
	idLength         = 26 // characters of base32 for 128 bits
	maxParticipantID = 64 // characters
)

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewRoomID returns a fresh room identifier.
func NewRoomID() RoomID { return RoomID(newID("rm_")) }

// NewParticipantID returns a fresh participant identifier.
func NewParticipantID() ParticipantID { return ParticipantID(newID("pt_")) }

// NewShareID returns a fresh share identifier.
func NewShareID() ShareID { return ShareID(newID("sh_")) }

// NewTokenID returns a fresh token identifier, "tk_…".
func NewTokenID() string { return newID("tk_") }

// NewTicket returns a fresh download ticket, "dt_…". It is a secret.
func NewTicket() string { return newID("dt_") }

// NewWebhookID returns a fresh identifier of an endpoint for webhooks, "wh_…".
func NewWebhookID() string { return newID("wh_") }

// NewMessageID returns a fresh identifier of a webhook's message, "msg_…": the
// webhook-id of each attempt to deliver it.
func NewMessageID() string { return newID("msg_") }

func newID(prefix string) string {
	var raw [16]byte
	rand.Read(raw[:]) // never fails: it aborts the program instead
	return prefix + idEncoding.EncodeToString(raw[:])
}

// Valid reports whether the identifier has the form the server makes.
func (id RoomID) Valid() bool { return validID(string(id), "rm_") }

// Valid reports whether the identifier has the form the server makes.
func (id ShareID) Valid() bool { return validID(string(id), "sh_") }

// ValidWebhookID reports whether the identifier of an endpoint has the form the
// server makes.
func ValidWebhookID(id string) bool { return validID(id, "wh_") }

// Valid reports whether the identifier may name a participant: 1 to 64 of
// [A-Za-z0-9_-]. It is wider than what the server makes, because a back end
// that signs its own tokens chooses the subject.
func (id ParticipantID) Valid() bool {
	if len(id) == 0 || len(id) > maxParticipantID {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

func validID(id, prefix string) bool {
	rest, ok := strings.CutPrefix(id, prefix)
	if !ok || len(rest) != idLength {
		return false
	}
	for _, c := range []byte(rest) {
		if (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}
