package cluster

// tie is something that waits for another node. A process that is stopped keeps its
// connections, so what waits for it is cut when the node is dead.
type tie struct {
	to  string // the node
	cut func() // it may come from any goroutine, and more than once
}

func (n *Node) tie(to string, cut func()) *tie {
	t := &tie{to, cut}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ties[t] = struct{}{}
	return t
}

func (n *Node) untie(t *tie) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.ties, t)
}

// cutTies cuts what waits for nodes of which which is true.
func (n *Node) cutTies(which func(node string) bool) {
	n.mu.Lock()
	all := make([]*tie, 0, len(n.ties))
	for t := range n.ties {
		all = append(all, t)
	}
	n.mu.Unlock()
	for _, t := range all {
		if which(t.to) {
			t.cut()
		}
	}
}
