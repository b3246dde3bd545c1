package token

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/handout-rtc/handout/protocol"
)

// Wrapper is what EnxRoom applications get from the server API in place of a
// bare JWT: it also tells the page where the server is, and of the room.
// Nothing in it but the JWT is signed, so nothing but the JWT is believed.
type Wrapper struct {
	TokenID  string   `json:"tokenId"`
	RoomMeta RoomMeta `json:"roomMeta"`
	Host     string   `json:"host"`   // host, and port if it is not the scheme's
	Secure   bool     `json:"secure"` // whether Host speaks TLS
	JWT      string   `json:"jwt"`
}

// RoomMeta is what applications read of the room before they join it.
type RoomMeta struct {
	Name     string          `json:"name"`
	Settings json.RawMessage `json:"settings,omitempty"` // the application's, verbatim
}

// Wrap returns the wrapper as one word of letters and digits alone. It is at
// once base64 for atob, which knows no "-" and "_", and safe in an address,
// where "+" and "/" mean something else. It fails on settings that are not
// JSON, and with CodeRequestTooLarge on a result that Verify would not take.
func Wrap(w Wrapper) (string, error) {
	plain, err := json.Marshal(w)
	if err != nil {
		return "", fmt.Errorf("wrapping token: %w", err)
	}
	word := base64.RawStdEncoding.EncodeToString(escape(plain))
	if len(word) > MaxBytes {
		return "", protocol.NewError(protocol.CodeRequestTooLarge, "the token would be too long")
	}
	return word, nil
}

// escape rewrites JSON so that its base64 has no character of value 62 or 63,
// the two whose letters depend on the alphabet.
//
// Of three bytes below 0x80, base64 makes four characters. The first has a
// value below 32, the second has bit 3 clear, the third has bit 1 clear: none
// can be 62 or 63. The fourth is the low six bits of the third byte, which are
// 62 or 63 for ">", "?", "~" and DEL alone. In JSON these four, and all beyond
// ASCII, stand only inside strings, where an escape means the same.
func escape(plain []byte) []byte {
	out := make([]byte, 0, len(plain)+len(plain)/4)
	for i := 0; i < len(plain); {
		r, size := utf8.DecodeRune(plain[i:])
		i += size
		switch {
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		case r >= 0x7E || r == '>' || r == '?':
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = append(out, byte(r))
		}
	}
	return out
}

// Unwrap reads a wrapper, in either base64 alphabet, padded or not. It does
// not look at the JWT: that is for [Keys.Verify].
func Unwrap(word string) (Wrapper, error) {
	if len(word) > MaxBytes {
		return Wrapper{}, refused("the token is too long", nil)
	}
	word = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(word, "="))
	plain, err := base64.RawURLEncoding.DecodeString(word)
	if err != nil {
		return Wrapper{}, refused("the token is not base64", err)
	}
	var w Wrapper
	if err := json.Unmarshal(plain, &w); err != nil {
		return Wrapper{}, refused("the token holds no wrapper", err)
	}
	if w.JWT == "" {
		return Wrapper{}, refused("the token holds no credential", nil)
	}
	return w, nil
}
