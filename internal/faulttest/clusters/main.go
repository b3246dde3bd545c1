// Command clusters starts clusters for tests that are not written in Go: the browser
// tests run on one as they do on a single server. It reads requests from its standard
// input, one JSON object a line, and answers each on its standard output, in order.
// When its input ends, so do all clusters.
//
//	{"do":"start","data":"/tmp/x","flags":["--dev"],"listen":""}  →  {"origin":"http://127.0.0.1:12345","nodes":["http://…",…],"pids":[1,2,3]}
//	{"do":"stop","data":"/tmp/x","signal":"SIGKILL"}              →  {}  all nodes have ended, and the balancer
//	{"do":"stop","data":"/tmp/x","signal":"SIGTERM","node":1}     →  {}  one has
//	{"do":"revive","data":"/tmp/x","node":1}                      →  {}  it is ready again
//	{"do":"count","data":"/tmp/x"}                                →  {"objects":3}  that the cluster keeps
//	{"do":"dispose","data":"/tmp/x"}                              →  {}  as stop by SIGTERM; what it kept is forgotten
//
// A cluster has the name of a directory, where its nodes have theirs. One that was
// stopped and is started again finds what it kept. A request that fails is answered
// {"error":"…"}.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"syscall"
	"time"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/faulttest"
)

// request is a line of the input.
type request struct {
	Do     string   `json:"do"`
	Data   string   `json:"data"` // the cluster's directory
	Flags  []string `json:"flags"`
	Listen string   `json:"listen"` // of the balancer; "" is any
	Signal string   `json:"signal"` // "SIGKILL" or "SIGTERM"
	Node   *int     `json:"node"`   // nil is all
}

// reply is a line of the output.
type reply struct {
	Origin  string   `json:"origin,omitempty"` // the balancer's
	Nodes   []string `json:"nodes,omitempty"`  // their own
	PIDs    []int    `json:"pids,omitempty"`
	Objects int      `json:"objects,omitempty"`
	Error   string   `json:"error,omitempty"`
}

// stopWithin is how long a node may take to end by SIGTERM.
const stopWithin = 30 * time.Second

// signals are those that a node can be ended with.
var signals = map[string]syscall.Signal{"SIGKILL": syscall.SIGKILL, "SIGTERM": syscall.SIGTERM}

func main() {
	s := &stand{clusters: make(map[string]*cluster)}
	err := s.serve(os.Stdin, os.Stdout)
	for _, c := range s.clusters {
		if c.host != nil {
			c.host.end() // which kills the nodes
		}
	}
	s.host.end()
	err = errors.Join(err, enginetest.Stop())
	if err != nil {
		log.Fatal(err)
	}
}

// stand is all that was started.
type stand struct {
	host     host // lives as long as the process
	clusters map[string]*cluster
}

// cluster is one of them: what it keeps, and its nodes while they run.
type cluster struct {
	engines *faulttest.Engines
	host    *host // of the nodes, nil while none run
	*faulttest.Cluster
}

func (s *stand) serve(in io.Reader, out io.Writer) error {
	for decoder, encoder := json.NewDecoder(in), json.NewEncoder(out); ; {
		var r request
		if err := decoder.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		answer, err := s.do(r)
		if err != nil {
			answer = reply{Error: err.Error()}
		}
		if err := encoder.Encode(answer); err != nil {
			return err
		}
	}
}

func (s *stand) do(r request) (reply, error) {
	c := s.clusters[r.Data]
	switch {
	case r.Do == "start" && (c == nil || c.host == nil):
		return s.start(r)
	case r.Do == "stop" && c != nil && c.host != nil:
		return reply{}, c.stop(r)
	case r.Do == "revive" && c != nil && c.host != nil && r.Node != nil:
		return reply{}, c.revive(*r.Node)
	case r.Do == "count" && c != nil:
		objects, err := c.engines.Objects(context.Background())
		return reply{Objects: objects}, err
	case r.Do == "dispose" && c != nil:
		delete(s.clusters, r.Data)
		if c.host == nil {
			return reply{}, nil
		}
		return reply{}, c.stop(request{Signal: "SIGTERM"})
	}
	return reply{}, fmt.Errorf("%s %s: it is not the time for that", r.Do, r.Data)
}

// start starts a cluster, on what it kept if it has run before.
func (s *stand) start(r request) (answer reply, err error) {
	defer recovered(&err)
	c := s.clusters[r.Data]
	if c == nil {
		c = &cluster{engines: faulttest.SharedEngines(&s.host)}
		s.clusters[r.Data] = c
	}
	nodes := new(host)
	defer func() {
		if err != nil {
			nodes.end()
		}
	}()
	c.Cluster = faulttest.StartCluster(nodes, faulttest.ClusterConfig{
		Path: faulttest.Build(nodes), Engines: c.engines, Args: r.Flags, Data: r.Data, Listen: r.Listen,
	})
	c.host = nodes
	answer.Origin = c.URL()
	for _, node := range c.Nodes {
		answer.Nodes, answer.PIDs = append(answer.Nodes, node.URL()), append(answer.PIDs, node.PID())
	}
	return answer, nil
}

// revive starts a node again that has ended.
func (c *cluster) revive(number int) (err error) {
	defer recovered(&err)
	if number < 0 || number >= len(c.Nodes) {
		return fmt.Errorf("there is no node %d", number)
	}
	c.Nodes[number].Restart(c.host)
	c.AwaitNode(c.host, number)
	return nil
}

// stop ends a node, or all and the balancer.
func (c *cluster) stop(r request) error {
	signal, known := signals[r.Signal]
	if !known {
		return fmt.Errorf("nobody is stopped by %q", r.Signal)
	}
	if r.Node != nil {
		if *r.Node < 0 || *r.Node >= len(c.Nodes) {
			return fmt.Errorf("there is no node %d", *r.Node)
		}
		return ended(c.Nodes[*r.Node].End(signal, stopWithin), signal)
	}
	ends := make(chan error, len(c.Nodes))
	for _, node := range c.Nodes {
		go func() {
			if isOver(node) {
				ends <- nil
				return
			}
			ends <- ended(node.End(signal, stopWithin), signal)
		}()
	}
	var err error
	for range c.Nodes {
		err = errors.Join(err, <-ends)
	}
	c.host.end()
	c.host = nil
	return err
}

func isOver(node *faulttest.Node) bool {
	select {
	case <-node.Exited():
		return true
	default:
		return false
	}
}

// ended is how a node has ended that was sent a signal: one that was killed has not
// ended well, and that is as it should be.
func ended(err error, by syscall.Signal) error {
	if by == syscall.SIGKILL {
		return nil
	}
	return err
}
