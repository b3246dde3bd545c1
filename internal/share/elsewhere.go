package share

import (
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// In a cluster a share may end, and a participant be dropped, by a request to another
// node. What runs here is held against the store from time to time.

// Watching returns the shares that are read here.
func (s *Service) Watching() []protocol.ShareID {
	running := s.readings.all()
	ids := make([]protocol.ShareID, len(running))
	for i, r := range running {
		ids[i] = r.share
	}
	return ids
}

// Stands says where a share stands by now: the downloads of one that has ended are cut
// off.
func (s *Service) Stands(id protocol.ShareID, at store.Standing) {
	if at.State.Ended() {
		s.readings.cut(endedError(protocol.Share{ID: id, State: at.State}), func(r *reading) bool { return r.share == id })
	}
}

// Readers returns the participants who read something here.
func (s *Service) Readers() []store.Seat {
	running := s.readings.all()
	seats := make([]store.Seat, len(running))
	for i, r := range running {
		seats[i] = store.Seat{Room: r.room, ID: r.reader}
	}
	return seats
}

// Barred says that a participant was removed from its room: its downloads are cut off.
func (s *Service) Barred(seat store.Seat) {
	s.cutReader(seat.Room, seat.ID)
}

// ForgetRules has the rules of every room read anew.
func (s *Service) ForgetRules() {
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	s.rules.byID = nil
}
