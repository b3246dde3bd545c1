package main

import (
	"strconv"
	"testing"
)

// FuzzSize: a limit is a positive number of bytes, or the server does not start.
func FuzzSize(f *testing.F) {
	for _, seed := range []string{"2GiB", "500MB", "1048576", "0", "-1", "", "1e30", "9EiB", "1.5 kB", "NaN", "KiB"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var n size
		if err := n.UnmarshalText([]byte(text)); err != nil {
			if n != 0 {
				t.Fatalf("%q is refused and sets %d", text, n)
			}
			return
		}
		if n <= 0 || n > 1<<62 {
			t.Fatalf("%q is %d bytes", text, n)
		}
		var again size
		if err := again.UnmarshalText([]byte(strconv.FormatInt(int64(n), 10))); err != nil || n < 1<<53 && again != n {
			t.Fatalf("%q is %d bytes, which reads as %d, %v", text, n, again, err)
		}
	})
}
