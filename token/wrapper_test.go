package token_test

import (
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// word returns random text of every kind that JSON can hold.
func word(random *rand.Rand) string {
	alphabets := []string{"abcXYZ019-_ ", `<>?~&"\/` + "\x7f\x00\n\t", "äßéñ\u2028\u202E", "日本語テスト", "😀🎉𝔘👩\u200d🎓", "}{][:,"}
	var text strings.Builder
	for range random.IntN(12) {
		runes := []rune(alphabets[random.IntN(len(alphabets))])
		text.WriteRune(runes[random.IntN(len(runes))])
	}
	return text.String()
}

func wrapper(t *testing.T, random *rand.Rand) token.Wrapper {
	t.Helper()
	settings, err := json.Marshal(map[string]any{word(random): word(random), "list": []any{word(random), random.IntN(999), nil, true}})
	if err != nil {
		t.Fatal(err)
	}
	return token.Wrapper{
		TokenID: protocol.NewTokenID(), RoomMeta: token.RoomMeta{Name: word(random), Settings: settings},
		Host: word(random), Secure: random.IntN(2) == 0, JWT: "a-_.b-_.c" + word(random),
	}
}

// TestEveryBase64ReadsTheWrapper: atob knows the standard alphabet, addresses
// want the other one, so the word must be the same in both.
func TestEveryBase64ReadsTheWrapper(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		want := wrapper(t, random)
		wrapped, err := token.Wrap(want)
		if err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexFunc(wrapped, notAlphanumeric); i >= 0 {
			t.Fatalf("%+v: %q at %d of %s", want, wrapped[i], i, wrapped)
		}
		padded := wrapped + strings.Repeat("=", (4-len(wrapped)%4)%4)
		standard, err := base64.StdEncoding.DecodeString(padded)
		if err != nil {
			t.Fatal(err)
		}
		urlSafe, err := base64.RawURLEncoding.DecodeString(wrapped)
		if err != nil || string(urlSafe) != string(standard) {
			t.Fatalf("the alphabets differ: %v", err)
		}
		for _, form := range []string{wrapped, padded} {
			got, err := token.Unwrap(form)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(readable(t, want), readable(t, got)); diff != "" {
				t.Fatalf("-wrapped +unwrapped:\n%s", diff)
			}
		}
	}
}

func notAlphanumeric(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
}

// readable turns the settings, whose escapes may differ, into their value.
func readable(t *testing.T, w token.Wrapper) any {
	t.Helper()
	var settings any
	if err := json.Unmarshal(w.RoomMeta.Settings, &settings); err != nil {
		t.Fatal(err)
	}
	w.RoomMeta.Settings = nil
	return []any{w, settings}
}

func TestUnwrapTakesEveryForm(t *testing.T) {
	plain := `{"jwt":"a.b.c","host":"h>?~ÿ","future":1}`
	for name, encoding := range map[string]*base64.Encoding{
		"standard": base64.StdEncoding, "standard without padding": base64.RawStdEncoding,
		"URL-safe": base64.URLEncoding, "URL-safe without padding": base64.RawURLEncoding,
	} {
		w, err := token.Unwrap(encoding.EncodeToString([]byte(plain)))
		if err != nil || w.JWT != "a.b.c" || w.Host != "h>?~ÿ" {
			t.Errorf("%s: %+v, %v", name, w, err)
		}
	}
}

func TestUnwrapRefuses(t *testing.T) {
	encode := base64.RawURLEncoding.EncodeToString
	for name, bad := range map[string]string{
		"empty": "", "not base64": "%%%", "not JSON": encode([]byte("hello")), "no object": encode([]byte(`["jwt"]`)),
		"no JWT": encode([]byte(`{"host":"x"}`)), "wrong type": encode([]byte(`{"jwt":7}`)),
		"two values": encode([]byte(`{"jwt":"a.b.c"}{}`)), "too long": strings.Repeat("A", token.MaxBytes+1),
	} {
		if _, err := token.Unwrap(bad); protocol.CodeOf(err) != protocol.CodeUnauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrapRefusesWhatCannotBeRead(t *testing.T) {
	long := token.Wrapper{RoomMeta: token.RoomMeta{Settings: json.RawMessage(`"` + strings.Repeat("é", token.MaxBytes/7) + `"`)}}
	if _, err := token.Wrap(long); protocol.CodeOf(err) != protocol.CodeRequestTooLarge {
		t.Errorf("too long: %v", err)
	}
	if _, err := token.Wrap(token.Wrapper{RoomMeta: token.RoomMeta{Settings: json.RawMessage(`{`)}}); err == nil {
		t.Error("settings that are not JSON are wrapped")
	}
}

func FuzzUnwrap(f *testing.F) {
	for _, seed := range []string{`{"jwt":"a.b.c"}`, `{"jwt":"x","roomMeta":{"name":"ÿ~","settings":{"a":[1]}}}`, `{}`, ``} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(seed)))
		f.Add(base64.StdEncoding.EncodeToString([]byte(seed)))
	}
	f.Fuzz(func(t *testing.T, text string) {
		w, err := token.Unwrap(text)
		if err != nil {
			if protocol.CodeOf(err) != protocol.CodeUnauthenticated {
				t.Fatalf("%v", err)
			}
			return
		}
		again, err := token.Wrap(w)
		if protocol.CodeOf(err) == protocol.CodeRequestTooLarge {
			return // escapes made it longer
		}
		if err != nil || strings.ContainsFunc(again, notAlphanumeric) {
			t.Fatalf("%+v is wrapped as %q, %v", w, again, err)
		}
		back, err := token.Unwrap(again)
		if err != nil || utf8.ValidString(w.JWT) && back.JWT != w.JWT {
			t.Fatalf("%+v comes back as %+v, %v", w, back, err)
		}
	})
}
