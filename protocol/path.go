package protocol

import (
	"strconv"
	"strings"
)

// CleanPath makes the place of a file in a folder safe to show and to save: the
// folders from the one that was shared down to the file's own, with "/" between,
// each cleaned as a file's name is. "" is no folder. The result is data for people,
// as a name is. Cleaning a clean path changes nothing.
//
// A path that leads elsewhere, or to nowhere ("/a", "a//b", "a/../b"), is
// CodeInvalidRequest, and so is one of more than MaxPathDepth folders or
// MaxPathBytes: it is not made to mean something else.
func CleanPath(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	folders := strings.Split(path, "/")
	if len(folders) > MaxPathDepth {
		return "", badPath("has more than " + strconv.Itoa(MaxPathDepth) + " folders")
	}
	for i, folder := range folders {
		switch strings.TrimSpace(folder) {
		case "", ".", "..":
			return "", badPath("has a folder without a name")
		}
		folders[i] = CleanFileName(folder)
	}
	path = strings.Join(folders, "/")
	if len(path) > MaxPathBytes {
		return "", badPath("is longer than " + strconv.Itoa(MaxPathBytes) + " bytes")
	}
	return path, nil
}

func badPath(why string) error {
	return NewError(CodeInvalidRequest, "the path of a file "+why)
}

// PathOf returns the folders of a relative path that ends with the file's own name,
// as clients of tus say it: "" for none, which some of them write as "null". Some
// begin it with a "/".
func PathOf(relative string) string {
	relative = strings.TrimPrefix(relative, "/")
	last := strings.LastIndexByte(relative, '/')
	if last < 0 {
		return ""
	}
	return relative[:last]
}
