// Package webhook tells applications what happens in their rooms: it keeps where
// they want to be told, and carries each message there by HTTP, signed by the
// convention of Standard Webhooks.
//
// What is to be told is written by the store with the change that it tells of
// (store.Delivery). Each message is delivered at least once while it is young
// enough, under the same webhook-id at each attempt; the order is not promised.
package webhook

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/handout-rtc/handout/internal/store"
)

// Registry keeps the endpoints; see store.DB.
type Registry interface {
	Endpoints(ctx context.Context, app string) ([]store.Endpoint, error)
	AddEndpoint(ctx context.Context, e store.Endpoint, most int) error
	ChangeEndpoint(ctx context.Context, app, id string, now time.Time, edit func(*store.Endpoint) error) (store.Endpoint, error)
	RemoveEndpoint(ctx context.Context, app, id string, now time.Time, check func(store.Endpoint) error) error
	Troubled(ctx context.Context, endpoint string, limit int) ([]store.Delivery, error)
	AddDelivery(ctx context.Context, app string, d store.Delivery) error
}

// Queue holds what is to be delivered; see store.DB.
type Queue interface {
	// Hooked has a value after a commit that wrote deliveries.
	Hooked() <-chan struct{}
	WaitingEndpoints(ctx context.Context) ([]store.WaitingEndpoint, error)
	DueDeliveries(ctx context.Context, endpoint string, now time.Time, limit int) ([]store.Delivery, error)
	Attempted(ctx context.Context, d store.Delivery, a store.Attempt) error
}

// Observer hears how deliveries go. Its methods return at once, and are called by
// many goroutines.
type Observer interface {
	// Attempted hears of an attempt and how it ended: one of Outcomes.
	Attempted(outcome string)
}

// What becomes of an attempt.
const (
	Delivered = "delivered"
	Failed    = "failed"   // it is made again, or given up
	Refused   = "refused"  // the address is none that may be asked
	Gone      = "gone"     // the endpoint said so, and is disabled
	GivenUp   = "given-up" // failed for the last time
)

// Outcomes returns every outcome of an attempt.
func Outcomes() []string { return []string{Delivered, Failed, Refused, Gone, GivenUp} }

// Config says what a Service uses. Registry, Queue and Log are required.
type Config struct {
	Registry Registry
	Queue    Queue
	// Networks are those that may be asked beside the public internet, also
	// without TLS.
	Networks []netip.Prefix
	// MaxPerApp is how many endpoints an application may have; zero means 10.
	MaxPerApp int
	// Timeout bounds an attempt, from looking up the name to the end of the
	// answer; zero means 15 s.
	Timeout time.Duration
	// MaxAge is how long a message is tried; zero means 96 h.
	MaxAge time.Duration
	// Schedule is how long after each failed attempt the next one is made; nil means
	// as Standard Webhooks proposes.
	Schedule []time.Duration
	// Parallel is how many messages one endpoint is sent at a time; zero means 4.
	Parallel int
	// TLS is how certificates are checked; nil means as the system does.
	TLS *tls.Config
	// Resolver looks up names; nil means as the system does.
	Resolver *net.Resolver
	// LookEvery is how long after a look at what is due another one follows at the
	// latest; zero means 10 s. In a cluster nothing tells of what other nodes wrote.
	LookEvery time.Duration
	// Agent is the User-Agent; "" means Handout.
	Agent string
	// Observer hears of attempts; nil means that nobody does.
	Observer Observer
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Service registers endpoints and delivers to them. It is safe for concurrent use;
// one Run at a time.
type Service struct {
	Config
	clients
}

// New returns a Service.
func New(c Config) *Service {
	if c.MaxPerApp == 0 {
		c.MaxPerApp = 10
	}
	if c.Timeout == 0 {
		c.Timeout = 15 * time.Second
	}
	if c.MaxAge == 0 {
		c.MaxAge = 96 * time.Hour
	}
	if c.Schedule == nil {
		c.Schedule = schedule()
	}
	if c.LookEvery == 0 {
		c.LookEvery = lookAgain
	}
	if c.Parallel == 0 {
		c.Parallel = 4
	}
	if c.Agent == "" {
		c.Agent = "Handout"
	}
	if c.Observer == nil {
		c.Observer = nobody{}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Service{Config: c}
	s.clients = s.newClients()
	return s
}

// nobody is an Observer that does not listen.
type nobody struct{}

func (nobody) Attempted(string) {}
