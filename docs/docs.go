// Package docs holds what the server tells of itself: the description of its
// addresses.
package docs

import (
	"embed"
	"io/fs"
)

//go:embed openapi.yaml
var files embed.FS

// Files returns openapi.yaml.
func Files() fs.FS { return files }
