package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/handout-rtc/handout/internal/server"
)

const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	// lastMoments is what is left for closing after --shutdown.
	lastMoments = 4 * time.Second
)

// Run implements `handout serve`: it returns when SIGTERM or SIGINT has ended
// the server cleanly.
func (c *serveCommand) Run(k *kong.Context) error {
	c.flags = k.Flags()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	return c.serve(ctx, c.logger())
}

// serve runs the server until the context ends.
func (c *serveCommand) serve(ctx context.Context, log *slog.Logger) (err error) {
	p, err := c.wire(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	stopNode, err := p.startNode(ctx, c)
	if err != nil {
		return err
	}
	defer stopNode()
	if err := p.rooms.Recover(ctx); err != nil {
		return err
	}
	if err := p.edge.Start(p.rooms); err != nil {
		return err
	}
	web, err := c.newWebServer(p, log)
	if err != nil {
		return err
	}
	bare, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	listener := p.sockets.Listen(bare)
	stopMetrics, err := c.serveMetrics(p)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer stopMetrics()
	stopWork := p.startWork()
	defer stopWork()
	stopReading := c.readAgain(p)
	defer stopReading()

	url := c.scheme() + "://" + listener.Addr().String() + "/"
	log.Info("listening", "url", url, "version", version, "data", c.Data)
	if c.Dev {
		fmt.Printf("\n  Handout is running. Open %s in two windows and share a file.\n\n", url)
	}
	return p.serveHTTP(ctx, web, listener, c.DrainDelay, c.Shutdown)
}

// startWork runs what goes on beside the requests. The returned function stops
// it and waits until it has stopped.
func (p *parts) startWork() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for _, run := range []func(context.Context){p.announcer.Run, p.onDuty(dutyWebhooks, p.webhooks.Run), p.edge.Run, p.onDuty(dutyRooms, p.rooms.Run), p.onDuty(dutySweep, p.shares.Run), p.onDuty(dutyBucket, p.tidyBucket), p.watchCluster, p.shares.RunProgress, p.shares.RunReceipts, p.watchClock, p.watchDisk} {
		group.Go(func() { run(ctx) })
	}
	// These two have something left to do when all others have stopped.
	stopAudit, stopSyncing := alone(p.onDuty(dutyAudit, p.audit.Run)), func() {}
	if p.syncer != nil {
		stopSyncing = alone(p.syncer.Run)
	}
	return func() {
		cancel()
		group.Wait()
		stopAudit()
		stopSyncing()
	}
}

func (p *parts) watchClock(ctx context.Context) { p.clock.Run(ctx, p.log) }

// alone runs something that is stopped on its own.
func alone(run func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// serveHTTP answers requests until the context ends, and then lets go: uploads
// keep what they have and their clients come back, downloads may go on for a
// while.
func (p *parts) serveHTTP(ctx context.Context, web *http.Server, listener net.Listener, delay, patience time.Duration) error {
	failed := make(chan error, 1)
	go func() {
		if web.TLSConfig != nil {
			failed <- web.ServeTLS(listener, "", "")
			return
		}
		failed <- web.Serve(listener)
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	p.log.Info("stopping", "in", delay)
	p.ready.Stop()
	select { // meanwhile load balancers see that it is not ready
	case err := <-failed:
		return err
	case <-time.After(delay):
	}
	patient, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- web.Shutdown(patient) }()
	p.uploads.Drain()
	p.leaveCluster()
	edgeErr := p.edge.Shutdown(patient)
	if err := <-stopped; err != nil {
		p.log.Warn("transfers cut off", "err", err)
		p.shares.CutAll()
		last, cancel := context.WithTimeout(context.Background(), lastMoments)
		defer cancel()
		err = web.Shutdown(last)
		return errors.Join(edgeErr, err, web.Close())
	}
	return edgeErr
}

// newWebServer returns the server of the clients, which speaks HTTPS if there is
// a certificate.
func (c *serveCommand) newWebServer(p *parts, log *slog.Logger) (*http.Server, error) {
	web := c.newHTTPServer(p.server, log)
	web.ConnState = p.sockets.State
	if c.TLSCert == "" {
		return web, nil
	}
	certificate, err := readCertificate(c.TLSCert, c.TLSKey, log)
	if err != nil {
		return nil, err
	}
	room := newHTTP2Room(c.Limits.HTTP2Connections)
	web.TLSConfig, web.HTTP2 = tlsConfig(certificate, room), c.Limits.http2()
	web.ConnState = func(connection net.Conn, state http.ConnState) {
		p.sockets.State(connection, state)
		room.state(connection, state)
	}
	return web, nil
}

func (c *serveCommand) scheme() string {
	if c.TLSCert == "" {
		return "http"
	}
	return "https"
}

func (c *serveCommand) newHTTPServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ConnContext:       server.ConnContext,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    int(c.Limits.MaxHeader),
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// serveMetrics serves /metrics on its own listener, and how the server is, which
// can be asked there also when the main one is full. With --dev it is on the main
// one. That the default address is taken, say by a second server, keeps
// no server from its work; that a chosen one is, is an error.
func (c *serveCommand) serveMetrics(p *parts) (stop func(), err error) {
	if c.Dev || c.MetricsListen == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", c.MetricsListen)
	if err != nil && c.MetricsListen == defaultMetricsListen {
		p.log.Warn("no metrics: the default address is taken, choose another with --metrics-listen", "err", err)
		return func() {}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("--metrics-listen: %w", err)
	}
	p.log.Info("metrics", "url", "http://"+listener.Addr().String()+"/metrics")
	web := c.newHTTPServer(p.server.AboutHandler(), p.log)
	var group sync.WaitGroup
	group.Go(func() { web.Serve(listener) }) // ends with Close
	return func() {
		web.Close()
		group.Wait()
	}, nil
}
