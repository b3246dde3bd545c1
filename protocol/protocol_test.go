package protocol_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/handout-rtc/handout/protocol"
)

func TestIDsAreWellFormedAndDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		room, share, person := protocol.NewRoomID(), protocol.NewShareID(), protocol.NewParticipantID()
		if !room.Valid() || !share.Valid() || !person.Valid() {
			t.Fatalf("%q, %q, %q: not valid", room, share, person)
		}
		for _, id := range []string{string(room), string(share), string(person), protocol.NewTicket(), protocol.NewTokenID()} {
			if seen[id] {
				t.Fatalf("%s was made twice", id)
			}
			seen[id] = true
		}
	}
}

func TestForeignIDsAreRefused(t *testing.T) {
	good := string(protocol.NewShareID())
	for _, id := range []string{
		"", "sh_", good + "a", good[:len(good)-1], strings.ToUpper(good), "rm_" + good[3:], "../" + good,
		good[:len(good)-1] + "/", good[:len(good)-1] + "\x00", good[:len(good)-1] + "1",
	} {
		if protocol.ShareID(id).Valid() {
			t.Errorf("%q passes for a share id", id)
		}
		if protocol.ValidWebhookID(id) {
			t.Errorf("%q passes for a webhook's id", id)
		}
	}
	for _, id := range []string{"", "a b", "a/b", "a.b", "ä", strings.Repeat("a", 65), "a\n", "a,b", "a:b"} {
		if protocol.ParticipantID(id).Valid() {
			t.Errorf("%q passes for a participant id", id)
		}
	}
	if !protocol.ValidWebhookID(protocol.NewWebhookID()) {
		t.Error("the server's own id is refused")
	}
	if !protocol.ParticipantID("Visitor_7-x").Valid() {
		t.Error("a back end's own subject is refused")
	}
}

func TestShareStatesEndOnce(t *testing.T) {
	states := []protocol.ShareState{protocol.Uploading, protocol.Available, protocol.Cancelled, protocol.Failed, protocol.Revoked, protocol.Expired}
	may := map[string]bool{
		"uploading>available": true, "uploading>cancelled": true, "uploading>failed": true,
		"available>revoked": true, "available>expired": true,
	}
	for _, from := range states {
		for _, to := range states {
			if got := from.CanBecome(to); got != may[string(from+">"+to)] {
				t.Errorf("%s may become %s: %t", from, to, got)
			}
			if from.Ended() && from.CanBecome(to) {
				t.Errorf("%s has ended and may become %s", from, to)
			}
		}
	}
}

func TestAudience(t *testing.T) {
	for _, bad := range []string{`"all"`, `null`, `{}`, `7`, `[1]`, `true`, `""`} {
		var a protocol.Audience
		if err := a.UnmarshalJSON([]byte(bad)); protocol.CodeOf(err) != protocol.CodeInvalidRequest {
			t.Errorf("%s is read as an audience: %v", bad, err)
		}
	}
	var a protocol.Audience
	if err := json.Unmarshal([]byte(`["pt_a","pt_b"]`), &a); err != nil || a.Room || !a.Includes("pt_b") || a.Includes("pt_c") {
		t.Errorf("list: %+v, %v", a, err)
	}
	if (protocol.Audience{}).Includes("pt_a") {
		t.Error("the zero audience includes somebody")
	}
}

func TestRecipientsDoNotSeeEachOther(t *testing.T) {
	s := protocol.Share{Sender: protocol.Sender{ID: "pt_s"}, To: protocol.Audience{List: []protocol.ParticipantID{"pt_a", "pt_b"}}}
	if got := s.For("pt_a").To.List; len(got) != 1 || got[0] != "pt_a" {
		t.Errorf("a recipient sees %v", got)
	}
	if got := s.For("pt_s").To.List; len(got) != 2 {
		t.Errorf("the sender sees %v", got)
	}
	if len(s.To.List) != 2 {
		t.Error("For changed the share itself")
	}
}

func TestErrorsMatchByCode(t *testing.T) {
	err := fmt.Errorf("while reading: %w", protocol.WrapError(protocol.CodeRoomFull, "no place", io.ErrUnexpectedEOF))
	if !errors.Is(err, protocol.NewError(protocol.CodeRoomFull, "other words")) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("neither code nor cause is found")
	}
	if errors.Is(err, protocol.NewError(protocol.CodeInternal, "")) {
		t.Error("another code matches")
	}
	if protocol.CodeOf(err) != protocol.CodeRoomFull || protocol.CodeOf(io.EOF) != protocol.CodeInternal || protocol.CodeOf(nil) != "" {
		t.Error("CodeOf")
	}
}

func TestCleanFileName(t *testing.T) {
	long := strings.Repeat("ä", 300) + ".pdf"
	for name, want := range map[string]string{
		"report.pdf":             "report.pdf",
		"../../etc/passwd":       "passwd",
		`C:\fakepath\a.txt`:      "a.txt",
		"a\r\nSet-Cookie: x.txt": "aSet-Cookie: x.txt",
		"invoice\u202Efdp.exe":   "invoicefdp.exe",
		"nul\x00byte.txt":        "nulbyte.txt",
		"  spaced .txt ":         "spaced .txt",
		"trailing. . .":          "trailing",
		"..":                     "file",
		"":                       "file",
		"/":                      "file",
		".gitignore":             ".gitignore",
		"\xff\xfe.bin":           "\uFFFD.bin",
		"e\u0301.txt":            "é.txt",
		"pay\u200Bpal\u2060.pdf": "paypal.pdf",
		"\u200D\u200C":           "file",
		"👩\u200D🚀.png":           "👩\u200D🚀.png",
	} {
		if got := protocol.CleanFileName(name); got != want {
			t.Errorf("CleanFileName(%q) = %q, want %q", name, got, want)
		}
	}
	if got := protocol.CleanFileName(long); len(got) > protocol.MaxFileNameBytes || !strings.HasSuffix(got, "ä.pdf") {
		t.Errorf("a long name becomes %d bytes, %q", len(got), got[len(got)-8:])
	}
}

func TestCleanDisplayName(t *testing.T) {
	for name, want := range map[string]string{
		"  Ana \t Maria ": "Ana Maria", "ad\u200Bmin": "admin", "\u200B\u200D": "", "\x00": "", "ﬁne": "fine", "Zoë\r\n": "Zoë",
	} {
		if got := protocol.CleanDisplayName(name); got != want {
			t.Errorf("CleanDisplayName(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestCleanType(t *testing.T) {
	for in, want := range map[string]string{
		"text/plain": "text/plain", "text/html; charset=utf-8": "text/html", "": "application/octet-stream",
		"nonsense": "application/octet-stream", "a/b\r\nX: y": "application/octet-stream", "TEXT/Plain": "text/plain",
	} {
		if got := protocol.CleanType(in); got != want {
			t.Errorf("CleanType(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzCleanFileName(f *testing.F) {
	for _, seed := range []string{"a.txt", "../../x", "a\r\nb", "\u202E", strings.Repeat("x", 5000), "\x00", ". .", "a/.", "ﷺ.ﷺ", "\u200D", "a.\u200D"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		clean := protocol.CleanFileName(name)
		if clean == "" || len(clean) > protocol.MaxFileNameBytes || !utf8.ValidString(clean) || strings.ContainsAny(clean, "/\\") {
			t.Fatalf("%q becomes %q", name, clean)
		}
		for _, r := range clean {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%q keeps %U", name, r)
			}
		}
		if again := protocol.CleanFileName(clean); again != clean {
			t.Fatalf("cleaning twice: %q, then %q", clean, again)
		}
	})
}

func FuzzCleanDisplayName(f *testing.F) {
	f.Add("Ana  Maria")
	f.Add("admin\u202E ")
	f.Fuzz(func(t *testing.T, name string) {
		clean := protocol.CleanDisplayName(name)
		if len(clean) > protocol.MaxDisplayNameBytes || !utf8.ValidString(clean) || clean != strings.TrimSpace(clean) {
			t.Fatalf("%q becomes %q", name, clean)
		}
		if again := protocol.CleanDisplayName(clean); again != clean {
			t.Fatalf("cleaning twice: %q, then %q", clean, again)
		}
	})
}

func FuzzParseCursor(f *testing.F) {
	for _, seed := range []string{"", "0", "41.7", "-1", "1.", ".1", "1.2.3", "9223372036854775808", "+1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := protocol.ParseCursor(text)
		if err != nil {
			if protocol.CodeOf(err) != protocol.CodeInvalidRequest {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if c.Room < 0 || c.Personal < 0 {
			t.Fatalf("%q reads as %v", text, c)
		}
		if again, err := protocol.ParseCursor(c.String()); err != nil || again != c {
			t.Fatalf("%v does not survive writing and reading: %v, %v", c, again, err)
		}
	})
}

// TestEventsDoNotGrowOnTheirWay: what is bounded in a request must not become
// longer than its bound when it is told.
func TestEventsDoNotGrowOnTheirWay(t *testing.T) {
	body := `"` + strings.Repeat("<&>\u2028", 1000) + `"`
	event := protocol.Event{Type: protocol.MessageReceived, Message: &protocol.Message{
		Kind: protocol.TextMessage, Body: json.RawMessage(body),
	}}
	text, err := event.JSON()
	if err != nil || len(text) > len(body)+300 {
		t.Errorf("%d bytes of text travel as %d, %v", len(body), len(text), err)
	}
	var heard protocol.Event
	if err := json.Unmarshal(text, &heard); err != nil || string(heard.Message.Body) != body {
		t.Errorf("it reads back as %.100s, %v", heard.Message.Body, err)
	}
}

// TestTheLongestShare: who computes with the bound of a share relies on it.
func TestTheLongestShare(t *testing.T) {
	size, at := int64(math.MaxInt64), time.Date(2026, 11, 30, 23, 59, 59, 999_999_000, time.UTC)
	id := protocol.ParticipantID(strings.Repeat("x", 64))
	if !id.Valid() || (id + "x").Valid() {
		t.Fatal("this is not the longest id")
	}
	share := protocol.Share{
		ID: protocol.NewShareID(), Room: protocol.NewRoomID(), Name: strings.Repeat(`"`, protocol.MaxFileNameBytes),
		Path: strings.Repeat(`"`, protocol.MaxPathBytes), Thumbnail: true,
		Type: strings.Repeat("x", protocol.MaxTypeBytes), Size: &size, Offset: size, State: protocol.Available,
		Reason: string(protocol.CodeUnsupportedTus), SHA256: strings.Repeat("0", 64),
		Sender:    protocol.Sender{ID: id, Name: strings.Repeat(`"`, protocol.MaxDisplayNameBytes)},
		CreatedAt: at, AvailableAt: &at, ExpiresAt: at, Rev: math.MaxInt64,
	}
	for recipients := range 3 {
		share.To.List = slices.Repeat([]protocol.ParticipantID{id}, recipients)
		text, err := protocol.Event{Shares: []protocol.Share{share}}.JSON()
		if most := protocol.MaxShareBytes + recipients*protocol.MaxListedBytes; err != nil || len(text) > most {
			t.Errorf("a share for %d takes %d bytes, more than %d (%v)", recipients, len(text), most, err)
		}
	}
}

// TestTheSwitchCountsEverybodyAsOneRole: who may moderate is a moderator, and what
// is no role is shut out with the participants.
func TestTheSwitchCountsEverybodyAsOneRole(t *testing.T) {
	rows := []struct {
		role     string
		moderate bool
		want     string
	}{
		{"moderator", true, "moderator"}, {"participant", true, "moderator"}, {"viewer", true, "moderator"}, {"", true, "moderator"},
		{"moderator", false, "participant"}, {"participant", false, "participant"}, {"", false, "participant"}, {"boss", false, "participant"},
		{"viewer", false, "viewer"},
	}
	for _, row := range rows {
		if got := protocol.SharingRole(row.role, row.moderate); got != row.want {
			t.Errorf("%q, moderate %v: %q, want %q", row.role, row.moderate, got, row.want)
		}
	}
	for _, off := range []string{"moderator", "participant", "viewer"} {
		sharing := protocol.Sharing{Off: []string{off}}
		for role, counts := range map[string]string{"moderator": "moderator", "participant": "participant", "viewer": "viewer", "": "participant", "boss": "participant"} {
			if got := sharing.Permits(role); got != (counts != off) {
				t.Errorf("off for %s, %q: %v", off, role, got)
			}
		}
	}
}
