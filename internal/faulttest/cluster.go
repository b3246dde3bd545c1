package faulttest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// ClusterConfig says which nodes are started, and how. Path and Engines are required.
type ClusterConfig struct {
	Path    string // of the program
	Engines *Engines
	Nodes   int      // zero means three
	Args    []string // flags of `handout serve`, of each node
	// Data holds a directory for each node; "" is one of the test.
	Data string
	// Listen is where the balancer listens; "" is an address on loopback.
	Listen string
	// Links has every connection between the balancer, the nodes and the engines go
	// through a network that can be made worse, which costs a little of each byte.
	Links bool
	// Journal, if set, is told of each start and each end of a node.
	Journal *Journal
}

// Cluster is a number of nodes with a balancer before them.
type Cluster struct {
	*Balancer
	Nodes   []*Node
	Engines *Engines
	journal *Journal
}

// Node is a server of a cluster.
type Node struct {
	*Server
	// The networks of this node, nil without ClusterConfig.Links: the balancer's to it,
	// the other nodes' to it, and its own to each engine.
	Front, Inner, Store, Push, Blobs *Proxy

	pooled []string // addresses that it keeps connections to, or others to it
}

// Networks are all of the node's.
func (n *Node) Networks() []*Proxy { return []*Proxy{n.Front, n.Inner, n.Store, n.Push, n.Blobs} }

// nodeSecret is what the nodes of a test know each other by.
const nodeSecret = "0123456789abcdef0123456789abcdef"

// StartCluster starts the nodes of a cluster and a balancer before them, and returns
// when all of them are ready. The end of the test kills them; the engines are whose
// they were.
func StartCluster(t testing.TB, config ClusterConfig) *Cluster {
	t.Helper()
	c := &Cluster{Engines: config.Engines, journal: config.Journal}
	if config.Nodes == 0 {
		config.Nodes = 3
	}
	if config.Data == "" {
		config.Data = t.TempDir()
	}
	var fronts, pooled []string
	for i := range config.Nodes {
		node := startNode(t, config, i)
		pooled = append(pooled, node.pooled...)
		front := node.URL()
		if node.Front != nil {
			front = node.Front.URL()
		}
		c.Nodes, fronts = append(c.Nodes, node), append(fronts, front)
	}
	for _, node := range c.Nodes {
		node.Pooled = pooled
	}
	c.Balancer = StartBalancer(t, config.Listen, fronts...)
	c.AwaitReady(t)
	return c
}

// startNode starts one node, with networks of its own if there are to be some.
func startNode(t testing.TB, config ClusterConfig, number int) *Node {
	t.Helper()
	node, name := new(Node), fmt.Sprintf("node %d", number)
	listen, inner := FreeAddress(t), FreeAddress(t)
	told := inner // where the other nodes find it
	engines := *config.Engines
	if config.Links {
		link := func(to, address string) *Proxy { return StartLink(t, config.Journal, name+", "+to, address) }
		node.Front, node.Inner = link("from the balancer", listen), link("from the other nodes", inner)
		told = node.Inner.Address()
		node.Store, node.Push, node.Blobs = link("to the store", engines.Store.Address), link("to the push", engines.Push.Address), link("to the blobs", engines.Blobs.Address)
		engines.Store.Address, engines.Push.Address, engines.Blobs.Address = node.Store.Address(), node.Push.Address(), node.Blobs.Address()
	}
	node.pooled = []string{inner, told, engines.Store.Address, engines.Push.Address, engines.Blobs.Address}
	node.Server = Start(t, Config{
		Path: config.Path, Name: name, Journal: config.Journal,
		Args: append(slices.Clone(config.Args), "--data", filepath.Join(config.Data, strconv.Itoa(number)), "--listen", listen, "--node-listen", inner, "--node-url", "http://"+told),
		Env:  append(engines.Env(), "HANDOUT_NODE_SECRET="+nodeSecret),
	})
	return node
}

// AwaitReady returns when the balancer sends clients to every node.
func (c *Cluster) AwaitReady(t testing.TB) {
	t.Helper()
	for i := range c.Nodes {
		c.AwaitNode(t, i)
	}
}

// AwaitNode is AwaitReady for one node.
func (c *Cluster) AwaitNode(t testing.TB, number int) {
	t.Helper()
	await(t, c.Nodes[number].Name+" is ready", func() bool { return c.Ready(number) })
}

// Usage asks each node what it takes, and notes it in the journal.
func (c *Cluster) Usage(t testing.TB, when string) {
	t.Helper()
	for _, node := range c.Nodes {
		node.Usage(t, when)
	}
}

// Memory notes how much memory each node takes.
func (c *Cluster) Memory(when string) {
	for _, node := range c.Nodes {
		node.Memory(when)
	}
}

// await waits for a condition that comes about by itself.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never came to: %s", what)
		}
	}
}
