package audit

import (
	"os"
	"path/filepath"
	"testing"
)

// TestALogThatIsWrittenInTurnsIsOne: each process has its files in a directory of its
// own, and one of them dies between writing entries and saying so. Put together they are
// one chain, with every entry once.
func TestALogThatIsWrittenInTurnsIsOne(t *testing.T) {
	r := newRecords()
	a, b := t.TempDir(), t.TempDir()
	turn := func(dir string, made int64) {
		t.Helper()
		l := r.open(t, dir, func(c *Config) { c.Shared = true })
		r.made = made
		l.turn(t.Context())
		if err := l.Healthy(); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	dies := func(dir string, made int64) {
		t.Helper()
		l := r.open(t, dir, func(c *Config) { c.Shared = true })
		r.made, r.deaf = made, true
		l.turn(t.Context())
		r.deaf = false
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	turn(a, 3)
	turn(b, 5)
	dies(b, 8) // it has 6 to 8, and nobody knows
	turn(a, 9) // which writes them too
	turn(b, 11)
	dies(b, 12)
	turn(b, 13) // it finds what it had written itself

	together := t.TempDir()
	if err := os.Mkdir(filepath.Join(together, "audit"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{a, b} {
		names, err := os.ReadDir(filepath.Join(dir, "audit"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(filepath.Join(dir, "audit", name.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(together, "audit", name.Name()), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.whole(t, together, 1)
	if alone, err := Check(filepath.Join(a, "audit"), &r.has); err != nil || len(alone.Faults) == 0 {
		t.Fatalf("one of them alone passes for the whole log: %v", err)
	}
}
