package protocol

import (
	"strconv"
	"strings"
)

// Cursor is how far a participant has read: the last sequence number of the
// room's stream and of its own. On the wire it is the string "room.personal",
// for example "41.7"; "41" alone means "41.0". The zero value is the beginning.
type Cursor struct {
	Room     int64
	Personal int64
}

// ParseCursor reads a cursor. The empty string is the beginning; anything
// else that is not one or two non-negative integers is CodeInvalidRequest.
func ParseCursor(s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	room, personal, two := strings.Cut(s, ".")
	var c Cursor
	var err error
	if c.Room, err = ParseCount(room); err != nil {
		return Cursor{}, NewError(CodeInvalidRequest, "since is not a cursor")
	}
	if !two {
		return c, nil
	}
	if c.Personal, err = ParseCount(personal); err != nil {
		return Cursor{}, NewError(CodeInvalidRequest, "since is not a cursor")
	}
	return c, nil
}

// String returns the wire form.
func (c Cursor) String() string {
	return strconv.FormatInt(c.Room, 10) + "." + strconv.FormatInt(c.Personal, 10)
}

// MarshalText implements encoding.TextMarshaler.
func (c Cursor) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Cursor) UnmarshalText(text []byte) (err error) {
	*c, err = ParseCursor(string(text))
	return err
}

// ParseCount reads a non-negative decimal integer of at most 2^63-1, as the
// tus headers have it: digits alone, no sign, no blank, no exponent.
func ParseCount(s string) (int64, error) {
	if s == "" || len(s) > 19 {
		return 0, NewError(CodeInvalidRequest, "not a non-negative integer")
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, NewError(CodeInvalidRequest, "not a non-negative integer")
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, NewError(CodeInvalidRequest, "integer too large")
	}
	return n, nil
}
