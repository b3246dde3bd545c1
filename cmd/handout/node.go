package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/internal/audit"
	"github.com/handout-rtc/handout/internal/cluster"
	"github.com/handout-rtc/handout/internal/server"
	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

// nodeFlags make the server one node of a cluster.
type nodeFlags struct {
	NodeListen     string `placeholder:"ADDRESS" help:"Address on which other nodes of a cluster reach this one; nobody else needs to."`
	NodeURL        string `placeholder:"URL" help:"The same as they write it: http://10.0.0.1:8082."`
	NodeSecret     string `placeholder:"SECRET" help:"What the nodes of a cluster sign their requests to each other with. What stands in a command line others can read: name it in the environment or in --node-secret-file."`
	NodeSecretFile string `type:"path" placeholder:"FILE" help:"The same from a file."`
}

// leastSecret is what cannot be guessed, in bytes.
const leastSecret = 32

// isNode reports whether the server is a node of a cluster.
func (f *nodeFlags) isNode() bool { return f.NodeListen != "" }

// check returns what is wrong with the flags.
func (f *nodeFlags) check() error {
	if !f.isNode() {
		if f.NodeURL != "" || f.NodeSecret != "" || f.NodeSecretFile != "" {
			return errors.New("a node of a cluster needs --node-listen")
		}
		return nil
	}
	if _, _, err := net.SplitHostPort(f.NodeListen); err != nil {
		return fmt.Errorf("--node-listen: %w", err)
	}
	if u, err := url.Parse(f.NodeURL); err != nil || u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		return errors.New("--node-url must be http:// and the address of --node-listen as other nodes reach it")
	}
	_, err := f.secret()
	return err
}

func (f *nodeFlags) secret() ([]byte, error) {
	secret := f.NodeSecret
	switch {
	case secret != "" && f.NodeSecretFile != "":
		return nil, errors.New("--node-secret and --node-secret-file say the same: name one")
	case f.NodeSecretFile != "":
		text, err := os.ReadFile(f.NodeSecretFile)
		if err != nil {
			return nil, fmt.Errorf("--node-secret-file: %w", err)
		}
		secret = strings.TrimSpace(string(text))
	}
	if len(secret) < leastSecret {
		return nil, fmt.Errorf("the nodes of a cluster need a secret of at least %d bytes, all the same: --node-secret-file", leastSecret)
	}
	return []byte(secret), nil
}

// What one node of a cluster does for all.
const (
	dutyAudit    = "audit"    // carries entries over to the audit log
	dutySweep    = "sweep"    // ends what is due, clears away what has ended
	dutyRooms    = "rooms"    // lets the absent leave, clears away rooms
	dutyWebhooks = "webhooks" // tells applications
	dutyBucket   = "bucket"   // joins segments, removes what nobody needs
)

// openNode makes this process a node, if it is to be one. The records know of it from
// then on.
func (p *parts) openNode(ctx context.Context, c *serveCommand) error {
	if !c.isNode() {
		return nil
	}
	secret, err := c.nodeFlags.secret()
	if err != nil {
		return err
	}
	now, err := p.records.Now(ctx)
	if err != nil {
		return err
	}
	p.clock.Correct(now)
	p.node = cluster.New(cluster.Config{
		Registry: p.records, Presence: p.records, Looks: p.records, URL: strings.TrimSuffix(c.NodeURL, "/"), Secret: secret,
		Duties: []string{dutyAudit, dutySweep, dutyRooms, dutyWebhooks, dutyBucket}, Now: p.clock.Now, Log: p.log,
	})
	p.records.AsNode(p.node.ID)
	return nil
}

// holders and peers are the other nodes; nil where there is none.
func (p *parts) holders() (upload.Holders, upload.Peers) {
	if p.node == nil {
		return nil, nil
	}
	return p.node, p.node
}

// startNode lets other nodes know of this one, and answers them until stop is called.
func (p *parts) startNode(ctx context.Context, c *serveCommand) (stop func(), err error) {
	if p.node == nil {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", c.NodeListen)
	if err != nil {
		return nil, fmt.Errorf("--node-listen: %w", err)
	}
	p.node.OnFenced(p.uploads.Fenced)
	web := c.newHTTPServer(p.node.Handler(p.uploads), p.log)
	stopServing := alone(func(context.Context) { web.Serve(listener) }) // ends with Close
	close := func() {
		web.Close()
		stopServing()
	}
	if err := p.node.Start(ctx); err != nil {
		close()
		return nil, err
	}
	stopBeating := alone(p.node.Run)
	return func() {
		p.leaveCluster()
		stopBeating()
		close()
	}, nil
}

// leaveCluster lets other nodes take over at once what this one held, when its uploads
// have let go. It may be called twice.
func (p *parts) leaveCluster() {
	if p.node == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastMoments)
	defer cancel()
	_ = p.uploads.Idle(ctx) // what is not by then is left to its fence
	if err := p.node.Leave(ctx); err != nil {
		p.log.Warn("leaving the cluster failed: the others find out by themselves", "err", err)
	}
}

// onDuty returns run as it is where this process serves alone, and else while this
// node has the duty.
func (p *parts) onDuty(name string, run func(context.Context)) func(context.Context) {
	if p.node == nil {
		return run
	}
	return func(ctx context.Context) { p.node.RunDuty(ctx, name, run) }
}

// lookEvery is how often to look for what other nodes have written; zero where there
// are none.
func (p *parts) lookEvery() time.Duration {
	if p.node == nil {
		return 0
	}
	return time.Second
}

// abandoned is where uploads of nodes that have died are found; nil where there are
// none.
func (p *parts) abandoned() share.Abandoned {
	if p.node == nil {
		return nil
	}
	return p.records
}

// What nodes tell each other beside the records, so that it is seen at once.
const (
	hintEnded   = "share-ended" // with the share's id
	hintChanged = "changed"     // who was dropped, or the rules of a room
)

// hintEnds has other nodes look at a share that has ended here, if they are at work on
// it or on others of the room.
func (p *parts) hintEnds(room protocol.RoomID, id protocol.ShareID) {
	p.edge.Hint(room, "", hintEnded, string(id))
}

// hearHints looks where other nodes point to.
func (p *parts) hearHints() {
	if p.node == nil {
		return
	}
	p.edge.OnHint(hintEnded, func(id string) { p.node.Hint(protocol.ShareID(id)) })
	p.edge.OnHint(hintChanged, func(string) { p.node.Hint("") })
}

// watchCluster holds what runs here against what other nodes have done.
func (p *parts) watchCluster(ctx context.Context) {
	if p.node == nil {
		return
	}
	p.node.Watch(ctx, p.shares, cluster.Looking{
		Again: func() {
			p.rooms.AskAgain()
			p.shares.ForgetRules()
		},
		Attend: p.edge.Attend,
	}, p.uploads, p.shares)
}

// nodeChecks are what must hold beside the rest for a node to be ready.
func (p *parts) nodeChecks() []server.Check {
	if p.node == nil {
		return nil
	}
	return []server.Check{{Name: "node", Ask: func(context.Context) error { return p.node.Healthy() }}}
}

// auditWriter is the audit log of this process.
type auditWriter interface {
	Run(ctx context.Context)
	Healthy() error
}

// auditTurns is the audit log of a node, which writes while that is its duty.
type auditTurns struct {
	config audit.Config
	failed atomic.Pointer[error] // why the log could not be opened
	now    atomic.Pointer[audit.Log]
}

// Run writes until ctx ends, which is this node's turn. What has failed in it is no
// failure of a node that is not on duty any more.
func (a *auditTurns) Run(ctx context.Context) {
	defer a.failed.Store(nil)
	for ctx.Err() == nil {
		log, err := audit.Open(ctx, a.config)
		if err != nil {
			a.failed.Store(&err)
			a.config.Log.Error("opening the audit log", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
			continue
		}
		a.failed.Store(nil)
		a.now.Store(log)
		log.Run(ctx)
		a.now.Store(nil)
		if err := log.Close(); err != nil {
			a.config.Log.Error("closing the audit log", "err", err)
		}
	}
}

// Healthy returns why entries cannot be written now. A node that is not on duty has
// nothing to write.
func (a *auditTurns) Healthy() error {
	if cause := a.failed.Load(); cause != nil {
		return *cause
	}
	if log := a.now.Load(); log != nil {
		return log.Healthy()
	}
	return nil
}

// openAudit opens the audit log.
func (p *parts) openAudit(ctx context.Context, config audit.Config) error {
	if p.node != nil {
		config.Shared = true
		p.audit = &auditTurns{config: config}
		return nil
	}
	log, err := audit.Open(ctx, config)
	if err != nil {
		return err
	}
	p.audit = log
	p.closers = append(p.closers, log.Close)
	return nil
}
