package share

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/handout-rtc/handout/protocol"
)

// reading is a running download.
type reading struct {
	share  protocol.ShareID
	room   protocol.RoomID
	reader protocol.ParticipantID
	sender protocol.ParticipantID // "" if that is the reader
	at     atomic.Int64           // how far it is, in bytes
}

// readings are the running downloads, so that they can be cut off and counted.
type readings struct {
	mu      sync.Mutex
	running map[*reading]func(cause error) // guarded by mu; what cuts each off
}

func newReadings() readings { return readings{running: make(map[*reading]func(error))} }

// begin notes a running download. The context that it returns ends, and stop is
// called, when the download is cut off; done must be called at its end.
func (l *readings) begin(ctx context.Context, r *reading, stop func()) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running[r] = func(cause error) {
		cancel(cause)
		stop()
	}
	return ctx, func() {
		l.mu.Lock()
		delete(l.running, r)
		l.mu.Unlock()
		cancel(nil)
	}
}

// cut cuts off the downloads that match, each once.
func (l *readings) cut(cause error, match func(*reading) bool) {
	var chosen []func(error)
	l.mu.Lock()
	for r, cut := range l.running {
		if match(r) {
			chosen = append(chosen, cut)
			delete(l.running, r)
		}
	}
	l.mu.Unlock()
	for _, cut := range chosen {
		cut(cause)
	}
}

// cutReader cuts off the downloads of who was removed from the room.
func (s *Service) cutReader(room protocol.RoomID, id protocol.ParticipantID) {
	s.readings.cut(protocol.NewError(protocol.CodeDropped, "the participant was removed from the room"),
		func(r *reading) bool { return r.room == room && r.reader == id })
}

// all returns the running downloads.
func (l *readings) all() []*reading {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.running))
}

// Downloading returns how many downloads run now.
func (s *Service) Downloading() int { return len(s.readings.all()) }

// CutAll cuts off every running download. It is for a server that stops.
func (s *Service) CutAll() {
	s.readings.cut(stopping(), func(*reading) bool { return true })
}

func stopping() error {
	return protocol.NewError(protocol.CodeUnavailable, "the server is stopping")
}
