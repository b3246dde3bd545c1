// Package token signs and verifies the credential that lets a participant into
// one room: a JWT signed with HS256 by the application's key, alone or in the
// wrapper that EnxRoom applications know (see [Wrap]).
//
// What a token does not grant is denied, and a token that does not expire is
// refused. docs/protocol.md, section 1, has the claims.
package token

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/handout-rtc/handout/protocol"
)

// MaxBytes bounds a token, wrapped or bare. It travels in headers, which
// proxies bound too.
const MaxBytes = 16 << 10

// leeway is how far ahead the clock of who signed may be.
const leeway = time.Minute

// Claims is what a token says of its bearer.
type Claims struct {
	App         string // App ID; its key signs
	Participant protocol.ParticipantID
	ID          string // of the token
	Room        protocol.RoomID
	Name        string // cleaned for display when it comes from Verify
	Role        Role
	UserRef     string          // the application's own name of the person
	Data        json.RawMessage // the application's, verbatim; may be nil
	Grants      Grants
	IssuedAt    time.Time // zero if the token does not say
	ExpiresAt   time.Time
	// KeyID names the key that has signed, when the claims come from Verify.
	KeyID string
}

// wireClaims is Claims as the JWT has it.
type wireClaims struct {
	jwt.RegisteredClaims
	Room    protocol.RoomID `json:"room"`
	Name    string          `json:"name"`
	Role    Role            `json:"role"`
	UserRef string          `json:"user_ref,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
	Grants  Grants          `json:"grants"`
}

// Sign returns the JWT that says c, signed with the key of c.App. It refuses
// claims that Verify would not accept.
func Sign(key []byte, c Claims) (string, error) {
	switch {
	case len(key) == 0:
		return "", errors.New("signing token: the key is empty")
	case c.ExpiresAt.IsZero():
		return "", errors.New("signing token: a token must expire")
	case !c.Participant.Valid():
		return "", errors.New("signing token: not a participant id")
	case !c.Room.Valid():
		return "", errors.New("signing token: not a room id")
	case !c.Role.Valid():
		return "", errors.New("signing token: not a role")
	}
	claims := wireClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: c.App, Subject: string(c.Participant), ID: c.ID, ExpiresAt: jwt.NewNumericDate(c.ExpiresAt),
		},
		Room: c.Room, Name: c.Name, Role: c.Role, UserRef: c.UserRef, Data: c.Data, Grants: c.Grants,
	}
	if !c.IssuedAt.IsZero() {
		claims.IssuedAt = jwt.NewNumericDate(c.IssuedAt)
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(key)
}

// Verify returns what the token says, if the application that it names has
// signed it and it holds now. The token is a JWT or one in its wrapper.
// Everything else is CodeUnauthenticated, and CodeTokenExpired for a token
// that was good once.
func (k Keys) Verify(token string, now time.Time) (Claims, error) {
	if len(token) > MaxBytes {
		return Claims{}, refused("the token is too long", nil)
	}
	if !strings.Contains(token, ".") { // a JWT has two, base64 has none
		wrapper, err := Unwrap(token)
		if err != nil {
			return Claims{}, err
		}
		token = wrapper.JWT
	}
	var wire wireClaims
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithTimeFunc(func() time.Time { return now }),
		jwt.WithLeeway(leeway), jwt.WithIssuedAt(), jwt.WithExpirationRequired(),
	)
	parsed, err := parser.ParseWithClaims(token, &wire, k.candidates)
	// The leeway is for iat and nbf alone: after exp a token is over.
	if errors.Is(err, jwt.ErrTokenExpired) || err == nil && !now.Before(wire.ExpiresAt.Time) {
		return Claims{}, protocol.WrapError(protocol.CodeTokenExpired, "the token has expired", err)
	}
	if err != nil {
		return Claims{}, refused("the token does not verify", err)
	}
	c, err := wire.claims()
	c.KeyID = k.signer(c.App, parsed)
	return c, err
}

// claims checks what the signature does not vouch for: the form.
func (w wireClaims) claims() (Claims, error) {
	c := Claims{
		App: w.Issuer, Participant: protocol.ParticipantID(w.Subject), ID: w.ID, Room: w.Room,
		Name: protocol.CleanDisplayName(w.Name), Role: w.Role, UserRef: w.UserRef, Data: w.Data,
		Grants: w.Grants, ExpiresAt: w.ExpiresAt.Time,
	}
	if w.IssuedAt != nil {
		c.IssuedAt = w.IssuedAt.Time
	}
	if c.Role == "" {
		c.Role = Viewer // only shown: the grants alone permit
	}
	switch {
	case !c.Participant.Valid():
		return Claims{}, refused("the token's subject is not a participant id", nil)
	case !c.Room.Valid():
		return Claims{}, refused("the token's room is not a room id", nil)
	case !c.Role.Valid():
		return Claims{}, refused("the token's role is unknown", nil)
	}
	return c, nil
}

func refused(message string, cause error) error {
	return protocol.WrapError(protocol.CodeUnauthenticated, message, cause)
}
