package main

import (
	"log/slog"
	"time"

	"github.com/handout-rtc/handout/internal/limit"
	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/internal/server"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// wire returns the limits as clients read them.
func (l *limitFlags) wire() protocol.Limits {
	return protocol.Limits{
		FileSize:             int64(l.MaxFileSize),
		RoomBytes:            int64(l.MaxRoomBytes),
		RoomShares:           l.MaxRoomShares,
		OpenUploads:          l.MaxOpenUploads,
		FilesPerRequest:      filesPerRequest,
		LifetimeSeconds:      int64(l.Lifetime / time.Second),
		EmptyRoomSeconds:     int64(l.EmptyRoom / time.Second),
		UploadIdleSeconds:    int64(l.UploadIdle / time.Second),
		ReconnectSeconds:     int64(l.Reconnect / time.Second),
		MessageBytes:         int(l.MaxMessage),
		ParticipantsPerRoom:  l.MaxParticipants,
		RecipientsPerRequest: l.recipients(),
		ReceiptsPerRequest:   l.MaxReceipts,
	}
}

// recipients is how many participants one request may list.
func (l *limitFlags) recipients() int { return min(l.MaxRecipients, l.MaxParticipants) }

func (l *limitFlags) pace() server.Pace {
	return server.Pace{MinRate: int64(l.MinRate), Grace: l.RateGrace, Window: l.Silence}
}

// asking is how fast requests may come.
func (l *limitFlags) asking(proxies server.Proxies) server.Asking {
	return server.Asking{
		Participant: limit.Rate{PerSecond: l.RequestRate, Burst: l.RequestBurst},
		Room:        limit.Rate{PerSecond: l.RoomRequestRate, Burst: l.RoomRequestBurst},
		Address:     limit.Rate{PerSecond: l.AddressRequestRate, Burst: l.AddressRequestBurst},
		Proxies:     proxies,
	}
}

// chatter is what messages may cost, in bytes.
func (l *limitFlags) chatter() room.Chatter {
	return room.Chatter{
		Participant: limit.Rate{PerSecond: float64(l.MessageRate), Burst: int(l.MessageBurst)},
		Room:        limit.Rate{PerSecond: float64(l.RoomMessageRate), Burst: int(l.RoomMessageBurst)},
	}
}

// quota is what the clients' limits do not say. What one file, or one room, may
// take, is never refused for it.
func (l *limitFlags) quota() store.Quota {
	return store.Quota{
		RoomUploads: l.MaxRoomUploads, Promised: int64(max(l.MaxPromised, l.MaxFileSize)), AppBytes: int64(max(l.MaxAppBytes, l.MaxRoomBytes)),
	}
}

// pushed is what a push connection may send, in bytes.
func (l *limitFlags) pushed() limit.Rate {
	return limit.Rate{PerSecond: float64(l.PushBytes), Burst: int(l.PushBurstBytes)}
}

// sockets is how many connections there may be: what the system permits leaves a
// quarter for files.
func (l *limitFlags) sockets(log *slog.Logger) int {
	files := openFiles()
	if files == 0 || l.MaxSockets <= files/4*3 {
		return l.MaxSockets
	}
	log.Info("fewer connections than --max-sockets: the system does not let as many files be open", "connections", files/4*3, "files", files)
	return files / 4 * 3
}

func (l *limitFlags) connects() limit.Rate {
	return limit.Rate{PerSecond: l.ConnectRate, Burst: l.ConnectBurst}
}

func (l *limitFlags) rejoins() limit.Rate {
	return limit.Rate{PerSecond: l.RejoinRate, Burst: l.RejoinBurst}
}

func (l *limitFlags) commands() limit.Rate {
	return limit.Rate{PerSecond: l.PushRate, Burst: l.PushBurst}
}
