package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// costLoad is how much is done to measure what operations cost.
type costLoad struct {
	handout, into string
	rooms, people int // people in each room
	files         int // small ones of each room
	large         int // of largeFile bytes
	idle          time.Duration
}

const (
	costFile  = 10 << 10
	largeFile = 128 << 20
)

// operationCost is what one operation costs; the names are those of bench/scalesim.
type operationCost struct {
	NodeSeconds     float64 `json:"nodeSeconds"`
	Transactions    float64 `json:"transactions"`
	DatabaseSeconds float64 `json:"databaseSeconds"`
	WALBytes        float64 `json:"walBytes"`
	Published       float64 `json:"published"`
	S3Requests      float64 `json:"s3Requests"`
	NodeBytes       float64 `json:"nodeBytes"`
}

// operationCosts is the file that bench/scalesim reads.
type operationCosts struct {
	Machine      string                   `json:"machine"`
	Command      string                   `json:"command"`
	When         string                   `json:"when"`
	RoomSize     int                      `json:"roomSize"`
	Operations   map[string]operationCost `json:"operations"`
	Idle         operationCost            `json:"idle"`
	RedisPublish float64                  `json:"redisPublishSeconds"`
	RedisDeliver float64                  `json:"redisDeliverSeconds"`
}

// runCosts measures what operations cost a cluster of two nodes on this machine.
func runCosts(args []string, progress io.Writer) (err error) {
	l := costLoad{}
	flags := flag.NewFlagSet("costs", flag.ContinueOnError)
	flags.StringVar(&l.handout, "handout", "bin/handout", "the Handout server to measure")
	flags.StringVar(&l.into, "into", "bench/scalesim/costs.json", "file to write")
	flags.IntVar(&l.rooms, "rooms", 20, "number of rooms")
	flags.IntVar(&l.people, "people", 10, "participants of each")
	flags.IntVar(&l.files, "files", 20, "small files of each room")
	flags.IntVar(&l.large, "large", 4, "files of 128 MiB")
	flags.DurationVar(&l.idle, "idle", 10*time.Second, "how long the cluster is watched while nothing happens")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if l.handout, err = filepath.Abs(l.handout); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "handout-costs-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := newRig(ctx, l.handout, dir, 2)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.stop()) }()
	c := &costing{costLoad: l, rig: r, progress: progress, found: operationCosts{
		Machine: fmt.Sprintf("%s, %d cores", cpuModel(), runtime.NumCPU()), Command: "bin/bench costs", When: time.Now().UTC().Format("2006-01-02"),
		RoomSize: l.people, Operations: make(map[string]operationCost),
	}}
	if err := c.measure(ctx); err != nil {
		return err
	}
	text, err := json.MarshalIndent(c.found, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(l.into, append(text, '\n'), 0o644)
}

// costing measures operation after operation. Each leaves what the next one needs.
type costing struct {
	costLoad
	*rig
	progress io.Writer
	found    operationCosts
	quiet    reading // what a second without clients takes

	visits [][]*handoutVisit // by room
	ears   []*listener
	conns  []*connection // to each node
	shares []offeredFile
}

// offeredFile is a small file that was shared.
type offeredFile struct {
	room int
	id   protocol.ShareID
}

func (c *costing) measure(ctx context.Context) (err error) {
	if err := c.measureIdle(ctx); err != nil {
		return err
	}
	for _, p := range c.nodes {
		conn, err := dial(ctx, p.address)
		if err != nil {
			return err
		}
		defer conn.close()
		c.conns = append(c.conns, conn)
	}
	defer func() { c.hangUp() }()
	small := float64(c.rooms * c.files)
	gib := float64(c.large) * largeFile / (1 << 30)
	for _, step := range []struct {
		name  string
		times float64
		bytes float64 // of one
		do    func(context.Context) error
	}{
		{"", 0, 0, c.makeRooms},
		{"join", float64(c.rooms * c.people), 0, c.join},
		{"small", small, costFile, c.shareSmall},
		{"receive", small, costFile, c.receive},
		{"fileEnds", small, 0, c.endFiles},
		{"gibUp", gib, 1 << 30, c.upload},
		{"gibDown", gib, 1 << 30, c.download},
		{"leave", float64(c.rooms * c.people), 0, c.leave},
	} {
		before, err := c.read(ctx)
		if err == nil {
			err = step.do(ctx)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		if step.name == "" {
			continue
		}
		after, err := c.read(ctx)
		if err != nil {
			return err
		}
		cost := costOf(after.less(before, c.quiet), step.times)
		cost.NodeBytes = step.bytes
		c.found.Operations[step.name] = cost
		fmt.Fprintf(c.progress, "%s: %+v\n", step.name, cost)
	}
	if err := c.measureLooks(ctx); err != nil {
		return fmt.Errorf("look: %w", err)
	}
	c.found.RedisPublish, c.found.RedisDeliver, err = redisCosts(ctx, c.redis)
	return err
}

func costOf(m reading, times float64) operationCost {
	per := func(n float64) float64 { return max(0, n/times) }
	return operationCost{
		NodeSeconds: per(m.allNodes()), Transactions: per(m.transactions), DatabaseSeconds: per(m.database), WALBytes: per(m.wal),
		Published: per(m.published), S3Requests: per(m.bucketRequests),
	}
}

// lookedAt is how many rooms nodes are watched with that look them up, and otherwise
// do nothing.
const lookedAt = 3000

// measureLooks is what it costs a second that somebody is connected to a room.
func (c *costing) measureLooks(ctx context.Context) error {
	for i := range lookedAt {
		at := i % len(c.nodes)
		visit, err := enterHandout(c.conns[at])
		if err != nil {
			return err
		}
		ear, err := joinPush(ctx, c.nodes[at].address, visit.token, func([]byte) {})
		if err != nil {
			return err
		}
		go ear.listen() // until hangUp
		c.ears = append(c.ears, ear)
	}
	d, seconds, err := c.watch(ctx, c.quiet)
	if err != nil {
		return err
	}
	cost := costOf(d, seconds*lookedAt)
	// The looks of a node are one transaction, which is there without rooms too.
	cost.Transactions, cost.Published, cost.S3Requests, cost.WALBytes = 0, 0, 0, 0
	c.found.Operations["look"] = cost
	fmt.Fprintf(c.progress, "look: %+v\n", cost)
	return nil
}

// watch returns what is used while nobody asks for anything.
func (c *costing) watch(ctx context.Context, less reading) (used reading, seconds float64, err error) {
	before, err := c.read(ctx)
	if err != nil {
		return used, 0, err
	}
	select {
	case <-ctx.Done():
		return used, 0, ctx.Err()
	case <-time.After(c.idle):
	}
	after, err := c.read(ctx)
	return after.less(before, less), after.at.Sub(before.at).Seconds(), err
}

// measureIdle watches the cluster while nothing happens.
func (c *costing) measureIdle(ctx context.Context) error {
	d, seconds, err := c.watch(ctx, reading{})
	if err != nil {
		return err
	}
	c.quiet = reading{
		database: d.database / seconds, redis: d.redis / seconds, transactions: d.transactions / seconds, wal: d.wal / seconds,
		published: d.published / seconds, bucketRequests: d.bucketRequests / seconds,
	}
	for _, used := range d.nodes {
		c.quiet.nodes = append(c.quiet.nodes, used/seconds)
	}
	c.found.Idle = costOf(c.quiet, float64(len(c.nodes)))
	fmt.Fprintf(c.progress, "a node without clients, in a second: %+v\n", c.found.Idle)
	return nil
}

func (c *costing) makeRooms(context.Context) error {
	for room := range c.rooms {
		first, err := enterHandout(c.conns[room%len(c.conns)])
		if err != nil {
			return err
		}
		c.visits = append(c.visits, []*handoutVisit{first})
	}
	return nil
}

// join has everybody get a token and connect, to one node after the other.
func (c *costing) join(ctx context.Context) error {
	for room, there := range c.visits {
		for i := range c.people {
			at := (room + i) % len(c.nodes)
			visit := there[0]
			var err error
			if i > 0 {
				if visit, err = there[0].another(c.conns[at]); err != nil {
					return err
				}
				c.visits[room] = append(c.visits[room], visit)
			}
			ear, err := joinPush(ctx, c.nodes[at].address, visit.token, func([]byte) {})
			if err != nil {
				return err
			}
			go ear.listen() // until hangUp
			c.ears = append(c.ears, ear)
		}
	}
	return nil
}

// shareSmall has small files shared, each with its room.
func (c *costing) shareSmall(context.Context) error {
	body := newPayload(costFile)
	for i := range c.files {
		for room, there := range c.visits {
			id, err := there[i%len(there)].putAtOnce(c.conns[(room+i)%len(c.conns)], body)
			if err != nil {
				return err
			}
			c.shares = append(c.shares, offeredFile{room, protocol.ShareID(id)})
		}
	}
	return nil
}

// receive has one participant download each file, and say that it has it.
func (c *costing) receive(context.Context) error {
	for i, file := range c.shares {
		visit := c.visits[file.room][(i/c.rooms+1)%c.people] // who did not send it
		if err := visit.receiveWhole(c.conns[i%len(c.conns)], file.id); err != nil {
			return err
		}
	}
	return nil
}

func (c *costing) endFiles(context.Context) error {
	for i, file := range c.shares {
		sender := c.visits[file.room][i/c.rooms%c.people]
		_, err := c.conns[i%len(c.conns)].do(request{
			method: http.MethodDelete, path: "/v1/shares/" + string(file.id), head: sender.authorization, want: http.StatusNoContent,
		}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *costing) upload(context.Context) error {
	c.shares = nil
	body := newPayload(largeFile)
	for i := range c.large {
		id, err := c.visits[0][0].put(c.conns[i%len(c.conns)], body)
		if err != nil {
			return err
		}
		c.shares = append(c.shares, offeredFile{0, protocol.ShareID(id)})
	}
	return nil
}

func (c *costing) download(context.Context) error {
	for i, file := range c.shares {
		if err := c.visits[0][1].get(c.conns[i%len(c.conns)], string(file.id), nil); err != nil {
			return err
		}
	}
	return nil
}

// leave has everybody hang up, and waits until they are off the rosters.
func (c *costing) leave(ctx context.Context) error {
	c.hangUp()
	for {
		var left int
		if err := c.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM members`).Scan(&left); err != nil || left == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (c *costing) hangUp() {
	for _, ear := range c.ears {
		ear.conn.Close()
	}
	c.ears = nil
}
