package signal

import "time"

// Hears reports whether the node hears all that others publish for those who are here.
func (e *Edge) Hears() bool {
	e.remote.mu.Lock()
	defer e.remote.mu.Unlock()
	return e.remote.connected() && len(e.remote.owed) == 0
}

// Away reports whether Redis is held to be away.
func (e *Edge) Away() bool { return e.away() }

// HeardAfter reports whether a node of a cluster has heard through Redis what it said
// itself, later than at.
func (e *Edge) HeardAfter(at time.Time) bool {
	return e.remote.made.Add(time.Duration(e.remote.heardAt.Load())).After(at)
}
