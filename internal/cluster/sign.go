package cluster

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/handout-rtc/handout/protocol"
)

const (
	// signedFor is how long a request is good.
	signedFor = 15 * time.Second
	// longest is the longest that anybody's is, leeway included: all go by the store's
	// clock, and know it but for the time that a question takes.
	longest = 30 * time.Second
	leeway  = 5 * time.Second

	scheme = "Bearer "
)

// sign gives a request the credential of this node: good for this method and this
// address, and for a moment.
func (n *Node) sign(r *http.Request) error {
	now := n.storeTime()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer: n.ID, Subject: subject(r), IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(signedFor)),
	}).SignedString(n.Secret)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", scheme+token)
	return nil
}

// subject is what a credential is good for.
func subject(r *http.Request) string { return r.Method + " " + r.URL.RequestURI() }

// verify returns nil for a request that another node has signed. Who has not is told
// no more than that.
func (n *Node) verify(r *http.Request) error {
	text, bearer := strings.CutPrefix(r.Header.Get("Authorization"), scheme)
	if !bearer {
		return unsigned(errors.New("no credential"))
	}
	var claims jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(text, &claims, func(*jwt.Token) (any, error) { return n.Secret, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithSubject(subject(r)),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(n.storeTime))
	switch {
	case err != nil:
		return unsigned(err)
	case claims.IssuedAt == nil || claims.ExpiresAt.Sub(claims.IssuedAt.Time) > longest:
		return unsigned(errors.New("good for too long"))
	}
	return nil
}

func unsigned(err error) error {
	return protocol.WrapError(protocol.CodeUnauthenticated, "not signed by a node of this cluster", err)
}
