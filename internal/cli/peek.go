package cli

import (
	"errors"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// claims is what a token says of its bearer. Nobody has checked it: the server will.
type claims struct {
	Room        protocol.RoomID
	Participant protocol.ParticipantID
}

var errNoToken = errors.New("what was given as a token is none")

// peek reads a token, and the server's origin, if it is in a wrapper that names it.
func peek(text string) (claims, string, error) {
	var origin string
	if !strings.Contains(text, ".") {
		wrapper, err := token.Unwrap(text)
		if err != nil {
			return claims{}, "", errNoToken
		}
		text = wrapper.JWT
		if wrapper.Host != "" {
			origin = "http://" + wrapper.Host
			if wrapper.Secure {
				origin = "https://" + wrapper.Host
			}
		}
	}
	var said struct {
		jwt.RegisteredClaims
		Room protocol.RoomID `json:"room"`
	}
	if _, _, err := jwt.NewParser().ParseUnverified(text, &said); err != nil || !said.Room.Valid() {
		return claims{}, "", errNoToken
	}
	return claims{said.Room, protocol.ParticipantID(said.Subject)}, origin, nil
}
