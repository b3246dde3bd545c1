package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"

	"github.com/handout-rtc/handout/docs"
	"github.com/handout-rtc/handout/internal/audit"
	"github.com/handout-rtc/handout/internal/blob/diskblob"
	"github.com/handout-rtc/handout/internal/blob/s3blob"
	"github.com/handout-rtc/handout/internal/clock"
	"github.com/handout-rtc/handout/internal/cluster"
	"github.com/handout-rtc/handout/internal/limit"
	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/internal/server"
	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/signal"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/postgres"
	"github.com/handout-rtc/handout/internal/store/sqlite"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/internal/webhook"
	"github.com/handout-rtc/handout/panel"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/sdk"
	"github.com/handout-rtc/handout/token"
	"github.com/handout-rtc/handout/web"
)

// What is where in the data directory.
const (
	recordsFile = "handout.db"
	filesDir    = "files"
	auditDir    = "audit"
)

// parts is the whole server, put together.
type parts struct {
	log       *slog.Logger
	clock     *clock.Clock
	boot      string // names the kernel, or what is believed of it: see watchDisk
	keys      *token.Ring
	records   *store.DB
	blobs     files
	disk      *diskblob.Store // nil where the files are in a bucket
	bucket    *s3blob.Store   // nil where they are not
	rooms     *room.Service
	shares    *share.Service
	space     *share.Space
	uploads   *upload.Service
	edge      *signal.Edge
	announcer *signal.Announcer
	webhooks  *webhook.Service
	server    *server.Server
	sockets   *server.Sockets
	audit     auditWriter
	node      *cluster.Node // nil where this process serves alone
	ready     *server.Readiness
	syncer    *syncer // nil unless syncs are left for later
	measures  *measures
	metrics   *server.Metrics // of requests

	closers []func() error // last opened, first closed
}

// wire opens the data directory and connects the parts. It is the one place
// that knows which engine is behind which interface.
func (c *serveCommand) wire(ctx context.Context, log *slog.Logger) (_ *parts, err error) {
	p := &parts{log: log, clock: c.clock, measures: newMeasures()}
	if p.clock == nil {
		p.clock = clock.New()
	}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if err := p.openData(ctx, c); err != nil {
		return nil, err
	}
	keys, err := c.keys()
	if err != nil {
		return nil, err
	}
	p.keys = token.NewRing(keys)
	if !c.Dev {
		warnOfKeys(keys, log)
	}
	limits, boot := c.Limits.wire(), p.boot
	if c.Sync == syncInterval {
		boot += store.SyncedLater
	}
	p.metrics = server.NewMetrics(p.measures.registry)
	redis, err := c.redis()
	if err != nil {
		return nil, err
	}
	p.edge, err = signal.New(signal.Config{
		Tokens: p.keys, AllowOrigin: server.AllowOrigin(c.Origin, c.Dev), MaxConnections: c.Limits.MaxConnections,
		Connects: c.Limits.connects(), Rejoins: c.Limits.rejoins(), Commands: c.Limits.commands(),
		Redis: redis, Records: p.records,
		Metrics: p.measures.registry, Refused: p.metrics.Refused, Now: p.clock.Latest, Log: log,
	})
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, p.edge.Close)
	p.hearHints()
	p.rooms = room.New(room.Config{
		Accounts: p.records, UsageKept: c.Limits.UsageKeep, UsageLines: c.Limits.MaxUsage,
		Records: p.records, Push: p.edge, Limits: limits, MaxRooms: c.Limits.MaxRooms, MaxDropped: c.Limits.MaxDropped, Chatter: c.Limits.chatter(), IdleLifetime: c.Limits.RoomLifetime,
		Now: p.clock.Now, Log: log,
		Dropped: func(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID) error {
			p.edge.HintAll(hintChanged, "")
			return p.shares.Dropped(ctx, room, id)
		},
		CancelUploads: func(ctx context.Context, room protocol.RoomID, sharing protocol.Sharing) error {
			return p.shares.CancelUploads(ctx, room, sharing)
		},
		RulesChanged: func(room protocol.RoomID) {
			p.edge.HintAll(hintChanged, "")
			p.shares.RulesChanged(room)
		},
	})
	p.announcer = &signal.Announcer{Outbox: p.records, Edge: p.edge, Announced: p.measures.told, Log: log}
	if err := p.openWebhooks(ctx, c); err != nil {
		return nil, err
	}
	holders, peers := p.holders()
	p.uploads = upload.New(upload.Config{
		Holders: holders, Peers: peers,
		Records: p.records, Parts: p.records, Blobs: p.blobs, Limits: limits, Quota: c.Limits.quota(), Boot: p.believed(boot), FollowWait: c.Limits.FollowWait,
		Vet: func(ctx context.Context, record store.Share, head []byte) error {
			return p.shares.Vet(ctx, record, head)
		},
		Now: p.clock.Now, Log: log,
	})
	p.closers = append(p.closers, p.uploads.Close)
	p.space = &share.Space{Free: p.blobs.FreeBytes, Promised: p.promised, Least: int64(c.Limits.MinFree), Healthy: p.healthy}
	p.shares = share.New(share.Config{
		Churn: limit.Rate{PerSecond: c.Limits.CreateRate, Burst: c.Limits.CreateBurst}, Space: p.space,
		Abandoned: p.abandoned(), Ended: p.hintEnds, Records: p.records, Ledger: p.records, Sweeper: p.records, Tickets: p.records, Parts: p.records, Moderation: p.records, Thumbnails: p.records, Uploads: p.uploads, Blobs: p.blobs, Elsewhere: p.elsewhere(c),
		Push: p.edge, Limits: limits, Quota: c.Limits.quota(), Boot: p.believed(boot), Now: p.clock.Now, Log: log,
	})
	doubtful, err := p.records.Began(ctx, boot)
	if err != nil {
		return nil, err
	}
	p.shares.Doubt(doubtful)
	if c.Sync == syncInterval {
		p.syncer = &syncer{every: c.SyncInterval, flush: p.flush, records: p.records, settled: p.shares.Settled, log: log}
	}
	p.ready = server.NewReadiness(log, p.checks()...)
	proxies, err := server.ParseProxies(c.TrustedProxy)
	if err != nil {
		return nil, err
	}
	p.sockets = &server.Sockets{
		Most: c.Limits.sockets(log), PerAddress: c.Limits.AddressSockets, Proxies: proxies, Push: c.Limits.pushed(), Refused: p.metrics.Refused,
	}
	p.server = server.New(server.Config{
		Rooms: p.rooms, Shares: p.shares, Uploads: p.uploads, Push: p.edge, Webhooks: p.webhooks, Keys: p.keys, Limits: limits, Pace: c.Limits.pace(), Asking: c.Limits.asking(proxies),
		MaxRequest: int64(c.Limits.MaxRequest), Congestion: c.Congestion,
		Page: web.Files(), SDK: sdk.Files(), Docs: docs.Files(), Panel: panel.Files(), Ready: p.ready, Metrics: p.metrics,
		Origins: c.Origin, PublicURL: c.PublicURL, TokenLifetime: c.TokenLifetime, Dev: c.Dev, Now: p.clock.Latest, Log: log,
	})
	p.measures.watch(p)
	p.measures.limits(limitsOf(c.flags))
	return p, nil
}

// checks are what must hold for the server to be ready.
func (p *parts) checks() []server.Check {
	return append([]server.Check{
		{Name: "store", Ask: p.records.Ping},
		{Name: "disk", Ask: func(context.Context) error { return p.space.Ready() }},
		{Name: "audit", Ask: p.auditReady},
	}, append(p.fileChecks(), p.nodeChecks()...)...)
}

// auditReady returns why the audit log is not as it must be.
func (p *parts) auditReady(ctx context.Context) error {
	if err := p.records.AuditHasRoom(ctx); err != nil {
		return err
	}
	if err := p.audit.Healthy(); err != nil {
		return protocol.WrapError(protocol.CodeUnavailable, "the log cannot be written, and entries wait in the records", err)
	}
	return nil
}

// openData takes the data directory for this process and opens what is in it.
func (p *parts) openData(ctx context.Context, c *serveCommand) error {
	forRecords := []sqlite.Option{sqlite.Observe(p.measures)}
	forBlobs := []diskblob.Option{diskblob.Observe(p.measures.synced)}
	if c.Sync == syncInterval {
		forRecords, forBlobs = append(forRecords, sqlite.SyncLater), append(forBlobs, diskblob.SyncLater)
	}
	unlock, err := diskblob.LockDir(c.Data)
	if err != nil {
		return err
	}
	p.closers = append(p.closers, unlock)
	if err := refuseMoved(c.Data); err != nil && c.recordsFlags.ours() {
		return err
	}
	database := postgres.Config{Connections: c.Limits.StoreConnections, Observer: p.measures}
	if p.records, err = c.recordsFlags.open(ctx, c.Data, database, forRecords...); err != nil {
		return fmt.Errorf("opening the records: %w", err)
	}
	p.closers = append(p.closers, p.records.Close)
	if err := p.records.Whole(ctx); err != nil {
		return err
	}
	if err := p.openNode(ctx, c); err != nil {
		return err
	}
	p.records.BoundAudit(int64(c.Limits.MaxUnaudited))
	if c.AuditNames {
		p.records.KeepNames()
	}
	failures, err := p.records.Distrusted(ctx)
	if err != nil {
		return err
	}
	p.boot = bootID()
	if failures > 0 {
		p.boot += "." + strconv.FormatInt(failures, 10)
		forBlobs = append(forBlobs, diskblob.Afresh)
	}
	if err := p.openFiles(ctx, c, forBlobs); err != nil {
		return err
	}
	return p.openAudit(ctx, audit.Config{
		Dir: filepath.Join(c.Data, auditDir), Records: p.records, FileBytes: int64(c.AuditFile), Keep: c.AuditKeep, Log: p.log,
	})
}

// close closes what was opened.
func (p *parts) close() error {
	var errs []error
	for i := len(p.closers) - 1; i >= 0; i-- {
		errs = append(errs, p.closers[i]())
	}
	return errors.Join(errs...)
}
