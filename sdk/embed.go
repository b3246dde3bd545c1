// Package sdk holds the built SDK, so that the server is one file.
package sdk

import (
	"embed"
	"io/fs"
)

// dist is what `npm run build` leaves. Before the first build it holds only a
// placeholder, so the package compiles in a fresh clone.
//
//go:embed all:dist
var dist embed.FS

// Files returns the built SDK: EnxRtc.js, handout.js and its types, from the
// root. In a binary built without the SDK it has none of them.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("sdk: embedded dist: " + err.Error()) // the directive above guarantees the folder
	}
	return files
}
