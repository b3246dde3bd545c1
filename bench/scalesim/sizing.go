package main

import (
	"fmt"
	"io"
	"math"

	"github.com/dustin/go-humanize"
)

// half is how busy an engine is planned to be at the busiest hour: the rest is for the
// node that is lost, and for the minute in which everybody comes at once.
const half = 0.5

// customer is somebody who has to buy machines, at the busiest hour.
type customer struct {
	profile
	participants int // at once
	hours        int // of such load in a day
}

func customers() []customer {
	return []customer{
		{profile{Name: "a school: 2,000 pupils in lessons of 25", RoomSize: 25, Session: 45 * 60, FilesPerHour: 1, FileMiB: 3, Received: 0.9}, 2_000, 6},
		{profile{Name: "a telemedicine provider: 1,000 consultations at once", RoomSize: 2, Session: 20 * 60, FilesPerHour: 3, FileMiB: 5, Received: 1}, 2_000, 10},
		{profile{Name: "a region: 500,000 pupils in lessons of 25", RoomSize: 25, Session: 45 * 60, FilesPerHour: 1, FileMiB: 3, Received: 0.9}, 500_000, 6},
	}
}

// size is what a customer needs.
type size struct {
	nodes, databaseCores, redises int
	demand                        demand
	filesADay                     float64
}

func (s sweep) size(c customer) size {
	w := world{costs: s.costs, profile: c.profile, hardware: s.hardware, Participants: c.participants, Databases: 1, Redises: 1}
	d := w.demand()
	up := func(x float64) int { return max(1, int(math.Ceil(x))) }
	return size{
		nodes:         max(w.nodes(), up(d.Node/half/float64(s.hardware.NodeCores))) + 1, // one may be lost
		databaseCores: up(d.Database / half), redises: up(d.Redis / half), demand: d,
		filesADay: w.rates()[opSmall] * 3600 * float64(c.hours),
	}
}

// sizes writes what each customer needs.
func (s sweep) sizes(w io.Writer) {
	fmt.Fprintf(w, "What that means for three customers, each engine %.0f %% busy at the busiest hour, and a node to spare:\n\n", 100*half)
	fmt.Fprintf(w, "| | at once | files a day | nodes of %d cores | PostgreSQL cores | Redis | transactions | WAL | S3 requests | through nodes |\n", s.hardware.NodeCores)
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|")
	for _, c := range customers() {
		z := s.size(c)
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %d | %s/s | %s/s | %s/s | %s/s |\n", c.Name, count(float64(c.participants)), count(z.filesADay), count(float64(z.nodes)),
			count(float64(z.databaseCores)), z.redises, count(z.demand.Transactions), humanize.IBytes(uint64(z.demand.WAL)), count(z.demand.S3Requests), humanize.IBytes(uint64(z.demand.Bytes)))
	}
	fmt.Fprintln(w)
}

// operations writes what each operation costs.
func (s sweep) operations(w io.Writer) {
	fmt.Fprintf(w, "| one | node, CPU | PostgreSQL, CPU | transactions | WAL | messages to Redis | S3 requests |\n|---|---|---|---|---|---|---|\n")
	row := func(title string, op operation) {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s |\n", title, duration(op.NodeSeconds), duration(op.DatabaseSeconds), count(op.Transactions),
			humanize.IBytes(uint64(op.WALBytes)), count(op.Published), count(op.S3Requests))
	}
	for _, each := range []struct{ title, name string }{
		{"participant who gets a token and connects", opJoin}, {"participant who goes", opLeave},
		{"file of 10 KiB, shared with the room", opSmall}, {"download of it, with its receipt", opReceive}, {"file that ends", opExpire},
		{"GiB that is uploaded", opUp}, {"GiB that is downloaded", opDown},
		{"room that a node has somebody in, in a second", opLook},
	} {
		row(each.title, s.costs.Operations[each.name])
	}
	row("node, in a second, whatever happens", s.costs.Idle)
	fmt.Fprintf(w, "\nA message costs Redis %s, and %s for each node that it goes to. Measured on %s by `%s`, with rooms of %d on two nodes, on one machine (%s).\n\n",
		duration(s.costs.RedisPublish), duration(s.costs.RedisDeliver), s.costs.When, s.costs.Command, s.costs.RoomSize, s.costs.Machine)
}
