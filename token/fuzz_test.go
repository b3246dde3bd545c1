package token_test

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// FuzzClaims signs whatever it is with the right key: a back end that makes its
// own tokens may be careless, or be asked for a name by somebody who is not.
func FuzzClaims(f *testing.F) {
	for _, changes := range []map[string]any{
		nil, {"exp": nil}, {"exp": 1e300}, {"exp": "1"}, {"exp": -1}, {"iat": 1e18}, {"sub": ""}, {"sub": "../x"}, {"room": "lobby"}, {"role": "owner"}, {"role": nil},
		{"name": "\u202eAna\r\n"}, {"name": nil}, {"grants": "send"}, {"grants": []any{"send", "moderate", nil}}, {"data": map[string]any{"a": []int{1}}}, {"iss": []string{"dev"}}, {"aud": "x"}, {"nbf": 9e9},
	} {
		text, err := json.Marshal(claims(changes))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(`{"iss":"dev","iss":"other"}`)
	f.Add(`null`)
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`))
	f.Fuzz(func(t *testing.T, payload string) {
		plain := head + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
		signature, err := jwt.SigningMethodHS256.Sign(plain, key)
		if err != nil {
			t.Fatal(err)
		}
		c, err := keys.Verify(plain+"."+base64.RawURLEncoding.EncodeToString(signature), now)
		if err != nil {
			if code := protocol.CodeOf(err); code != protocol.CodeUnauthenticated && code != protocol.CodeTokenExpired {
				t.Fatalf("%s: %v", payload, err)
			}
			return
		}
		switch {
		case c.App != "dev", !c.Participant.Valid(), !c.Room.Valid(), !c.Role.Valid(), !now.Before(c.ExpiresAt):
			t.Fatalf("%s passes as %+v", payload, c)
		case c.Name != protocol.CleanDisplayName(c.Name):
			t.Fatalf("%s is called %q", payload, c.Name)
		case c.Data != nil && !json.Valid(c.Data):
			t.Fatalf("%s carries %q", payload, c.Data)
		}
		again, err := token.Sign(key, c)
		if err != nil {
			t.Fatalf("%s cannot be signed again: %v", payload, err)
		}
		if back, err := keys.Verify(again, now); len(again) <= token.MaxBytes && (err != nil || back.Grants != c.Grants || back.Participant != c.Participant) {
			t.Fatalf("%s, signed again, is %+v, %v", payload, back, err)
		}
	})
}
