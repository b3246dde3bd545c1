package main

import "math"

// sweep is the same load from few to many participants, with one PostgreSQL and one
// Redis, and with as many as keep each below headroom.
type sweep struct {
	costs    *costs
	profile  profile
	hardware hardware
	seed     uint64
	seconds  float64
	most     int // participants
}

// headroom is how busy an engine may be for it to be called enough: beyond that what
// waits grows fast.
const headroom = 0.7

// standard is the load and the hardware of the tables: an hour of class or a call.
func standard() (profile, hardware) {
	return profile{Name: "class", RoomSize: 10, Session: 45 * 60, FilesPerHour: 2, FileMiB: 2, Received: 0.7},
		hardware{PerNode: 10_000, NodeCores: 2, DatabaseCores: 16}
}

// crowds are the numbers of participants that are simulated.
func (s sweep) crowds() (all []int) {
	for n := 10_000; n <= s.most; n *= 10 {
		all = append(all, n)
	}
	return all
}

func (s sweep) world(participants int) world {
	return world{costs: s.costs, profile: s.profile, hardware: s.hardware, Participants: participants, Databases: 1, Redises: 1}
}

// divided is the world with as many PostgreSQL and Redis servers as it takes.
func (s sweep) divided(participants int) world {
	w := s.world(participants)
	u := w.utilisation()
	w.Databases = max(1, int(math.Ceil(u.Database/headroom)))
	w.Redises = max(1, int(math.Ceil(u.Redis/headroom)))
	return w
}

// limit is the most participants for which a part of the utilisation stays at
// headroom, to a hundredth.
func (s sweep) limit(of func(utilisation) float64) int {
	low, high := 1, 1<<40
	for high-low > max(1, low/1000) {
		middle := low + (high-low)/2
		if of(s.world(middle).utilisation()) > headroom {
			high = middle
		} else {
			low = middle
		}
	}
	return low
}

// run simulates every crowd in both worlds: with one of each engine, and divided.
func (s sweep) run(note func(format string, args ...any)) (one, many []*outcome) {
	for _, participants := range s.crowds() {
		single, divided := s.world(participants), s.divided(participants)
		one = append(one, s.simulate(single, note))
		if divided == single {
			many = append(many, one[len(one)-1])
			continue
		}
		many = append(many, s.simulate(divided, note))
	}
	return one, many
}

// simulate runs one world. One in which much happens shows it in less time.
func (s sweep) simulate(w world, note func(format string, args ...any)) *outcome {
	seconds := min(s.seconds, max(2, s.seconds*1e6/float64(w.Participants)))
	o := simulate(w, s.seed, seconds/4, seconds)
	note("%d participants, %d nodes, %d PostgreSQL, %d Redis: %d events in %.0f s of simulated time\n",
		w.Participants, w.nodes(), w.Databases, w.Redises, o.Events, seconds*1.25)
	return o
}
