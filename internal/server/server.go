// Package server is the HTTP edge: it parses requests, calls one method of the
// domain, and renders the answer. routes.go is its front door.
package server

import (
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/internal/webhook"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// Push is what the server needs of the push edge.
type Push interface {
	WebsocketHandler() http.Handler
	HTTPStreamHandler() http.Handler
	EmulationHandler() http.Handler
}

// Config says what a Server serves. Everything is required but the fields
// whose comment names a default.
type Config struct {
	Rooms   *room.Service
	Shares  *share.Service
	Uploads *upload.Service
	Push    Push
	// Webhooks are where applications are told of what happens.
	Webhooks *webhook.Service
	Keys     *token.Ring
	Limits   protocol.Limits
	Pace     Pace
	// Asking bounds how often requests come; see there for the defaults.
	Asking Asking
	// MaxRequest is the largest body, in bytes, of anything but an upload; zero
	// means 512 KiB.
	MaxRequest int64
	// Congestion names the kernel's congestion control for downloads to other
	// machines, where it has one of that name; "" leaves it to the system.
	Congestion string
	// Page, SDK and Panel are the built files of each.
	Page  fs.FS
	SDK   fs.FS
	Panel fs.FS
	// Docs has openapi.yaml, the description of the addresses.
	Docs fs.FS
	// Ready says whether the server can keep its promises.
	Ready *Readiness
	// Metrics counts requests and transfers.
	Metrics *Metrics
	// Origins are the origins, such as "https://app.example", whose pages may
	// call the server; empty means its own alone.
	Origins []string
	// PublicURL is where clients reach the server; empty means the host that a
	// token was asked of.
	PublicURL string
	// TokenLifetime is how long the operator's tokens are good; zero means a day.
	TokenLifetime time.Duration
	// Dev serves the sample back end, and pages of any origin.
	Dev bool
	// Now is the clock that tokens are held against; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Server answers HTTP.
type Server struct {
	Config
	tokens  *token.Cache
	asking  *asking
	handler http.Handler
	near    func(net.Addr) bool // which peers' connections are left as they are
	unpaced sync.Once           // says once that Congestion cannot be had
}

// New returns a Server.
func New(c Config) *Server {
	if c.TokenLifetime == 0 {
		c.TokenLifetime = 24 * time.Hour
	}
	if c.MaxRequest == 0 {
		c.MaxRequest = 512 << 10
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Server{Config: c, tokens: token.NewCache(c.Keys), asking: newAsking(c.Asking), near: onThisMachine}
	s.handler = s.middleware(s.routes())
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Server) now() time.Time { return s.Now() }
