package server

import (
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/internal/limit"
	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

// Asking bounds how often requests come. Zero values stand for what their
// comments name.
type Asking struct {
	Participant limit.Rate // 200 a second, 2000 at once
	Room        limit.Rate // of all its participants: 2000, 20000
	Address     limit.Rate // of an IPv4 address or an IPv6 /64: 1000, 10000
	// Proxies speak for clients of other addresses.
	Proxies Proxies
}

// mostAsking bounds how many of each kind are counted at a time.
const mostAsking = 100_000

// Who asks too fast is answered slowly, so that to ask again at once does not
// pay: a connection that does nothing else is refused once in a pause. As many as
// mostPausing wait at a time.
const (
	refusalPause = time.Second
	mostPausing  = 4096
)

// asking counts requests.
type asking struct {
	proxies      Proxies
	addresses    *limit.Rates[netip.Prefix]
	participants *limit.Rates[asker]
	rooms        *limit.Rates[protocol.RoomID]
	pausing      atomic.Int64
	unnamed      sync.Once // says once that there seems to be a proxy
}

// asker is a participant who asks.
type asker struct {
	room protocol.RoomID
	id   protocol.ParticipantID
}

func newAsking(c Asking) *asking {
	return &asking{
		proxies:      c.Proxies,
		addresses:    limit.NewRates[netip.Prefix](c.Address.Or(limit.Rate{PerSecond: 1000, Burst: 10_000}), mostAsking),
		participants: limit.NewRates[asker](c.Participant.Or(limit.Rate{PerSecond: 200, Burst: 2000}), mostAsking),
		rooms:        limit.NewRates[protocol.RoomID](c.Room.Or(limit.Rate{PerSecond: 2000, Burst: 20_000}), mostAsking),
	}
}

// byAddress refuses who asks too fast for its address, before anybody asks who it
// is. Who looks after the server is let through.
func (s *Server) byAddress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if aboutTheServer(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		network, forwarded := s.asking.proxies.client(r)
		if forwarded {
			s.asking.unnamed.Do(func() {
				s.Log.Warn("requests come through a proxy that is not trusted, so all its clients count as one: name it with --trusted-proxy")
			})
		}
		if wait := s.asking.addresses.Take(s.now(), network, 1); wait > 0 {
			s.fail(w, r, tooFast("address-request-rate", wait))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// aboutTheServer reports whether an address is for who looks after the server.
func aboutTheServer(path string) bool {
	return path == "/healthz" || path == "/readyz" || path == "/metrics"
}

// byCaller fails with CodeTooManyRequests for a participant, or a room, that asks
// too fast. Who is refused for its own pace takes nothing from its room's.
func (a *asking) byCaller(now time.Time, c share.Caller) error {
	if wait := a.participants.Take(now, asker{c.Room, c.ID}, 1); wait > 0 {
		return tooFast("request-rate", wait)
	}
	if wait := a.rooms.Take(now, c.Room, 1); wait > 0 {
		return tooFast("room-request-rate", wait)
	}
	return nil
}

func tooFast(name string, wait time.Duration) error {
	err := protocol.LimitError(protocol.CodeTooManyRequests, name, "too many requests: try again in a moment")
	err.After = wait
	return err
}

// pause lets who asked too fast wait for the answer, while there is room to.
func (a *asking) pause(r *http.Request) {
	if a.pausing.Add(1) <= mostPausing {
		timer := time.NewTimer(refusalPause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
	}
	a.pausing.Add(-1)
}
