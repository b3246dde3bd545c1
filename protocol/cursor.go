package protocol

import (
	"strconv"
	"strings"
)

// Cursor is how far a participant has read: the last sequence number of the
// room's stream and of its own. On the wire it is the string "room.personal",
// for example "41.7"; "41" alone means "41.0". The zero value is the beginning.
//
// The cursor between two pages of a reading that started at the beginning also
// says what had been forgotten by then, so that it is not taken for an old one:
// "41.7.30.5". A client sends it back as it is.
type Cursor struct {
	Room     int64
	Personal int64

	// RoomFloor and PersonalFloor are the highest numbers in either stream of
	// what was forgotten before the reading started. Zero, as in the cursor of
	// a last page, is nothing.
	RoomFloor     int64
	PersonalFloor int64
}

// ParseCursor reads a cursor. The empty string is the beginning; anything
// else that is not one, two or four non-negative integers is
// CodeInvalidRequest.
func ParseCursor(s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	var c Cursor
	parts := strings.Split(s, ".")
	if len(parts) > 4 || len(parts) == 3 {
		return Cursor{}, NewError(CodeInvalidRequest, "since is not a cursor")
	}
	for i, to := range []*int64{&c.Room, &c.Personal, &c.RoomFloor, &c.PersonalFloor}[:len(parts)] {
		var err error
		if *to, err = ParseCount(parts[i]); err != nil {
			return Cursor{}, NewError(CodeInvalidRequest, "since is not a cursor")
		}
	}
	return c, nil
}

// String returns the wire form.
func (c Cursor) String() string {
	s := strconv.FormatInt(c.Room, 10) + "." + strconv.FormatInt(c.Personal, 10)
	if c.RoomFloor != 0 || c.PersonalFloor != 0 {
		s += "." + strconv.FormatInt(c.RoomFloor, 10) + "." + strconv.FormatInt(c.PersonalFloor, 10)
	}
	return s
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
