package main

// outcome is what a simulation of a world has shown.
type outcome struct {
	world  world
	offers utilisation // by the utilisation law, of what is asked for

	Events                     int64
	Node, Database, Redis      float64 // parts of the time that they were busy
	NodeMost, DatabaseMost     float64 // of the busiest of each
	RedisMost                  float64
	DatabaseTimes, RedisTimes  histogram
	Share                      histogram // seconds from a file's request to its event at the last participant
	DatabaseQueue, RedisQueue  int       // visits that wait at the end, of all servers
	Offered, Shared, SecondsOf float64   // files a second, and those that everybody was told of
}

// simulation is a world that runs.
type simulation struct {
	world
	*engine
	nodesAt, databasesAt, redisesAt []*station
	shared                          int64
	told                            histogram
}

// simulate runs a world for so many seconds, after as many as warm takes.
func simulate(w world, seed uint64, warm, seconds float64) *outcome {
	s := &simulation{world: w, engine: newEngine(seed)}
	s.nodesAt = stations(w.nodes(), w.hardware.NodeCores)
	s.databasesAt = stations(w.Databases, w.hardware.DatabaseCores)
	s.redisesAt = stations(w.Redises, 1)
	for _, name := range []string{opJoin, opLeave, opSmall, opReceive, opExpire} { // in a fixed order
		op, rate := s.operation(name), w.rates()[name]
		files := name == opSmall
		s.every(rate, func() { s.begin(name, op, files) })
	}
	// What a node does by itself is spread over its seconds.
	s.every(float64(w.nodes()), func() { s.begin(opIdle, w.costs.Idle, false) })
	s.every(float64(w.nodes()), s.look)
	s.run(warm)
	for _, all := range [][]*station{s.nodesAt, s.databasesAt, s.redisesAt} {
		for _, each := range all {
			each.forget()
		}
	}
	s.shared, s.told = 0, histogram{}
	s.run(warm + seconds)
	return s.outcome(seconds)
}

func stations(n, servers int) []*station {
	all := make([]*station, n)
	for i := range all {
		all[i] = &station{servers: servers}
	}
	return all
}

// operation is one with the bytes that belong to it.
func (s *simulation) operation(name string) operation {
	op := s.costs.Operations[name]
	bytes := map[string]string{opSmall: opUp, opReceive: opDown}[name]
	if bytes == "" {
		return op
	}
	per, gib := s.costs.Operations[bytes], s.profile.FileMiB/1024
	op.NodeSeconds += per.NodeSeconds * gib
	op.Transactions += per.Transactions * gib
	op.DatabaseSeconds += per.DatabaseSeconds * gib
	op.Published += per.Published * gib
	return op
}

// begin has an operation go its way: half of its work at the node that is asked, its
// transactions one after the other, its messages through Redis, and the other half
// of the work at the nodes of the room, at once.
func (s *simulation) begin(name string, op operation, files bool) {
	room := s.random.Uint64()
	database, redis := s.databasesAt[room%uint64(s.Databases)], s.redisesAt[room%uint64(s.Redises)]
	node := s.nodesAt[s.random.IntN(len(s.nodesAt))]
	p := &process{}
	there := op.NodeSeconds
	if op.Published > 0 {
		there /= 2
	}
	p.steps = append(p.steps, []visit{{station: node, demand: there}})
	turns := int(op.Transactions)
	if s.random.Float64() < op.Transactions-float64(turns) {
		turns++
	}
	for range turns {
		p.steps = append(p.steps, []visit{{station: database, demand: op.DatabaseSeconds / op.Transactions}})
	}
	if op.Published > 0 {
		touched := s.touched()
		if name == opIdle {
			touched = touched[:1]
		}
		costs := (op.Published+s.follows(name))*s.costs.RedisPublish + op.Published*float64(len(touched))*s.costs.RedisDeliver
		p.steps = append(p.steps, []visit{{station: redis, demand: costs}})
		var fan []visit
		for _, each := range touched {
			fan = append(fan, visit{station: each, demand: op.NodeSeconds / 2 / float64(len(touched))})
		}
		p.steps = append(p.steps, fan)
	}
	if files {
		p.ended = func(p *process) {
			s.shared++
			s.told.add(s.now - p.began)
		}
	}
	s.start(p)
}

// look has a node look up the rooms of its connections, in every PostgreSQL server those
// that it has.
func (s *simulation) look() {
	op, rooms := s.costs.Operations[opLook], s.looked()/float64(len(s.nodesAt))
	var there []visit
	for _, each := range s.databasesAt {
		there = append(there, visit{station: each, demand: rooms * op.DatabaseSeconds / float64(len(s.databasesAt))})
	}
	node := visit{station: s.nodesAt[s.random.IntN(len(s.nodesAt))], demand: rooms * op.NodeSeconds}
	s.start(&process{steps: [][]visit{there, {node}}})
}

// touched are the nodes that the participants of a room are on.
func (s *simulation) touched() []*station {
	var all []*station
	known := make(map[int]bool, s.profile.RoomSize)
	for range s.profile.RoomSize {
		at := s.random.IntN(len(s.nodesAt))
		if !known[at] {
			known[at] = true
			all = append(all, s.nodesAt[at])
		}
	}
	return all
}

func (s *simulation) outcome(seconds float64) *outcome {
	o := &outcome{world: s.world, offers: s.utilisation(), Events: s.count, Share: s.told, SecondsOf: seconds}
	o.Node, o.NodeMost, _, _ = busy(s.nodesAt, seconds)
	o.Database, o.DatabaseMost, o.DatabaseTimes, o.DatabaseQueue = busy(s.databasesAt, seconds)
	o.Redis, o.RedisMost, o.RedisTimes, o.RedisQueue = busy(s.redisesAt, seconds)
	o.Offered, o.Shared = s.rates()[opSmall], float64(s.shared)/seconds
	return o
}

// busy is which part of the time stations worked, on average and the busiest, how
// long visits took, and how many wait.
func busy(all []*station, seconds float64) (mean, most float64, times histogram, queue int) {
	for _, s := range all {
		part := min(1, s.worked/seconds/float64(s.servers))
		mean += part / float64(len(all))
		most = max(most, part)
		times.merge(s.times)
		queue += s.queue()
	}
	return mean, most, times, queue
}
