package token_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

func TestACacheSaysWhatTheKeysSay(t *testing.T) {
	cache := token.NewCache(token.NewRing(keys))
	good := sign(t, ana())
	want, err := keys.Verify(good, now)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		got, err := cache.Verify(good, now)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v, -keys +cache:\n%s", err, diff)
		}
	}
	forged := good[:len(good)-2] + "xx"
	for range 2 {
		for _, bad := range []string{forged, "", "x", strings.Repeat("a", token.MaxBytes+1)} {
			_, want := keys.Verify(bad, now)
			_, err := cache.Verify(bad, now)
			if err == nil || protocol.CodeOf(err) != protocol.CodeOf(want) {
				t.Errorf("%.20q: %v, want %v", bad, err, want)
			}
		}
	}
}

func TestACachedTokenExpires(t *testing.T) {
	cache := token.NewCache(token.NewRing(keys))
	credential := sign(t, ana())
	for _, at := range []struct {
		when time.Duration
		want protocol.Code
	}{{0, ""}, {time.Hour - time.Second, ""}, {time.Hour, protocol.CodeTokenExpired}, {2 * time.Hour, protocol.CodeTokenExpired}} {
		if _, err := cache.Verify(credential, now.Add(at.when)); protocol.CodeOf(err) != at.want {
			t.Errorf("after %v: %v, want %q", at.when, err, at.want)
		}
	}
}

// TestACacheForgetsWhatNobodyAsksFor: whatever many tokens come, those in use are
// known and all are verified alike.
func TestACacheForgetsWhatNobodyAsksFor(t *testing.T) {
	cache := token.NewCache(token.NewRing(keys))
	for i := range 900 {
		claims := ana()
		claims.Participant = protocol.ParticipantID(fmt.Sprintf("pt_%d", i))
		claims.UserRef = strings.Repeat("u", 8<<10)
		got, err := cache.Verify(sign(t, claims), now)
		if err != nil || got.Participant != claims.Participant {
			t.Fatalf("the token of %d says %q, %v", i, got.Participant, err)
		}
	}
}
