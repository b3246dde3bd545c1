package token

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// MaxKeys bounds the keys of one application. What does not verify is held against
// each of them.
const MaxKeys = 8

// Keys holds the keys of each application, by App ID. The first one signs and each
// of them verifies, so that a key can be replaced while its tokens are in use.
type Keys map[string][][]byte

// Sign is Sign with the first key of c.App.
func (k Keys) Sign(c Claims) (string, error) {
	keys := k[c.App]
	if len(keys) == 0 {
		return "", errors.New("signing token: unknown application")
	}
	return Sign(keys[0], c)
}

// Holds reports whether the key is one of the application's. It takes the same time
// whether the application is unknown or the key wrong, and wherever the key
// differs.
func (k Keys) Holds(app, key string) bool {
	given, holds := sha256.Sum256([]byte(key)), 0
	for i := range MaxKeys {
		var one []byte
		if keys := k[app]; i < len(keys) {
			one = keys[i]
		}
		want := sha256.Sum256(one)
		holds |= subtle.ConstantTimeCompare(given[:], want[:]) & min(len(one), 1) // no key is none
	}
	return holds == 1
}

// candidates finds the keys of the application that an unverified token names.
func (k Keys) candidates(unverified *jwt.Token) (any, error) {
	app, err := unverified.Claims.GetIssuer()
	if err != nil {
		return nil, err
	}
	var set jwt.VerificationKeySet
	for _, key := range k[app] {
		if len(key) > 0 {
			set.Keys = append(set.Keys, key)
		}
	}
	if len(set.Keys) == 0 {
		return nil, errors.New("unknown application")
	}
	return set, nil
}

// signer returns the id of the key of the application that has signed a token that
// verifies.
func (k Keys) signer(app string, verified *jwt.Token) string {
	keys := k[app]
	for _, key := range keys {
		text := verified.Raw[:strings.LastIndexByte(verified.Raw, '.')]
		if len(keys) == 1 || verified.Method.Verify(text, verified.Signature, key) == nil {
			return keyID(key)
		}
	}
	return ""
}

// Trusts reports whether the key of that Claims.KeyID is still one of the
// application's.
func (k Keys) Trusts(app, id string) bool {
	return slices.ContainsFunc(k[app], func(key []byte) bool { return keyID(key) == id })
}

// keyID names a key without telling it.
func keyID(key []byte) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}

// Ring is Keys that may be replaced while they are in use. It is safe for
// concurrent use.
type Ring struct{ keys atomic.Pointer[Keys] }

// NewRing returns a Ring of the keys. They must not change.
func NewRing(keys Keys) *Ring {
	r := new(Ring)
	r.Replace(keys)
	return r
}

// Keys returns the keys of now.
func (r *Ring) Keys() Keys { return *r.keys.Load() }

// Replace makes these the keys from now on. They must not change.
func (r *Ring) Replace(keys Keys) { r.keys.Store(&keys) }

// Verify is Keys.Verify with the keys of now.
func (r *Ring) Verify(token string, now time.Time) (Claims, error) {
	return r.Keys().Verify(token, now)
}

// Trusts is Keys.Trusts with the keys of now.
func (r *Ring) Trusts(app, keyID string) bool { return r.Keys().Trusts(app, keyID) }
