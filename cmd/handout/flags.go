package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/alecthomas/kong"
	"github.com/dustin/go-humanize"

	"github.com/handout-rtc/handout/internal/clock"
	"github.com/handout-rtc/handout/internal/server"
)

// size is a number of bytes as people write it: 2GiB, 500MB, 1048576.
type size int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *size) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil {
		return err
	}
	if n == 0 || n > 1<<62 {
		return fmt.Errorf("%s is out of range", text)
	}
	*s = size(n)
	return nil
}

// serveCommand is `handout serve`. Each flag is also HANDOUT_… in the
// environment, and each limit has a bound: nothing is unlimited.
type serveCommand struct {
	Listen        string `default:"127.0.0.1:8080" help:"Address to listen on."`
	MetricsListen string `default:"${metrics_listen}" help:"Address of /metrics for Prometheus; with --dev it is on the main one. Empty for none."`
	Data          string `default:"./data" type:"path" help:"Directory of the records and the files. One server owns it."`
	recordsFlags  `embed:""`
	blobFlags     `embed:""`
	nodeFlags     `embed:""`
	pushFlags     `embed:""`
	App           []string      `placeholder:"ID:KEY" env:"HANDOUT_APP" help:"An application that may make rooms and tokens. Repeatable; an ID that stands again has another key: the first signs, each is good."`
	AppFile       string        `type:"path" placeholder:"FILE" help:"The same from a file, one ID:KEY a line. Read again at SIGHUP."`
	Dev           bool          `help:"Development: the app dev:devkey, a back end that hands a token to anyone, pages of any origin; loopback only."`
	PublicURL     string        `placeholder:"URL" help:"Where clients reach this server; without it, the host that a token was asked of."`
	TrustedProxy  []string      `placeholder:"CIDR" help:"Network of a reverse proxy, whose X-Forwarded-For says which address a client has. Repeatable."`
	Origin        []string      `placeholder:"ORIGIN" help:"Origin whose pages may call this server. Repeatable."`
	TLSCert       string        `type:"path" placeholder:"FILE" help:"Certificate, in PEM, with its chain: then the server speaks HTTPS. Read again when it changes."`
	TLSKey        string        `type:"path" placeholder:"FILE" help:"The certificate's key, in PEM."`
	TokenLifetime time.Duration `default:"24h" help:"How long a token is good."`
	LogLevel      slog.Level    `default:"info" help:"debug, info, warn or error."`
	LogFormat     string        `default:"text" enum:"text,json" help:"text or json."`
	Congestion    string        `name:"download-congestion" default:"bbr" help:"TCP congestion control of downloads to other machines, where Linux has it; empty for the system's own."`
	Redirect      bool          `name:"download-redirect" env:"HANDOUT_DOWNLOAD_REDIRECT" help:"Send who follows a link to a complete file, which is a download with a ticket, to the bucket of --blobs, by a URL that is good for a minute. Without it all downloads go through the server."`
	Sync          string        `default:"always" enum:"always,interval" help:"When a complete file survives a power cut: always, before it is acknowledged, or interval, at most --sync-interval later. A killed server loses nothing either way."`
	SyncInterval  time.Duration `default:"1s" help:"How often --sync=interval syncs."`
	AuditNames    bool          `help:"Keep the names of files, participants and rooms in the audit log; without it, ids alone."`
	AuditKeep     time.Duration `default:"8760h" help:"How long the audit log is kept."`
	AuditFile     size          `name:"audit-file-size" env:"HANDOUT_AUDIT_FILE_SIZE" default:"64MiB" help:"Size at which the audit log goes on in another file; each day begins one too."`
	WebhookFile   string        `type:"path" placeholder:"FILE" help:"Endpoints for webhooks, one APP URL SECRET a line, beside those that applications register. Read again at SIGHUP."`
	WebhookNet    []string      `name:"webhook-network" env:"HANDOUT_WEBHOOK_NETWORK" placeholder:"CIDR" help:"Network that webhooks may be sent to beside the public internet, also over plain HTTP; with --dev, this machine. Repeatable."`
	DrainDelay    time.Duration `default:"0s" help:"How long after SIGTERM requests are still taken while /readyz says no, so that a load balancer looks elsewhere first."`
	Shutdown      time.Duration `default:"10s" help:"How long running transfers may go on then."`

	Limits limitFlags `embed:"" group:"Limits"`

	clock *clock.Clock // nil for the system's; tests set it
	flags []*kong.Flag // all of the above, as they were given
}

type limitFlags struct {
	MaxFileSize         size          `default:"2GiB" help:"Largest file."`
	MaxRoomBytes        size          `default:"20GiB" help:"Bytes that the files of one room may take."`
	MaxRoomShares       int           `default:"5000" help:"Files in one room."`
	MaxOpenUploads      int           `default:"100" help:"Uploads that one participant may have open."`
	MaxRoomUploads      int           `default:"2000" help:"Uploads that may be open in one room."`
	MaxPromised         size          `default:"10GiB" help:"Bytes that the open uploads of one participant may be going to take; never less than one file."`
	MaxAppBytes         size          `default:"1TiB" help:"Bytes that the files of all rooms of one application may take; never less than one room."`
	MaxDropped          int           `default:"10000" help:"Participants that one room bars; half of the places are kept for those who are in it."`
	MaxParticipants     int           `default:"2000" help:"Participants of one room."`
	MaxRecipients       int           `default:"200" help:"Participants that one request may list: for its files, or for a message."`
	MaxReceipts         int           `default:"2000" help:"Files times listed recipients of one request."`
	MaxRooms            int           `default:"10000" help:"Rooms."`
	StoreConnections    int           `default:"20" help:"Connections to the database of --store, half of them for changes."`
	MaxConnections      int           `default:"20000" help:"Push connections."`
	MaxSockets          int           `default:"30000" help:"TCP connections, push ones included; never more than three quarters of the files that the system lets the server open."`
	AddressSockets      int           `default:"5000" help:"TCP connections of one address that is no trusted proxy's; an IPv6 /64 counts as one."`
	PushBytes           size          `default:"4KiB" help:"Bytes a second that a push connection may send in the long run."`
	PushBurstBytes      size          `default:"128KiB" help:"Bytes that it may send at once."`
	ConnectRate         float64       `default:"2000" help:"Push connections a second that the server lets in; the others wait for their turn."`
	ConnectBurst        int           `default:"2000" help:"Push connections that it lets in at once."`
	RejoinRate          float64       `default:"1" help:"Push connections a second of one participant in the long run."`
	RejoinBurst         int           `default:"20" help:"Push connections of one participant at once, one after the other."`
	PushRate            float64       `default:"50" help:"Commands a second on a push connection in the long run; a client has none but to connect."`
	PushBurst           int           `default:"100" help:"Commands on a push connection at once."`
	MaxMessage          size          `default:"16KiB" help:"Largest chat message or user data."`
	MaxRequest          size          `default:"512KiB" help:"Largest body of a request that is no upload."`
	MaxHeader           size          `default:"48KiB" help:"Largest header of a request: a token takes up to 16KiB, tus metadata up to 8KiB, and a thumbnail in them 22KiB."`
	Lifetime            time.Duration `default:"24h" help:"How long a file is kept at most."`
	EmptyRoom           time.Duration `default:"10m" help:"How long files outlive the last participant of their room."`
	RoomLifetime        time.Duration `default:"720h" help:"How long an empty room is kept."`
	UploadIdle          time.Duration `default:"1h" help:"How long an upload may rest."`
	Reconnect           time.Duration `default:"10s" help:"How long an absent participant stays in the roster."`
	CreateRate          float64       `default:"20" help:"Files a second that one participant may offer in the long run."`
	CreateBurst         int           `default:"1000" help:"Files that one participant may offer at once."`
	RequestRate         float64       `default:"200" help:"Requests a second of one participant in the long run."`
	RequestBurst        int           `default:"2000" help:"Requests of one participant at once."`
	RoomRequestRate     float64       `default:"2000" help:"Requests a second of all participants of one room in the long run."`
	RoomRequestBurst    int           `default:"20000" help:"Requests of all participants of one room at once."`
	AddressRequestRate  float64       `default:"1000" help:"Requests a second of one address in the long run, whoever asks; an IPv6 /64 counts as one."`
	AddressRequestBurst int           `default:"10000" help:"Requests of one address at once."`
	MessageRate         size          `default:"8MiB" help:"Bytes of messages a second of one participant in the long run, times those who are sent them."`
	MessageBurst        size          `default:"64MiB" help:"Bytes of messages of one participant at once, times those who are sent them. One message alone is never too much."`
	RoomMessageRate     size          `default:"32MiB" help:"Bytes of messages a second of all participants of one room in the long run, times those who are sent them."`
	RoomMessageBurst    size          `default:"256MiB" help:"Bytes of messages of all participants of one room at once, times those who are sent them."`
	MaxUnaudited        int           `default:"500000" help:"Entries that may wait for the audit log, some 300 bytes each."`
	UsageKeep           time.Duration `default:"9600h" help:"How long it is kept what rooms have used."`
	MaxUsage            int           `default:"1000000" help:"Rooms, times the days on which something happened in them, of which it is kept what they have used; some 100 bytes each."`
	MaxWebhooks         int           `default:"10" help:"Endpoints for webhooks that one application may register."`
	WebhookQueue        int           `default:"10000" help:"Messages that may wait for one endpoint, some 1 KiB each."`
	WebhookParallel     int           `default:"4" help:"Messages that one endpoint is sent at a time."`
	WebhookTimeout      time.Duration `default:"15s" help:"How long an endpoint may take to answer."`
	WebhookAge          time.Duration `default:"96h" help:"How long a message is tried."`
	SpoolBytes          size          `default:"8GiB" help:"Bytes on their way to the bucket of --blobs that may be on the disk of --spool at a time: 8 MiB for each upload that is being received, up to three times as much for a fast one."`
	BucketPatience      time.Duration `default:"20s" help:"How long a request to the bucket of --blobs is repeated that fails for no fault of its own; after that, who waits for it is to come back later."`
	MinFree             size          `default:"1GiB" help:"Space on the disk of --data that new files leave free."`
	MinRate             size          `default:"1KiB" help:"Least bytes per second of an upload or download."`
	RateGrace           time.Duration `default:"60s" help:"How long a transfer may be slower than that at its start."`
	Silence             time.Duration `default:"30s" help:"How long an upload may send nothing, and the time over which --min-rate is counted."`
	HTTP2Window         size          `name:"http2-window" env:"HANDOUT_HTTP2_WINDOW" default:"4MiB" help:"What a client may send ahead of what was read, per request over HTTP/2; twice as much per connection."`
	HTTP2Streams        int           `name:"http2-streams" env:"HANDOUT_HTTP2_STREAMS" default:"100" help:"Requests at a time on one HTTP/2 connection."`
	HTTP2Connections    int           `name:"http2-connections" env:"HANDOUT_HTTP2_CONNECTIONS" default:"256" help:"HTTP/2 connections; who comes after them speaks HTTP/1.1. They hold up to twice --http2-window each."`
	FollowWait          time.Duration `default:"2m" help:"How long a download of a file that is still uploading waits for a sender that went away."`
}

const (
	filesPerRequest = 100
	devApp          = "dev"
	devKey          = "devkey"

	syncInterval      = "interval" // of --sync
	leastSyncInterval = 10 * time.Millisecond

	defaultMetricsListen = "127.0.0.1:8081"
)

// Validate implements kong's check after parsing.
func (c *serveCommand) Validate() error {
	if c.Dev {
		host, _, err := net.SplitHostPort(c.Listen)
		if err != nil {
			return fmt.Errorf("--listen: %w", err)
		}
		ip := net.ParseIP(host)
		if host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return errors.New("--dev hands a token to anyone, so it listens on loopback only; --listen says " + c.Listen)
		}
	} else if len(c.App) == 0 && c.AppFile == "" {
		return errors.New("name an application with --app ID:KEY, or try --dev")
	}
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return errors.New("--public-url must be http://… or https://…")
		}
	}
	if _, err := c.where(); err != nil {
		return err
	}
	if _, err := c.keys(); err != nil {
		return err
	}
	if _, err := server.ParseProxies(c.TrustedProxy); err != nil {
		return fmt.Errorf("--trusted-proxy: %w", err)
	}
	if _, err := c.webhookNetworks(); err != nil {
		return err
	}
	if err := c.nodeFlags.check(); err != nil {
		return err
	}
	if c.isNode() && c.recordsFlags.ours() {
		return errors.New("the nodes of a cluster need the same records: --store")
	}
	if err := c.checkPush(); err != nil {
		return err
	}
	if err := c.blobFlags.check(); err != nil {
		return err
	}
	if c.isNode() && c.inDirectory() {
		return errors.New("the nodes of a cluster need the same files: --blobs")
	}
	if c.Redirect && c.inDirectory() {
		return errors.New("--download-redirect sends downloads to the bucket of --blobs, which is not named")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("--tls-cert and --tls-key need each other")
	}
	if err := lasting([]span{{"token-lifetime", c.TokenLifetime, time.Second}, {"drain-delay", c.DrainDelay, 0}, {"shutdown", c.Shutdown, 0}, {"audit-keep", c.AuditKeep, time.Hour}, {"sync-interval", c.SyncInterval, leastSyncInterval}}); err != nil {
		return err
	}
	return c.Limits.validate()
}

func (l *limitFlags) validate() error {
	for name, n := range map[string]int{
		"max-room-shares": l.MaxRoomShares, "max-open-uploads": l.MaxOpenUploads, "max-room-uploads": l.MaxRoomUploads, "max-dropped": l.MaxDropped,
		"max-participants": l.MaxParticipants, "max-recipients": l.MaxRecipients, "max-receipts": l.MaxReceipts,
		"max-rooms": l.MaxRooms, "max-usage": l.MaxUsage, "max-unaudited": l.MaxUnaudited, "max-connections": l.MaxConnections, "max-sockets": l.MaxSockets, "address-sockets": l.AddressSockets,
		"create-burst": l.CreateBurst, "request-burst": l.RequestBurst, "room-request-burst": l.RoomRequestBurst, "address-request-burst": l.AddressRequestBurst,
		"connect-burst": l.ConnectBurst, "rejoin-burst": l.RejoinBurst, "push-burst": l.PushBurst, "max-webhooks": l.MaxWebhooks, "store-connections": l.StoreConnections, "webhook-queue": l.WebhookQueue, "webhook-parallel": l.WebhookParallel, "http2-streams": l.HTTP2Streams, "http2-connections": l.HTTP2Connections,
	} {
		if n < 1 {
			return fmt.Errorf("--%s must be at least 1", name)
		}
	}
	for name, rate := range map[string]float64{
		"create-rate": l.CreateRate, "request-rate": l.RequestRate, "room-request-rate": l.RoomRequestRate, "address-request-rate": l.AddressRequestRate,
		"connect-rate": l.ConnectRate, "rejoin-rate": l.RejoinRate, "push-rate": l.PushRate,
	} {
		if !(rate > 0) { // nor NaN
			return fmt.Errorf("--%s must be above 0", name)
		}
	}
	if err := lasting([]span{
		{"lifetime", l.Lifetime, time.Second}, {"empty-room", l.EmptyRoom, time.Second}, {"room-lifetime", l.RoomLifetime, time.Second}, {"usage-keep", l.UsageKeep, time.Hour},
		{"upload-idle", l.UploadIdle, time.Second}, {"reconnect", l.Reconnect, time.Second}, {"follow-wait", l.FollowWait, time.Second},
		{"bucket-patience", l.BucketPatience, time.Second}, {"webhook-timeout", l.WebhookTimeout, time.Second}, {"webhook-age", l.WebhookAge, time.Minute},
		{"silence", l.Silence, leastSilence}, {"rate-grace", l.RateGrace, time.Second},
	}); err != nil {
		return err
	}
	return l.relate()
}

// span is a flag that says how long something lasts, and the least it may say.
type span struct {
	name        string
	says, least time.Duration
}

func lasting(spans []span) error {
	for _, s := range spans {
		if s.says < s.least {
			return fmt.Errorf("--%s must be at least %v", s.name, s.least)
		}
	}
	return nil
}

func (c *serveCommand) logger() *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}
