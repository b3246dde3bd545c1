package cluster_test

import "testing"

// TestANodeAttendsToTheRoomsOfWhatRunsThere: where it is read and where it is written, as
// long as that lasts, and nowhere else.
func TestANodeAttendsToTheRoomsOfWhatRunsThere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, b, c := r.node(), r.node(), r.node()
	data := random(1000)
	id := a.offer(len(data))
	running := a.send(id, 0)
	f := b.follow(id)
	running.bits <- data[:100]
	for _, n := range []*node{a, b} {
		r.eventually("it attends to the room", func() bool {
			rooms := n.rooms.Load()
			return rooms != nil && len(*rooms) == 1 && (*rooms)[r.room]
		})
	}
	running.bits <- data[100:]
	r.must(<-running.result)
	f.wantAll(r, data)
	for _, n := range []*node{a, b, c} {
		r.eventually("it attends to no room", func() bool {
			rooms := n.rooms.Load()
			return rooms != nil && len(*rooms) == 0
		})
	}
}
