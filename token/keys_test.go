package token_test

import (
	"testing"
	"time"

	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

var (
	oldKey, newKey = []byte("the old key"), []byte("the new key")
	onlyOld        = token.Keys{"dev": {oldKey}}
	both           = token.Keys{"dev": {newKey, oldKey}, "other": {key}}
	onlyNew        = token.Keys{"dev": {newKey}}
)

func signedBy(t *testing.T, keys token.Keys) string {
	t.Helper()
	signed, err := keys.Sign(ana())
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// TestAnyKeyVerifiesAndTheFirstSigns goes through a rotation.
func TestAnyKeyVerifiesAndTheFirstSigns(t *testing.T) {
	before, during, after := signedBy(t, onlyOld), signedBy(t, both), signedBy(t, onlyNew)
	rows := []struct {
		name       string
		keys       token.Keys
		credential string
		good       bool
	}{
		{"before, an old one", onlyOld, before, true},
		{"before, a new one", onlyOld, during, false},
		{"during, an old one", both, before, true},
		{"during, a new one", both, during, true},
		{"after, an old one", onlyNew, before, false},
		{"after, one from during", onlyNew, during, true},
		{"after, a new one", onlyNew, after, true},
		{"with no key", token.Keys{"dev": {}}, after, false},
		{"with an empty key", token.Keys{"dev": {nil, {}}}, after, false},
		{"with an empty key beside it", token.Keys{"dev": {nil, newKey}}, after, true},
	}
	for _, row := range rows {
		_, err := row.keys.Verify(row.credential, now)
		if (err == nil) != row.good || err != nil && protocol.CodeOf(err) != protocol.CodeUnauthenticated {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	if _, err := (token.Keys{}).Sign(ana()); err == nil {
		t.Error("an unknown application signs")
	}
	if _, err := (token.Keys{"dev": {nil, newKey}}).Sign(ana()); err == nil {
		t.Error("an empty key signs")
	}
}

func TestHoldsEachKeyOfTheApplication(t *testing.T) {
	many := token.Keys{"many": {}}
	for i := range token.MaxKeys {
		many["many"] = append(many["many"], []byte{'k', byte('0' + i)})
	}
	rows := []struct {
		keys     token.Keys
		app, key string
		want     bool
	}{
		{both, "dev", string(oldKey), true}, {both, "dev", string(newKey), true}, {onlyNew, "dev", string(oldKey), false},
		{both, "dev", "", false}, {both, "dev", string(key), false}, {both, "other", string(newKey), false},
		{both, "", "", false}, {both, "nobody", "", false}, {token.Keys{"keyless": {nil}}, "keyless", "", false}, {nil, "dev", "", false},
		{many, "many", "k0", true}, {many, "many", "k7", true}, {many, "many", "k8", false},
	}
	for _, row := range rows {
		if got := row.keys.Holds(row.app, row.key); got != row.want {
			t.Errorf("%q %q: %v", row.app, row.key, got)
		}
	}
}

// TestARingForgetsWhatARemovedKeyHasVerified, and knows by whose key each came.
func TestARingForgetsWhatARemovedKeyHasVerified(t *testing.T) {
	ring := token.NewRing(onlyOld)
	cache := token.NewCache(ring)
	credential := signedBy(t, onlyOld)
	var claims token.Claims
	for _, keys := range []token.Keys{onlyOld, both} {
		ring.Replace(keys)
		for range 2 {
			got, err := cache.Verify(credential, now)
			if err != nil || !ring.Trusts(got.App, got.KeyID) || got.KeyID == "" {
				t.Fatalf("%+v, %v", got, err)
			}
			claims = got
		}
	}
	fresh, err := cache.Verify(signedBy(t, both), now)
	if err != nil || fresh.KeyID == claims.KeyID {
		t.Fatalf("%+v, %v", fresh, err)
	}
	ring.Replace(onlyNew)
	if _, err := cache.Verify(credential, now); protocol.CodeOf(err) != protocol.CodeUnauthenticated {
		t.Errorf("the token of a removed key: %v", err)
	}
	if ring.Trusts(claims.App, claims.KeyID) || !ring.Trusts(fresh.App, fresh.KeyID) || ring.Trusts("other", fresh.KeyID) || ring.Trusts("dev", "") {
		t.Error("the wrong keys are trusted")
	}
	if _, err := cache.Verify(signedBy(t, both), now.Add(2*time.Hour)); protocol.CodeOf(err) != protocol.CodeTokenExpired {
		t.Errorf("an expired one: %v", err)
	}
}
