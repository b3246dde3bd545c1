package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// The results that EnxRoom's server API knows.
const (
	resultNameMissing      = 10002
	resultOwnerRefMissing  = 10010
	resultTokenName        = 10101
	resultTokenUserRef     = 10102
	resultTokenRoleMissing = 10103
	resultTokenRoleInvalid = 10104
	resultRoomNotFound     = 40001
)

const (
	maxUserRefBytes   = 256
	maxTokenDataBytes = 2 << 10
)

// refusal is an error in EnxRoom's form.
type refusal struct {
	status int // HTTP
	result int
	desc   string // safe to show
}

// Error implements error.
func (r refusal) Error() string { return fmt.Sprintf("%d: %s", r.result, r.desc) }

func badBody(result int, desc string) error {
	return refusal{http.StatusBadRequest, result, desc}
}

// looseText is text that back ends also send as a number.
type looseText string

// UnmarshalJSON implements json.Unmarshaler.
func (t *looseText) UnmarshalJSON(data []byte) error {
	var text string
	var number json.Number
	switch {
	case json.Unmarshal(data, &text) == nil: // also null, which is ""
		*t = looseText(text)
	case json.Unmarshal(data, &number) == nil:
		*t = looseText(number)
	default:
		return protocol.NewError(protocol.CodeInvalidRequest, "text is expected where the body has something else")
	}
	return nil
}

// looseJSON is any JSON value, kept verbatim; null is nothing.
type looseJSON json.RawMessage

// UnmarshalJSON implements json.Unmarshaler.
func (j *looseJSON) UnmarshalJSON(data []byte) error {
	*j = looseJSON(bytes.Clone(data))
	return nil
}

// value returns what was sent, nil for nothing.
func (j looseJSON) value() json.RawMessage {
	if len(j) == 0 || string(j) == "null" {
		return nil
	}
	return json.RawMessage(j)
}

// roomBody is what a back end says of a room; what it does not say is nil.
type roomBody struct {
	Name     *looseText `json:"name"`
	OwnerRef *looseText `json:"owner_ref"`
	Settings *looseJSON `json:"settings"`
	Data     *looseJSON `json:"data"`
	// Sharing is no detail: it goes through the room's switch.
	Sharing *protocol.SharingSwitch `json:"sharing"`
	// Rules are held against the server's limits: unlike the rest they are no words of
	// the application's alone.
	Rules *looseJSON `json:"rules"`
}

// check refuses what is no switch, and what are no rules, before anything is changed,
// and returns the rules; nil if the body says none.
func (b roomBody) check(server protocol.Limits) (rules *protocol.Rules, err error) {
	if b.Sharing != nil {
		if _, err := b.Sharing.Roles(); err != nil {
			return nil, err
		}
	}
	if b.Rules == nil {
		return nil, nil
	}
	parsed, err := protocol.ParseRules(*b.Rules, server)
	return &parsed, err
}

// over returns the details with what the body says put over them.
func (b roomBody) over(d room.Details) room.Details {
	if b.Name != nil {
		d.Name = string(*b.Name)
	}
	if b.OwnerRef != nil {
		d.OwnerRef = strings.TrimSpace(string(*b.OwnerRef))
	}
	if b.Settings != nil {
		d.Settings = b.Settings.value()
	}
	if b.Data != nil {
		d.Data = b.Data.value()
	}
	return d
}

func checkDetails(d room.Details) error {
	switch {
	case protocol.CleanDisplayName(d.Name) == "":
		return badBody(resultNameMissing, "name is missing")
	case d.OwnerRef == "":
		return badBody(resultOwnerRefMissing, "owner_ref is missing")
	}
	// Every token of the room carries the settings: leave half of it to the rest.
	word, err := token.Wrap(token.Wrapper{RoomMeta: token.RoomMeta{Settings: d.Settings}})
	if err != nil || len(word) > token.MaxBytes/2 {
		return protocol.WrapError(protocol.CodeRequestTooLarge, "the settings are too large to travel in a token", err)
	}
	return nil
}

// tokenBody is what a back end says of a participant-to-be.
type tokenBody struct {
	Name    looseText `json:"name"`
	Role    looseText `json:"role"`
	UserRef looseText `json:"user_ref"`
	Data    looseJSON `json:"data"`
}

// role returns the role asked for: "Moderator " means the moderator.
func (b tokenBody) role() token.Role {
	return token.Role(strings.ToLower(strings.TrimSpace(string(b.Role))))
}

func (b tokenBody) check() error {
	switch {
	case protocol.CleanDisplayName(string(b.Name)) == "":
		return badBody(resultTokenName, "name is missing")
	case strings.TrimSpace(string(b.UserRef)) == "":
		return badBody(resultTokenUserRef, "user_ref is missing")
	case len(b.UserRef) > maxUserRefBytes:
		return badBody(resultTokenUserRef, fmt.Sprintf("user_ref is longer than %d bytes", maxUserRefBytes))
	case b.role() == "":
		return badBody(resultTokenRoleMissing, "role is missing")
	case !b.role().Valid():
		return badBody(resultTokenRoleInvalid, "role must be moderator, participant or viewer")
	case len(b.Data) > maxTokenDataBytes:
		return protocol.NewError(protocol.CodeRequestTooLarge, fmt.Sprintf("data is larger than %d bytes", maxTokenDataBytes))
	}
	return nil
}

// publicHost returns where clients reach the server, and whether by TLS:
// PublicURL, or else the address that the request itself used. A proxy in front
// says by X-Forwarded-Proto that it took the request by TLS. Whoever lies about
// either misleads the bearer of its own token alone: nothing is granted by it.
func (o operatorAPI) publicHost(r *http.Request) (host string, secure bool) {
	if public, err := url.Parse(o.PublicURL); err == nil && public.Host != "" {
		return public.Host, public.Scheme == "https"
	}
	forwarded, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	return r.Host, r.TLS != nil || strings.EqualFold(strings.TrimSpace(forwarded), "https")
}
