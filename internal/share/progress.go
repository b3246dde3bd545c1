package share

import (
	"context"
	"slices"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// transfersPerEvent keeps an event below what a connection's queue takes.
const transfersPerEvent = 200

// RunProgress tells participants how transfers go until ctx ends: recipients hear
// how far the uploads for them are, and senders how far the downloads of their
// files. Nothing of it is stored, and what is over within two ticks is not told.
func (s *Service) RunProgress(ctx context.Context) {
	if s.Push == nil {
		return
	}
	tick := time.NewTicker(s.TellEvery)
	defer tick.Stop()
	told := progress{uploads: make(map[protocol.ShareID]*uploadTold), downloads: make(map[*reading]int64)}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.tellProgress(ctx, &told)
		}
	}
}

// progress is what was told last.
type progress struct {
	uploads   map[protocol.ShareID]*uploadTold
	downloads map[*reading]int64
}

type uploadTold struct {
	share  store.Share
	offset int64
}

// listener is one participant of a room, or the whole room.
type listener struct {
	room        protocol.RoomID
	participant protocol.ParticipantID
}

func (s *Service) tellProgress(ctx context.Context, told *progress) {
	news := make(map[listener][]protocol.Transfer)
	s.movedUploads(ctx, told, news)
	s.movedDownloads(told, news)
	for to, transfers := range news {
		for chunk := range slices.Chunk(transfers, transfersPerEvent) {
			event := protocol.Event{Type: protocol.TransfersMoved, Time: s.Now().UTC(), Transfers: chunk}
			err := s.Push.Publish(to.room, to.participant, event)
			if err != nil && protocol.CodeOf(err) != protocol.CodeUnavailable { // of which the push says enough
				s.Log.Warn("telling progress failed", "room", to.room, "err", err)
			}
		}
	}
}

func (s *Service) movedUploads(ctx context.Context, told *progress, news map[listener][]protocol.Transfer) {
	now := s.Uploads.Offsets()
	for id := range told.uploads {
		if _, runs := now[id]; !runs {
			delete(told.uploads, id)
		}
	}
	for id, offset := range now {
		before := told.uploads[id]
		if before == nil {
			if share, err := s.Records.Share(ctx, id); err == nil {
				told.uploads[id] = &uploadTold{share, offset}
			}
			continue
		}
		if before.offset == offset {
			continue
		}
		before.offset = offset
		for _, participant := range audienceOf(before.share) {
			to := listener{before.share.Room, participant}
			news[to] = append(news[to], protocol.Transfer{Share: id, Bytes: offset})
		}
	}
}

// audienceOf returns the streams that hear of the share's upload: "" is the
// room's.
func audienceOf(s store.Share) []protocol.ParticipantID {
	if s.To.Room {
		return []protocol.ParticipantID{""}
	}
	return s.To.List
}

func (s *Service) movedDownloads(told *progress, news map[listener][]protocol.Transfer) {
	running := s.readings.all()
	before := told.downloads
	told.downloads = make(map[*reading]int64, len(running))
	for _, r := range running {
		at := r.at.Load()
		told.downloads[r] = at
		if last, known := before[r]; known && last != at && r.sender != "" {
			to := listener{r.room, r.sender}
			news[to] = append(news[to], protocol.Transfer{Share: r.share, Participant: r.reader, Bytes: at})
		}
	}
}
