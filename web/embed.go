// Package web holds the built room page, so that the server is one file.
package web

import (
	"embed"
	"io/fs"
)

// dist is what `npm run build` leaves. Before the first build it holds only a
// placeholder, so the package compiles in a fresh clone.
//
//go:embed all:dist
var dist embed.FS

// Files returns the built page: index.html and its assets, from the root. In a
// binary built without the page it has no index.html.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("web: embedded dist: " + err.Error()) // the directive above guarantees the folder
	}
	return files
}
