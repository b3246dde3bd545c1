package protocol_test

import (
	"testing"

	"github.com/handout-rtc/handout/protocol"
)

func TestParseCursor(t *testing.T) {
	for text, want := range map[string]protocol.Cursor{
		"":           {},
		"41":         {Room: 41},
		"41.7":       {Room: 41, Personal: 7},
		"41.7.30.5":  {Room: 41, Personal: 7, RoomFloor: 30, PersonalFloor: 5},
		"0.7.30.0":   {Personal: 7, RoomFloor: 30},
		"41.7.0.0":   {Room: 41, Personal: 7},
		"0041.00007": {Room: 41, Personal: 7},
	} {
		if got, err := protocol.ParseCursor(text); err != nil || got != want {
			t.Errorf("%q reads as %+v (%v), want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{".", "1.", ".1", "1.2.3", "1.2.3.", "1.2.3.4.5", "-1", "1,2", "1.2.3.9223372036854775808"} {
		if got, err := protocol.ParseCursor(text); protocol.CodeOf(err) != protocol.CodeInvalidRequest {
			t.Errorf("%q reads as %+v (%v)", text, got, err)
		}
	}
}

func TestCursorWritesFloorsOnlyWhenThereAreSome(t *testing.T) {
	for want, c := range map[string]protocol.Cursor{
		"0.0":       {},
		"41.7":      {Room: 41, Personal: 7},
		"41.7.30.0": {Room: 41, Personal: 7, RoomFloor: 30},
		"41.7.0.5":  {Room: 41, Personal: 7, PersonalFloor: 5},
	} {
		if got := c.String(); got != want {
			t.Errorf("%+v is written %q, want %q", c, got, want)
		}
	}
}
