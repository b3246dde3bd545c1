// Package panel holds the built <handout-panel>, so that the server is one file.
package panel

import (
	"embed"
	"io/fs"
)

// dist is what `npm run build` leaves. Before the first build it holds only a
// placeholder, so the package compiles in a fresh clone.
//
//go:embed all:dist
var dist embed.FS

// Files returns what is served beside the SDK: handout-panel.js, which imports
// ./handout.js, and its types, from the root. In a binary built without the
// panel it has none of them.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("panel: embedded dist: " + err.Error()) // the directive above guarantees the folder
	}
	return files
}
