package main

import "math"

// profile is what participants do, while they are connected.
type profile struct {
	Name         string
	RoomSize     int     // participants of a room
	Session      float64 // seconds that one stays
	FilesPerHour float64 // that one shares with its room
	FileMiB      float64 // size of a file on average
	Received     float64 // part of the others that download it
}

// hardware is what the engines run on.
type hardware struct {
	PerNode       int // participants that a node serves
	NodeCores     int
	DatabaseCores int // of one PostgreSQL
	// Redis runs commands on one core.
}

// world is so many participants on so many engines.
type world struct {
	costs    *costs
	profile  profile
	hardware hardware

	Participants int
	Databases    int // PostgreSQL servers among which the rooms are divided
	Redises      int // Redis servers, likewise
}

// nodes is how many nodes there are.
func (w world) nodes() int {
	return max(1, int(math.Ceil(float64(w.Participants)/float64(w.hardware.PerNode))))
}

// spread is on how many nodes the participants of one room are, on average, when each
// is at any of them.
func (w world) spread(participants int) float64 {
	n := float64(w.nodes())
	return n * (1 - math.Pow(1-1/n, float64(participants)))
}

// looked is how many rooms all nodes together look up in the store in a second: each
// those of its connections.
func (w world) looked() float64 {
	return float64(w.Participants) / float64(w.profile.RoomSize) * w.spread(w.profile.RoomSize)
}

// rates are how many operations there are in a second.
func (w world) rates() map[string]float64 {
	p, people := w.profile, float64(w.Participants)
	files := people * p.FilesPerHour / 3600
	received := files * p.Received * float64(p.RoomSize-1)
	return map[string]float64{
		opJoin: people / p.Session, opLeave: people / p.Session,
		opSmall: files, opReceive: received, opExpire: files,
		opUp: files * p.FileMiB / 1024, opDown: received * p.FileMiB / 1024,
	}
}

// demand is what all operations of a second ask of each kind of engine together.
type demand struct {
	Node, Database, Redis              float64 // CPU-seconds
	Transactions, Published, Delivered float64
	Follows                            float64 // streams that nodes begin or cease to follow in Redis
	WAL, Bytes, S3Requests             float64
}

// demand adds the operations up. By the utilisation law that is how many servers of
// each kind are busy.
func (w world) demand() (d demand) {
	add := func(name string, op operation, times float64) {
		d.Node += op.NodeSeconds * times
		d.Database += op.DatabaseSeconds * times
		d.Transactions += op.Transactions * times
		d.WAL += op.WALBytes * times
		d.S3Requests += op.S3Requests * times
		d.Bytes += op.NodeBytes * times
		d.Published += op.Published * times
		d.Delivered += times * w.deliveries(name, op)
		d.Follows += times * w.follows(name)
	}
	for name, rate := range w.rates() {
		add(name, w.costs.Operations[name], rate)
	}
	add(opIdle, w.costs.Idle, float64(w.nodes()))
	add(opLook, w.costs.Operations[opLook], w.looked())
	d.Redis = (d.Published+d.Follows)*w.costs.RedisPublish + d.Delivered*w.costs.RedisDeliver
	return d
}

// follows is how often an operation has a node follow a stream in Redis, or cease to: each
// taken for as dear as a message. A participant who comes or goes has one of its own, and
// the room's where nobody else of it is at the node; so has a download, taken for long
// enough to be found by a look.
func (w world) follows(name string) float64 {
	n := float64(w.nodes())
	switch name {
	case opJoin, opLeave:
		return 1 + math.Pow(1-1/n, float64(w.profile.RoomSize-1))
	case opReceive:
		return 2 * math.Pow(1-1/n, float64(w.profile.RoomSize))
	}
	return 0
}

// deliveries is how many messages Redis sends to nodes for an operation: each goes to the
// nodes of the room, and what a node says while nothing happens to itself.
func (w world) deliveries(name string, op operation) float64 {
	if name == opIdle {
		return op.Published
	}
	return op.Published * w.spread(w.profile.RoomSize)
}

// utilisation is which part of each kind of engine is busy.
type utilisation struct{ Node, Database, Redis float64 }

func (w world) utilisation() utilisation {
	d, h := w.demand(), w.hardware
	return utilisation{
		Node:     d.Node / float64(w.nodes()*h.NodeCores),
		Database: d.Database / float64(w.Databases*h.DatabaseCores),
		Redis:    d.Redis / float64(w.Redises),
	}
}
