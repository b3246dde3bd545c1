package server

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/handout-rtc/handout/protocol"
)

// pagePolicy lets the page load and reach its own origin alone. Lit sets style
// attributes, hence 'unsafe-inline' for styles; the SDK hashes in WebAssembly,
// which browsers refuse to compile without 'wasm-unsafe-eval'.
const pagePolicy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; " +
	"style-src 'self' 'unsafe-inline'; manifest-src 'self'; media-src 'self' blob:; frame-src blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// panelPrefix is what the names of the panel's files begin with: they are
// served beside the SDK's.
const panelPrefix = "handout-panel"

// staticRoutes serves the page at /, and the SDK's two builds and the panel's,
// which imports the SDK by a relative address, under /sdk/.
func (s *Server) staticRoutes(mux *addresses) {
	page := newStatic(s.Page)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		pageHeaders(w.Header())
		s.serveFile(w, r, page, "index.html")
	})
	mux.HandleFunc("GET /{file...}", func(w http.ResponseWriter, r *http.Request) {
		pageHeaders(w.Header())
		s.serveFile(w, r, page, r.PathValue("file"))
	})
	docs := newStatic(s.Docs)
	mux.HandleFunc("GET /openapi.yaml", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*") // tools read it from anywhere
		s.serveFile(w, r, docs, "openapi.yaml")
	})
	sdk, panel := newStatic(s.SDK), newStatic(s.Panel)
	mux.HandleFunc("GET /sdk/{file...}", func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*") // public code, loaded by other origins
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		from := sdk
		if name := r.PathValue("file"); strings.HasPrefix(name, panelPrefix) {
			from = panel
		}
		s.serveFile(w, r, from, r.PathValue("file"))
	})
}

func pageHeaders(h http.Header) {
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

// static serves embedded files with a strong validator each: embedded files
// have no time of change.
type static struct {
	files fs.FS
	etags map[string]string
}

func newStatic(files fs.FS) *static {
	s := &static{files: files, etags: make(map[string]string)}
	// An embedded tree can be read; a file that cannot has no validator.
	_ = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err == nil {
			sum := sha256.Sum256(body)
			s.etags[name] = `"` + hex.EncodeToString(sum[:16]) + `"`
		}
		return err
	})
	return s
}

func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, from *static, name string) {
	name = path.Clean(name)
	etag, ok := from.etags[name]
	if !ok || strings.HasPrefix(path.Base(name), ".") {
		s.fail(w, r, protocol.NewError(protocol.CodeNotFound, "there is no such address"))
		return
	}
	cache := "no-cache" // asked again each time, answered by 304
	if strings.HasPrefix(name, "assets/") {
		cache = "public, max-age=31536000, immutable" // the name holds a hash
	}
	w.Header().Set("Cache-Control", cache)
	w.Header().Set("ETag", etag)
	if kind := contentType(name); kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	if info, err := fs.Stat(from.files, name); err == nil {
		expectTaken(w, int(info.Size()))
	}
	http.ServeFileFS(w, r, from.files, name)
}

// contentType says what the builds leave. Without it the machine's own table
// decides: .ts is a translation or a video there, and a script of another type
// is not run.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".ts", ".md":
		return "text/plain; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".yaml":
		return "application/yaml"
	case ".svg":
		return "image/svg+xml"
	case ".webmanifest":
		return "application/manifest+json"
	}
	return ""
}
