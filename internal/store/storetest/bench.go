package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Benchmark measures durable changes by one writer and by sixteen at once.
func Benchmark(b *testing.B, open func(testing.TB) *store.DB) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	q := store.Quota{RoomBytes: 1 << 60, RoomShares: 1 << 30, OpenUploads: 1 << 30}
	size := int64(1) << 40
	draft := func(room protocol.RoomID) store.Share {
		return store.Share{Reserved: 1, Share: protocol.Share{
			ID: protocol.NewShareID(), Room: room, Size: &size, Name: "a.txt", Type: "text/plain",
			Sender: protocol.Sender{ID: "a"}, To: protocol.ToRoom(), CreatedAt: now, ExpiresAt: now,
		}}
	}
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprintf("checkpoint/writers=%d", writers), func(b *testing.B) {
			w, rooms := benchWorld(b, open, writers, now)
			shares := make([]store.Share, writers)
			for i := range shares {
				shares[i] = draft(rooms[i])
				if err := w.CreateShares(b.Context(), shares[i:i+1], q); err != nil {
					b.Fatal(err)
				}
			}
			contend(b, writers, func(i int, n int64) error {
				return w.Checkpoint(b.Context(), shares[i].ID, store.Checkpoint{Offset: n, Hash: make([]byte, 108), Run: "run"}, now)
			})
		})
		b.Run(fmt.Sprintf("share/writers=%d", writers), func(b *testing.B) {
			w, rooms := benchWorld(b, open, writers, now)
			contend(b, writers, func(i int, _ int64) error {
				s := draft(rooms[i])
				s.Size = nil
				if err := w.CreateShares(b.Context(), []store.Share{s}, q); err != nil {
					return err
				}
				if _, err := w.Complete(b.Context(), s.ID, 1, "hash", now, now); err != nil {
					return err
				}
				if _, err := w.End(b.Context(), s.ID, protocol.Revoked, "", now); err != nil {
					return err
				}
				return w.MarkPurged(b.Context(), []protocol.ShareID{s.ID}, s.CreatedAt)
			})
		})
	}
}

func benchWorld(b *testing.B, open func(testing.TB) *store.DB, rooms int, now time.Time) (*store.DB, []protocol.RoomID) {
	db := open(b)
	ids := make([]protocol.RoomID, rooms)
	for i := range ids {
		ids[i] = protocol.NewRoomID()
		if err := db.CreateRoom(b.Context(), store.Room{ID: ids[i], CreatedAt: now}, rooms); err != nil {
			b.Fatal(err)
		}
	}
	return db, ids
}

// contend runs b.N changes by writers goroutines at once.
func contend(b *testing.B, writers int, change func(i int, n int64) error) {
	b.ResetTimer()
	var next atomic.Int64
	done := make(chan error, writers)
	for i := range writers {
		go func() {
			for {
				n := next.Add(1)
				if n > int64(b.N) {
					done <- nil
					return
				}
				if err := change(i, n); err != nil {
					done <- err
					return
				}
			}
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "changes/s")
}

// Crowd is how many write at once, and into how many rooms of one application.
type Crowd struct{ Rooms, Writers int }

// Contend measures how fast a crowd offers files, completes and ends them, spread over
// stores of the same records. Four changes are one file.
func Contend(b *testing.B, all []*store.DB, c Crowd) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	q := store.Quota{RoomBytes: 1 << 60, RoomShares: 1 << 30, OpenUploads: 1 << 30, AppBytes: 1 << 40}
	rooms := make([]protocol.RoomID, c.Rooms)
	for i := range rooms {
		rooms[i] = protocol.NewRoomID()
		if err := all[0].CreateRoom(b.Context(), store.Room{ID: rooms[i], App: "app", CreatedAt: now}, 1<<30); err != nil {
			b.Fatal(err)
		}
	}
	size := int64(100 << 10)
	contend(b, c.Writers, func(i int, _ int64) error {
		db := all[i%len(all)]
		s := store.Share{Reserved: size, Share: protocol.Share{
			ID: protocol.NewShareID(), Room: rooms[i%len(rooms)], Size: &size, Name: "a.txt", Type: "text/plain",
			Sender: protocol.Sender{ID: "a"}, To: protocol.ToRoom(), CreatedAt: now, ExpiresAt: now,
		}}
		if err := db.CreateShares(b.Context(), []store.Share{s}, q); err != nil {
			return err
		}
		if err := db.Checkpoint(b.Context(), s.ID, store.Checkpoint{Offset: size, Run: "run"}, now); err != nil {
			return err
		}
		if _, err := db.Complete(b.Context(), s.ID, size, "hash", now, now); err != nil {
			return err
		}
		_, err := db.End(b.Context(), s.ID, protocol.Revoked, "", now)
		return err
	})
	b.ReportMetric(4*float64(b.N)/b.Elapsed().Seconds(), "changes/s")
}
