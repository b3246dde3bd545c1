package signal

// Hears reports whether the node hears all that others publish for those who are here.
func (e *Edge) Hears() bool {
	e.remote.mu.Lock()
	defer e.remote.mu.Unlock()
	return e.remote.connected() && len(e.remote.owed) == 0
}

// Away reports whether Redis is held to be away.
func (e *Edge) Away() bool { return e.away() }
