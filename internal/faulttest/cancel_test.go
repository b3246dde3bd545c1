package faulttest_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// way is how a share is ended.
type way func(ctx context.Context, c *faulttest.Client, id protocol.ShareID) error

// byShare is what the page does: DELETE /v1/shares/{id}.
func byShare(ctx context.Context, c *faulttest.Client, id protocol.ShareID) error {
	return c.Cancel(ctx, id)
}

// byTus is tus, termination.
func byTus(ctx context.Context, c *faulttest.Client, id protocol.ShareID) error {
	return endUpload(ctx, c, id, "Tus-Resumable", "1.0.0")
}

// byIETF is upload cancellation.
func byIETF(ctx context.Context, c *faulttest.Client, id protocol.ShareID) error {
	return endUpload(ctx, c, id)
}

// endUpload ends by the address of the upload, where what has ended is gone.
func endUpload(ctx context.Context, c *faulttest.Client, id protocol.ShareID, headers ...string) error {
	err := faulttest.Persist(ctx, func(ctx context.Context) error {
		_, err := c.Ask(ctx, http.MethodDelete, "/uploads/"+string(id), nil, nil, headers...)
		return err
	})
	if faulttest.CodeOf(err) == protocol.CodeShareEnded {
		return nil
	}
	return err
}

// race is one cancel against one upload.
type race struct {
	file   faulttest.File
	send   faulttest.Way
	end    []way // at the same time, by one participant
	by     *faulttest.Client
	pause  time.Duration // between the first word of the share and its end
	sender *faulttest.Client
}

// TestF17_CancelRaces ends uploads at random moments, from before their first byte
// to after their last: by each of those who may, in each way, and twice at once.
func TestF17_CancelRaces(t *testing.T) {
	t.Parallel()
	l := newLab(t, faulttest.Build(t), append(unbounded, "--max-room-shares", "10000")...)
	people := l.enter(t, "ana", "bo")
	ana, bo := people[0], people[1]
	mod := l.room.EnterAs(t, "mod", token.Moderator)
	mod.Listen(t)
	ana.Append = 256 << 10
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(faulttest.Amount(5, 60))*time.Minute)
	defer cancel()
	const lanes = 4
	var pause, cancelled, revoked atomic.Int64
	pause.Store(int64(20 * time.Millisecond))
	rounds := make(chan race)
	var work sync.WaitGroup
	for range lanes {
		work.Go(func() {
			for r := range rounds {
				state, err := r.run(ctx, bo)
				if err != nil {
					t.Errorf("%s: %v", r.file.Name, err)
				}
				switch state { // as many too early as too late, however fast the machine is
				case protocol.Cancelled:
					cancelled.Add(1)
					pause.Add(pause.Load() / 8)
				case protocol.Revoked:
					revoked.Add(1)
					pause.Add(-pause.Load() / 8)
				}
			}
		})
	}
	total := faulttest.Amount(100, 2000)
	for i := range total {
		rounds <- l.race(i, time.Duration(pause.Load()), ana, mod)
	}
	close(rounds)
	work.Wait()
	l.journal.Over()
	t.Logf("of %d races %d were cancelled and %d revoked", total, cancelled.Load(), revoked.Load())
	if n := cancelled.Load() + revoked.Load(); n != int64(total) || cancelled.Load() == 0 || revoked.Load() == 0 {
		t.Errorf("%d of %d races have an end, %d cancels came in time, %d too late", n, total, cancelled.Load(), revoked.Load())
	}
	facts := faulttest.Verdict(t, l.Server, faulttest.Rules{}, l.room)
	if len(facts.Blobs) != 0 {
		t.Errorf("%d files are left", len(facts.Blobs))
	}
}

// race draws one.
func (l *lab) race(i int, pause time.Duration, ana, mod *faulttest.Client) race {
	r := race{
		file: faulttest.File{Name: fmt.Sprintf("race %d", i), Size: 1 + l.random.Int64N(1<<20), Seed: l.random.Uint64()},
		send: faulttest.ByTus, sender: ana, by: ana, pause: time.Duration(l.random.Int64N(int64(2 * pause))),
	}
	if l.random.IntN(3) == 0 {
		r.send = byMarks(l.journal)
	}
	switch l.random.IntN(5) {
	case 0:
		r.end = []way{byShare}
	case 1:
		r.end, r.by = []way{byShare}, mod
	case 2: // two clients of the sender
		r.end = []way{byShare, byTus, byIETF}[:2+l.random.IntN(2)]
	case 3:
		r.end = []way{byTus}
	case 4:
		r.end = []way{byIETF}
	}
	return r
}

// run returns how the share has ended, once its end was acknowledged.
func (r race) run(ctx context.Context, reader *faulttest.Client) (protocol.ShareState, error) {
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { r.sender.SendBy(ctx, r.send, r.file, protocol.ToRoom()) }) // how it ends is for the checker
	id, err := named(ctx, reader, r.file.Name)
	if err != nil {
		return "", err
	}
	work.Go(func() { reader.Receive(ctx, id) })
	time.Sleep(r.pause) // the fault itself
	var ends errgroup.Group
	for _, end := range r.end {
		ends.Go(func() error { return end(ctx, r.by, id) })
	}
	if err := ends.Wait(); err != nil {
		return "", fmt.Errorf("ending it: %w", err)
	}
	share, err := r.by.Share(ctx, id)
	return share.State, err
}

// named waits until a client knows of a share of that name.
func named(ctx context.Context, c *faulttest.Client, name string) (id protocol.ShareID, err error) {
	err = c.Await(ctx, func(shares map[protocol.ShareID]protocol.Share) bool {
		for _, share := range shares {
			if share.Name == name {
				id = share.ID
			}
		}
		return id != ""
	})
	return id, err
}

// appendMarked appends one block from at, the last one with the mark that the file
// is complete, and returns where the upload is then and whether it is complete. One
// that has all bytes and no mark gets it with an empty block: the request that had
// it may have been pre-empted after its last byte.
func appendMarked(ctx context.Context, c *faulttest.Client, path string, f faulttest.File, at int64) (now int64, whole bool, err error) {
	block := make([]byte, min(f.Size-at, 256<<10))
	f.ReadAt(block, at)
	now = at + int64(len(block))
	response, err := c.Do(ctx, http.MethodPatch, path, bytes.NewReader(block), "Content-Type", "application/partial-upload",
		"Upload-Offset", strconv.FormatInt(at, 10), "Upload-Complete", mark(now == f.Size))
	if err == nil {
		response.Body.Close()
		return now, now == f.Size, nil
	}
	if !faulttest.Again(err) {
		return at, false, err
	}
	var header http.Header
	err = faulttest.Persist(ctx, func(ctx context.Context) (err error) {
		header, err = c.Ask(ctx, http.MethodHead, path, nil, nil, "Upload-Draft-Interop-Version", "8")
		return err
	})
	if err != nil {
		return at, false, err
	}
	now, err = strconv.ParseInt(header.Get("Upload-Offset"), 10, 64)
	return now, header.Get("Upload-Complete") == mark(true), err
}

// mark is a boolean of a structured field (RFC 9651, section 3.3.6).
func mark(is bool) string {
	if is {
		return "?1"
	}
	return "?0"
}

// byMarks sends a file by Resumable Uploads for HTTP: created without bytes, then
// in appends of which the last one is marked.
func byMarks(journal *faulttest.Journal) faulttest.Way {
	return func(ctx context.Context, c *faulttest.Client, f faulttest.File, _ protocol.Audience) (id protocol.ShareID, err error) {
		header, err := c.Ask(ctx, http.MethodPost, "/uploads", nil, nil,
			"Upload-Complete", "?0", "Idempotency-Key", strings.ReplaceAll(f.Name, " ", "-"), "Content-Disposition", fmt.Sprintf("inline; filename=%q", f.Name))
		if err != nil {
			return "", err
		}
		path := header.Get("Location")
		id = protocol.ShareID(strings.TrimPrefix(path, "/uploads/"))
		journal.Add(faulttest.Entry{Who: c.ID, Made: &faulttest.Made{Name: f.Name, Share: id}})
		for at, whole := int64(0), false; !whole; {
			at, whole, err = appendMarked(ctx, c, path, f, at)
			if err != nil {
				return id, err
			}
		}
		return id, nil
	}
}
