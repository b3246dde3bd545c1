package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// costs are what the operations of a cluster cost, measured on real engines: see
// `bench costs`. Each is for one operation.
type costs struct {
	Machine string `json:"machine"`
	Command string `json:"command"` // that measured them
	When    string `json:"when"`
	// RoomSize is how many participants were connected to the room that the operations
	// were measured in: the fan-out of the events to them is in NodeSeconds.
	RoomSize   int                  `json:"roomSize"`
	Operations map[string]operation `json:"operations"`
	// Idle is what a node costs in a second without any client.
	Idle operation `json:"idle"`
	// RedisPublish and RedisDeliver are CPU-seconds of Redis for a message, and for
	// each node that it goes to.
	RedisPublish float64 `json:"redisPublishSeconds"`
	RedisDeliver float64 `json:"redisDeliverSeconds"`
}

// operation is what one costs.
type operation struct {
	NodeSeconds     float64 `json:"nodeSeconds"`     // CPU of all nodes
	Transactions    float64 `json:"transactions"`    // of PostgreSQL, reading ones included
	DatabaseSeconds float64 `json:"databaseSeconds"` // CPU of PostgreSQL
	WALBytes        float64 `json:"walBytes"`        // what PostgreSQL has to make durable
	Published       float64 `json:"published"`       // messages to Redis
	S3Requests      float64 `json:"s3Requests"`
	NodeBytes       float64 `json:"nodeBytes"` // through nodes, to and from clients
}

// The operations that are measured, and that the load is made of.
const (
	opJoin    = "join"     // a participant connects, and its token is made
	opLeave   = "leave"    // a participant goes
	opSmall   = "small"    // a file of 10 KiB is shared with a room
	opReceive = "receive"  // a file of 10 KiB is downloaded, with its receipt
	opUp      = "gibUp"    // a GiB is uploaded
	opDown    = "gibDown"  // a GiB is downloaded
	opExpire  = "fileEnds" // a file ends, its bytes and its record are removed
	opLook    = "look"     // a node looks how far a room of its connections has come, in a second
	opIdle    = "idle"     // costs.Idle
)

func loadCosts(file string) (*costs, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	c := new(costs)
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	for _, name := range []string{opJoin, opLeave, opSmall, opReceive, opUp, opDown, opExpire, opLook} {
		if op, ok := c.Operations[name]; !ok || op.NodeSeconds <= 0 && op.DatabaseSeconds <= 0 {
			return nil, fmt.Errorf("%s has no cost of %q", file, name)
		}
	}
	return c, nil
}
