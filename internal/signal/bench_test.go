package signal_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/protocol"
)

// BenchmarkEvent measures how long one event takes to reach everybody in a room: by
// memory where all are on one server, and by Redis where they are on two.
func BenchmarkEvent(b *testing.B) {
	for _, crowd := range []int{500, 2000} {
		b.Run(fmt.Sprintf("crowd=%d/memory", crowd), func(b *testing.B) { benchmarkEvent(b, crowd, nil) })
		b.Run(fmt.Sprintf("crowd=%d/redis", crowd), func(b *testing.B) {
			redis := enginetest.SharedRedis(b)
			benchmarkEvent(b, crowd, redis)
		})
	}
}

func benchmarkEvent(b *testing.B, crowd int, redis *enginetest.Redis) {
	stands := []*stand{}
	if redis == nil {
		stands = append(stands, newStand(b, nil))
	} else {
		stands = silentNodes(b, 2, redis)
	}
	heard := make(chan struct{}, crowd)
	var readers sync.WaitGroup
	for _, s := range stands {
		s.rooms.Limits.ParticipantsPerRoom = crowd
		s.rooms.away = make(chan string, crowd)
	}
	for i := range crowd {
		s := stands[i%len(stands)]
		c := s.dial(b)
		c.join(signed(b, devKey, s.claims(protocol.ParticipantID("p"+strconv.Itoa(i)))))
		readers.Go(func() {
			for {
				_, message, err := c.ws.Read(b.Context())
				if err != nil {
					return
				}
				for range bytes.Count(message, []byte(`"kind":"data"`)) {
					heard <- struct{}{}
				}
			}
		})
	}
	event := protocol.Event{Type: protocol.MessageReceived, Time: time.Now(), Message: &protocol.Message{Kind: protocol.DataMessage, Body: []byte(`"0123456789"`)}}
	before := published(b, redis)
	for b.Loop() {
		if err := stands[0].edge.Publish(stands[0].room, "", event); err != nil {
			b.Fatal(err)
		}
		for range crowd {
			<-heard
		}
	}
	if redis != nil {
		b.ReportMetric(float64(published(b, redis)-before)/float64(b.N), "publishes/event")
	}
	for _, s := range stands {
		s.edge.DisconnectRoom(s.room, protocol.CloseRoomEnded)
	}
	readers.Wait()
}

// published returns how many messages Redis was given.
func published(b *testing.B, redis *enginetest.Redis) int {
	b.Helper()
	if redis == nil {
		return 0
	}
	stats, err := redis.Do("INFO", "commandstats")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(stats, "cmdstat_publish:calls=")
	count, _, _ := strings.Cut(rest, ",")
	n, err := strconv.Atoi(count)
	if err != nil {
		b.Fatal(err)
	}
	return n
}
