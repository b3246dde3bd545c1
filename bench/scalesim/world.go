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
	Node, Database, Redis                float64 // CPU-seconds
	Transactions, Published, Delivered   float64
	WAL, Bytes, S3Requests, Interconnect float64
}

// demand adds the operations up. By the utilisation law that is how many servers of
// each kind are busy.
func (w world) demand() (d demand) {
	add := func(op operation, times float64) {
		d.Node += op.NodeSeconds * times
		d.Database += op.DatabaseSeconds * times
		d.Transactions += op.Transactions * times
		d.WAL += op.WALBytes * times
		d.S3Requests += op.S3Requests * times
		d.Bytes += op.NodeBytes * times
		published := op.Published * times
		d.Published += published
		d.Delivered += published * w.deliveries(op)
	}
	for name, rate := range w.rates() {
		add(w.costs.Operations[name], rate)
	}
	add(w.costs.Idle, float64(w.nodes()))
	d.Redis = d.Published*w.costs.RedisPublish + d.Delivered*w.costs.RedisDeliver
	return d
}

// deliveries is to how many nodes Redis sends each message of an operation: to those
// that its room is on.
func (w world) deliveries(op operation) float64 {
	if op.Published == 0 {
		return 0
	}
	return w.spread(w.profile.RoomSize)
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
