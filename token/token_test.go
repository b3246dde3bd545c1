package token_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

var (
	key  = []byte("devkey")
	keys = token.Keys{"dev": {key}, "keyless": {nil}}
	now  = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	room = protocol.RoomID("rm_cccccccccccccccccccccccccc") // fuzzing runs in several processes
)

func ana() token.Claims {
	return token.Claims{
		App: "dev", Participant: "pt_ana", ID: "tk_1", Room: room, Name: "Ana", Role: token.Member,
		UserRef: "u-1", Data: json.RawMessage(`{"seat":4}`), Grants: token.Member.Grants(),
		IssuedAt: now, ExpiresAt: now.Add(time.Hour),
	}
}

func sign(t testing.TB, c token.Claims) string {
	t.Helper()
	signed, err := token.Sign(key, c)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestWhatIsSignedIsWhatVerifies(t *testing.T) {
	bare := sign(t, ana())
	wrapped, err := token.Wrap(token.Wrapper{TokenID: "tk_1", Host: "localhost:8080", JWT: bare})
	if err != nil {
		t.Fatal(err)
	}
	for _, credential := range []string{bare, wrapped} {
		got, err := keys.Verify(credential, now)
		if err != nil {
			t.Fatal(err)
		}
		got.IssuedAt, got.ExpiresAt, got.KeyID = got.IssuedAt.UTC(), got.ExpiresAt.UTC(), ""
		if diff := cmp.Diff(ana(), got); diff != "" {
			t.Errorf("-signed +verified:\n%s", diff)
		}
	}
}

// claims is a good token's payload with changes; a nil value removes a claim.
func claims(changes map[string]any) jwt.MapClaims {
	c := jwt.MapClaims{
		"iss": "dev", "sub": "pt_ana", "room": string(room), "name": "Ana", "role": "participant",
		"grants": []string{"receive"}, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	maps.Copy(c, changes)
	for name, value := range changes {
		if value == nil {
			delete(c, name)
		}
	}
	return c
}

func signRaw(t testing.TB, method jwt.SigningMethod, key any, changes map[string]any) string {
	t.Helper()
	signed, err := jwt.NewWithClaims(method, claims(changes)).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestBadClaimsAreRefused(t *testing.T) {
	for name, changes := range map[string]map[string]any{
		"no app":                  {"iss": nil},
		"unknown app":             {"iss": "other"},
		"app without a key":       {"iss": "keyless"},
		"app of a wrong type":     {"iss": 7},
		"no expiry":               {"exp": nil},
		"expiry of a wrong type":  {"exp": "tomorrow"},
		"issued in the future":    {"iat": now.Add(2 * time.Minute).Unix()},
		"not valid yet":           {"nbf": now.Add(2 * time.Minute).Unix()},
		"no subject":              {"sub": nil},
		"subject with a slash":    {"sub": "../x"},
		"subject of another form": {"sub": 7},
		"no room":                 {"room": nil},
		"room of another form":    {"room": "lobby"},
		"unknown role":            {"role": "owner"},
		"name of a wrong type":    {"name": []string{"Ana"}},
		"grants of a wrong type":  {"grants": map[string]bool{"send": true}},
		"a grant of a wrong type": {"grants": []any{"send", 7}},
	} {
		_, err := keys.Verify(signRaw(t, jwt.SigningMethodHS256, key, changes), now)
		if protocol.CodeOf(err) != protocol.CodeUnauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestForgeriesAreRefused(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good := sign(t, ana())
	head, rest, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	for name, forged := range map[string]string{
		"alg none":          signRaw(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil),
		"RS256":             signRaw(t, jwt.SigningMethodRS256, private, nil),
		"HS512":             signRaw(t, jwt.SigningMethodHS512, key, nil),
		"another key":       signRaw(t, jwt.SigningMethodHS256, []byte("guess"), nil),
		"the empty key":     signRaw(t, jwt.SigningMethodHS256, []byte{}, map[string]any{"iss": "keyless"}),
		"no signature":      head + "." + payload + ".",
		"two parts":         head + "." + payload,
		"four parts":        good + "." + signature,
		"signature changed": head + "." + payload + "." + strings.Repeat("A", len(signature)),
		"padding":           good + "=",
		"empty":             "",
		"dots":              "..",
		"noise":             "no token at all",
		"too long":          good + strings.Repeat("A", token.MaxBytes),
	} {
		if _, err := keys.Verify(forged, now); protocol.CodeOf(err) != protocol.CodeUnauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestATokenEndsWithItsTime(t *testing.T) {
	credential := sign(t, ana())
	for after, want := range map[time.Duration]protocol.Code{
		-30 * time.Second:          "", // the signer's clock is a little ahead
		time.Hour - time.Second:    "",
		time.Hour:                  protocol.CodeTokenExpired,
		time.Hour + time.Second:    protocol.CodeTokenExpired,
		time.Hour + time.Minute:    protocol.CodeTokenExpired,
		1000 * time.Hour:           protocol.CodeTokenExpired,
		-time.Minute - time.Second: protocol.CodeUnauthenticated,
	} {
		if _, err := keys.Verify(credential, now.Add(after)); protocol.CodeOf(err) != want {
			t.Errorf("after %s: %v", after, err)
		}
	}
	// Expired and forged is forged: nothing it says is believed.
	forged := signRaw(t, jwt.SigningMethodHS256, []byte("guess"), map[string]any{"exp": 1})
	if _, err := keys.Verify(forged, now); protocol.CodeOf(err) != protocol.CodeUnauthenticated {
		t.Errorf("forged and expired: %v", err)
	}
}

func TestWhatIsAbsentIsDenied(t *testing.T) {
	for name, c := range map[string]struct {
		grants any
		want   token.Grants
	}{
		"absent":  {nil, token.Grants{}},
		"empty":   {[]string{}, token.Grants{}},
		"unknown": {[]string{"admin", "Send", "send ", "receive"}, token.Grants{Receive: true}},
		"twice":   {[]string{"send", "send"}, token.Grants{Send: true}},
	} {
		got, err := keys.Verify(signRaw(t, jwt.SigningMethodHS256, key, map[string]any{"grants": c.grants, "role": nil}), now)
		if err != nil || got.Grants != c.want || got.Role != token.Viewer {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if (token.Role("owner")).Grants() != (token.Grants{}) {
		t.Error("an unknown role grants something")
	}
}

func TestNamesAreCleaned(t *testing.T) {
	c := ana()
	c.Name = " Ana\u202E\r\n  Maria\x00 "
	got, err := keys.Verify(sign(t, c), now)
	if err != nil || got.Name != "Ana Maria" {
		t.Errorf("%q, %v", got.Name, err)
	}
}

func TestSignRefusesWhatWouldNotVerify(t *testing.T) {
	for name, change := range map[string]func(*token.Claims){
		"no expiry":     func(c *token.Claims) { c.ExpiresAt = time.Time{} },
		"bad subject":   func(c *token.Claims) { c.Participant = "a b" },
		"bad room":      func(c *token.Claims) { c.Room = "lobby" },
		"unknown role":  func(c *token.Claims) { c.Role = "" },
		"data not JSON": func(c *token.Claims) { c.Data = json.RawMessage(`{`) },
	} {
		c := ana()
		change(&c)
		if signed, err := token.Sign(key, c); err == nil {
			t.Errorf("%s: signed %s", name, signed)
		}
	}
	if _, err := token.Sign(nil, ana()); err == nil {
		t.Error("signed with no key")
	}
}

func TestGrantsOnTheWire(t *testing.T) {
	for role, want := range map[token.Role]string{
		token.Moderator: `["send","receive","sendToAll","moderate"]`,
		token.Member:    `["send","receive","sendToAll"]`,
		token.Viewer:    `["receive"]`,
		"":              `[]`,
	} {
		got, err := json.Marshal(role.Grants())
		if err != nil || string(got) != want {
			t.Errorf("%q: %s, %v", role, got, err)
		}
		var back token.Grants
		if err := json.Unmarshal(got, &back); err != nil || back != role.Grants() {
			t.Errorf("%q reads back as %+v, %v", role, back, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	good := sign(f, ana())
	wrapped, err := token.Wrap(token.Wrapper{JWT: good})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{good, wrapped, "", "..", good + "=", strings.Replace(good, ".", "..", 1)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, credential string) {
		c, err := keys.Verify(credential, now)
		if err != nil {
			if protocol.CodeOf(err) != protocol.CodeUnauthenticated {
				t.Fatalf("%v", err)
			}
			return
		}
		// Nobody but this test has the key, so only what it signed verifies.
		if c.Participant != ana().Participant || c.Room != room || c.Grants != ana().Grants {
			t.Fatalf("forged: %+v", c)
		}
	})
}
