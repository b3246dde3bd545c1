package signal

import (
	"hash/maphash"
	"sync"
)

// followed is a stream that this node gets from Redis.
type followed struct {
	hub      bool  // the library has somebody who follows it
	beside   int   // connections that it is followed for beside the library
	attended bool  // for the hints on it
	on       bool  // Redis knows of it
	told     int64 // the last number that came; 0 for none
	owed     bool  // Redis did not know of it for a while
}

func (f *followed) wanted() bool { return f.hub || f.beside > 0 || f.attended }

// streams are those that this node follows. It is safe for concurrent use.
type streams struct {
	// One question about a stream is asked at a time: turns has a lock for each few,
	// and all are held when what is owed is made up for.
	all   sync.RWMutex
	turns [256]sync.Mutex
	seed  maphash.Seed

	mu       sync.Mutex
	followed map[string]*followed // guarded by mu
	owed     map[string]struct{}  // guarded by mu; wanted, and not known to Redis
	gaps     int64                // guarded by mu; how often something was missing
}

func newStreams() *streams {
	return &streams{seed: maphash.MakeSeed(), followed: make(map[string]*followed), owed: make(map[string]struct{})}
}

// turn waits until nobody else asks about the stream. The returned function ends it.
func (s *streams) turn(stream string) (end func()) {
	s.all.RLock()
	turn := &s.turns[maphash.String(s.seed, stream)%uint64(len(s.turns))]
	turn.Lock()
	return func() {
		turn.Unlock()
		s.all.RUnlock()
	}
}

// follow notes one more who wants the stream, and subscribes to it for the first.
func (s *streams) follow(stream string, note func(*followed), subscribe func(string) error) {
	defer s.turn(stream)()
	s.mu.Lock()
	f := s.wantLocked(stream, note)
	on := f.on
	s.mu.Unlock()
	if on {
		return
	}
	err := subscribe(stream)
	s.mu.Lock()
	defer s.mu.Unlock()
	f.on = err == nil
	if err != nil {
		f.owed = true
		s.owed[stream] = struct{}{}
	}
}

// owe notes one more who wants the stream, and leaves it to makeUp to subscribe.
func (s *streams) owe(stream string, note func(*followed)) {
	defer s.turn(stream)()
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.wantLocked(stream, note); !f.on {
		s.owed[stream] = struct{}{}
	}
}

// wantLocked notes one more who wants the stream.
func (s *streams) wantLocked(stream string, note func(*followed)) *followed {
	f := s.followed[stream]
	if f == nil {
		f = &followed{}
		s.followed[stream] = f
	}
	note(f)
	return f
}

// unfollow notes one fewer, and unsubscribes from the stream with the last.
func (s *streams) unfollow(stream string, note func(*followed), unsubscribe func(string)) {
	defer s.turn(stream)()
	s.mu.Lock()
	f := s.followed[stream]
	if f == nil {
		s.mu.Unlock()
		return
	}
	note(f)
	if f.wanted() {
		s.mu.Unlock()
		return
	}
	delete(s.followed, stream)
	delete(s.owed, stream)
	s.mu.Unlock()
	if f.on {
		unsubscribe(stream)
	}
}

// makeUpBatch is how many streams one question is about.
const makeUpBatch = 500

// makeUp subscribes to what is owed, as far as it gets.
func (s *streams) makeUp(subscribe func(...string) error) {
	for {
		batch := s.someOwed()
		if len(batch) == 0 || !s.makeUpSome(batch, subscribe) {
			return
		}
	}
}

func (s *streams) someOwed() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var batch []string
	for stream := range s.owed {
		if batch = append(batch, stream); len(batch) == makeUpBatch {
			break
		}
	}
	return batch
}

func (s *streams) makeUpSome(batch []string, subscribe func(...string) error) bool {
	s.all.Lock()
	defer s.all.Unlock()
	s.mu.Lock()
	var still []string
	for _, stream := range batch {
		if _, owed := s.owed[stream]; owed {
			still = append(still, stream)
		}
	}
	s.mu.Unlock()
	if len(still) == 0 {
		return true
	}
	if subscribe(still...) != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stream := range still {
		delete(s.owed, stream)
		s.followed[stream].on = true
	}
	return true
}

// heard notes that an event of the stream has come, by its number if it has one. It
// reports whether it had come before.
func (s *streams) heard(stream string, seq int64) (repeated bool) {
	if seq == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.followed[stream]
	switch {
	case f == nil:
		return false
	case seq <= f.told:
		return true
	case f.told > 0 && seq > f.told+1:
		s.gaps++
	}
	f.told = seq
	return false
}

// standing returns what has come of the stream; not ok if it is not followed here.
func (s *streams) standing(stream string) (f followed, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.followed[stream]; known != nil {
		return *known, true
	}
	return followed{}, false
}

// missing returns how often something was missing since the start.
func (s *streams) missing() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gaps
}
