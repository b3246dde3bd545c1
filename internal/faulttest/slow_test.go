package faulttest_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

const slowMemory = 512 << 20 // bytes that the server may take meanwhile

// TestF7_SlowWritersAndReaders holds sockets on the server that move next to
// nothing: half of them send below the minimum rate, half of them ask for a file
// and never read. The server ends all of them, and a room beside them goes on.
func TestF7_SlowWritersAndReaders(t *testing.T) {
	t.Parallel()
	l := newLab(t, faulttest.Build(t), append(unbounded, "--min-rate", "16KiB", "--rate-grace", "1s", "--silence", "5s",
		"--max-open-uploads", "2000", "--max-room-shares", "10000", "--min-free", "64MiB", "--max-room-bytes", "100GiB")...)
	people := l.enter(t, "ana", "bo")
	ana := people[0]
	beside := faulttest.MakeRoom(t, l.URL(), l.journal)
	cy, di := beside.Enter(t, "cy"), beside.Enter(t, "di")
	cy.Listen(t)
	di.Listen(t)
	half := faulttest.Amount(20, 500)
	file := faulttest.File{Name: "wide", Size: 32 << 20, Seed: l.random.Uint64()} // more than the sockets hold
	wide, err := ana.Send(t.Context(), file, protocol.Audience{List: []protocol.ParticipantID{"bo"}})
	if err != nil {
		t.Fatal(err)
	}
	var served atomic.Int64
	over, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for i := 0; !closed(over); i++ {
			file := faulttest.File{Name: fmt.Sprintf("beside %d", i), Size: 4 << 20, Seed: uint64(i)}
			if err := l.carry(t.Context(), cy, di, file); err != nil {
				done <- fmt.Errorf("%s: %w", file.Name, err)
				return
			}
			served.Add(1)
		}
		done <- nil
	}()

	network := faulttest.StartProxy(t, l.Server)
	network.WorsenUp(t, "bandwidth", map[string]int{"rate": 1}) // KB a second
	l.journal.Fault("slow", fmt.Sprintf("%d writers and %d readers", half, half))
	readers := l.stopped(t, people[1], wide, half)
	writers := l.trickle(t, ana.Elsewhere(t, network.URL()), half)
	before := served.Load()
	until(t, "the readers are cut off", func() bool { return l.Usage(t, "slow").Downloads <= 1 }) // the room beside has one
	writers.Wait()
	until(t, "the room beside goes on", func() bool { return served.Load() > before })
	close(over)
	if err := <-done; err != nil {
		t.Errorf("the room beside: %v", err)
	}
	t.Logf("%d writers and %d readers were cut off; the room beside carried %d files meanwhile", half, half, served.Load())
	for _, conn := range readers {
		conn.Close()
	}
	l.journal.Over()
	faulttest.Verdict(t, l.Server, faulttest.Rules{RSS: slowMemory}, l.room, beside)
}

// stopped asks for a share over so many connections, and reads nothing of each but
// that it is answered.
func (l *lab) stopped(t *testing.T, as *faulttest.Client, id protocol.ShareID, n int) (conns []net.Conn) {
	t.Helper()
	address := strings.TrimPrefix(l.URL(), "http://")
	for range n {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		var ticket protocol.Ticket
		if _, err := as.Ask(t.Context(), http.MethodPost, "/v1/shares/"+string(id)+"/tickets", nil, &ticket); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", ticket.URL, address); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
			t.Fatalf("a reader is not answered: %v", err)
		}
		conns = append(conns, conn)
	}
	return conns
}

// trickle sends so many uploads at once over a network that lets next to nothing
// through. None of them may get through, nor hold on.
func (l *lab) trickle(t *testing.T, by *faulttest.Client, n int) *sync.WaitGroup {
	t.Helper()
	var work sync.WaitGroup
	for i := range n {
		work.Go(func() {
			there := by.Elsewhere(t, l.URL())
			there.Wait = time.Minute // all of them ask at once
			header, err := there.Ask(t.Context(), http.MethodPost, "/uploads", nil, nil, "Tus-Resumable", "1.0.0", "Upload-Length", "1048576")
			if err != nil {
				t.Errorf("upload %d is not made: %v", i, err)
				return
			}
			path := header.Get("Location")
			response, err := by.Do(t.Context(), http.MethodPatch, path, bytes.NewReader(make([]byte, 1<<20)),
				"Tus-Resumable", "1.0.0", "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream")
			if err == nil {
				response.Body.Close()
				t.Errorf("upload %d got through", i)
			}
			if _, err := there.Ask(t.Context(), http.MethodDelete, path, nil, nil, "Tus-Resumable", "1.0.0"); err != nil {
				t.Errorf("upload %d is not ended: %v", i, err)
			}
		})
	}
	return &work
}
