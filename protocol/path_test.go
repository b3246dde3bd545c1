package protocol_test

import (
	"strings"
	"testing"

	"github.com/handout-rtc/handout/protocol"
)

func TestCleanPath(t *testing.T) {
	deepest := strings.Repeat("a/", protocol.MaxPathDepth-1) + "a"
	longest := strings.Repeat("x", 255) + "/" + strings.Repeat("x", 254) + "/"
	for path, want := range map[string]string{
		"": "", "photos": "photos", "photos/2024": "photos/2024", ".git/refs": ".git/refs", "e\u0301t\u00e9": "\u00e9t\u00e9",
		"in\u202Evoice/a\r\nb": "invoice/ab", `C:\Users/a\b`: "Users/b", " a / b. ": "a/b", "\u200D/x": "file/x", "...": "file", `..\..`: "file",
		"\xff": "\uFFFD", deepest: deepest, longest + "x": longest + "x",
	} {
		got, err := protocol.CleanPath(path)
		if again, _ := protocol.CleanPath(got); err != nil || got != want || again != got {
			t.Errorf("CleanPath(%q) = %q, %v, and of that %q; want %q", path, got, err, again, want)
		}
	}
	for _, path := range []string{
		"/", "/etc", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.", "a/ .. /b", " ", "a/\t", deepest + "/a", longest + "xx",
	} {
		if got, err := protocol.CleanPath(path); protocol.CodeOf(err) != protocol.CodeInvalidRequest || got != "" {
			t.Errorf("CleanPath(%q) = %q, %v", path, got, err)
		}
	}
}

// FuzzCleanPath: whatever a client says, no folder of it leads elsewhere.
func FuzzCleanPath(f *testing.F) {
	for _, seed := range []string{"", "a/b", "../x", "a/..", "/a", `a\..\b`, "a/\u202E.", "\u200B..", strings.Repeat("x/", 40), strings.Repeat("\u00e4", 300), ". ./a", "\u2024\u2024/a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		clean, err := protocol.CleanPath(path)
		if err != nil {
			if protocol.CodeOf(err) != protocol.CodeInvalidRequest || clean != "" {
				t.Fatalf("%q becomes %q, %v", path, clean, err)
			}
			return
		}
		if again, err := protocol.CleanPath(clean); err != nil || again != clean || len(clean) > protocol.MaxPathBytes {
			t.Fatalf("%q becomes %q, and that %q, %v", path, clean, again, err)
		}
		if clean == "" {
			return
		}
		folders := strings.Split(clean, "/")
		if len(folders) != strings.Count(path, "/")+1 {
			t.Fatalf("%q becomes %q", path, clean)
		}
		for _, folder := range folders {
			if folder != protocol.CleanFileName(folder) || strings.Trim(folder, ".") == "" {
				t.Fatalf("%q has a folder %q", path, folder)
			}
		}
	})
}

func TestPathOf(t *testing.T) {
	for relative, want := range map[string]string{
		"": "", "null": "", "a.txt": "", "/a.txt": "", "photos/a.txt": "photos", "/photos/2024/a.txt": "photos/2024", "//a": "", "a/": "a",
	} {
		if got := protocol.PathOf(relative); got != want {
			t.Errorf("PathOf(%q) = %q, want %q", relative, got, want)
		}
	}
}

// picture is the beginning of one, filled up to n bytes.
func picture(begins string, n int) []byte {
	return append([]byte(begins), make([]byte, n-len(begins))...)
}

const aPNG, aJPEG, aWebP = "\x89PNG\r\n\x1a\n", "\xff\xd8\xff", "RIFF\x00\x00\x00\x00WEBP"

func TestThumbnailsArePictures(t *testing.T) {
	for begins, want := range map[string]string{
		aPNG: "image/png", aJPEG: "image/jpeg", aWebP: "image/webp", "GIF89a": "", "<svg xmlns='http://www.w3.org/2000/svg'>": "",
		"<!doctype html>": "", "RIFF\x00\x00\x00\x00WAVE": "", "RIFF": "", "": "",
	} {
		if got := protocol.ThumbnailType([]byte(begins)); got != want {
			t.Errorf("%q is %q, want %q", begins, got, want)
		}
	}
	largest := picture(aWebP, protocol.MaxThumbnailBytes)
	most := make([][]byte, protocol.MaxThumbnailsBytes/protocol.MaxThumbnailBytes)
	for i := range most {
		most[i] = largest
	}
	for _, row := range []struct {
		what     string
		pictures [][]byte
		want     protocol.Code
	}{
		{"none", [][]byte{nil, {}}, ""},
		{"as many and as large as may be", most, ""},
		{"one too large", [][]byte{append(largest, 0)}, protocol.CodeRequestTooLarge},
		{"one too many", append(most, []byte(aPNG)), protocol.CodeRequestTooLarge},
		{"no picture", [][]byte{[]byte(aPNG), []byte("<svg>")}, protocol.CodeUnsupportedMedia},
	} {
		if err := protocol.CheckThumbnails(row.pictures...); protocol.CodeOf(err) != row.want {
			t.Errorf("%s: %v, want %q", row.what, err, row.want)
		}
	}
}
