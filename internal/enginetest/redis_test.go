package enginetest

import (
	"testing"
)

// TestRedisForgets: what was there before it was killed, and what is flushed.
func TestRedisForgets(t *testing.T) {
	r := OwnRedis(t)
	ask := func(want string, words ...string) {
		t.Helper()
		if got, err := r.Do(words...); err != nil || got != want {
			t.Fatalf("%v: %q, %v, want %q", words, got, err, want)
		}
	}
	ask("OK", "SET", "key", "value")
	ask("value", "GET", "key")
	ask("OK", "FLUSHALL")
	ask("", "GET", "key")
	ask("OK", "SET", "key", "value")
	if err := r.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do("PING"); err == nil {
		t.Error("it answers after it was killed")
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	ask("", "GET", "key")
	r.Pause()
	r.Resume()
	ask("PONG", "PING")
}
