package faultdisk_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/internal/faulttest/faultdisk"
	"github.com/handout-rtc/handout/protocol"
)

// perDisk is how often the power of one disk is cut at most: so that it does not fill.
const perDisk = 20

// TestF4_PowerCut cuts the power again and again while files come and go, starts the
// server on what each cut has left, and holds that against what had been acknowledged
// before: all of it is there.
func TestF4_PowerCut(t *testing.T) {
	random := faulttest.Seed(t)
	for left := faulttest.Amount(10, 200); left > 0; left -= perDisk {
		t.Run(fmt.Sprint(left, " left"), func(t *testing.T) {
			p := newPower(t, random, "--sync=always")
			p.cut(t, min(left, perDisk), func() int { return len(p.journal.Entries()) })
			p.verify(t)
		})
	}
}

// TestF4_PowerCutSyncingLater is the same for a server that syncs later: what had
// been acknowledged before its last sync is there.
func TestF4_PowerCutSyncingLater(t *testing.T) {
	random := faulttest.Seed(t)
	for left := faulttest.Amount(5, 60); left > 0; left -= perDisk {
		t.Run(fmt.Sprint(left, " left"), func(t *testing.T) {
			p := newPower(t, random, "--sync=interval", "--sync-interval=50ms")
			p.rules.MayLoseFiles = true
			synced := p.watchSyncs(t)
			p.cut(t, min(left, perDisk), synced)
			p.verify(t)
		})
	}
}

// power is a server on a disk whose power is cut.
type power struct {
	*faulttest.Server
	disk    *faultdisk.Disk
	journal *faulttest.Journal
	room    *faulttest.Room
	random  *rand.Rand
	flags   []string
	rules   faulttest.Rules
	cuts    []cut

	stopWatching func() // see watchSyncs
}

// cut is a disk as a power cut has left it, and what was known then.
type cut struct {
	faultdisk.Image
	entries []faulttest.Entry
}

func newPower(t *testing.T, random *rand.Rand, flags ...string) *power {
	p := &power{
		disk: faultdisk.New(t), journal: faulttest.NewJournal(t), random: random, rules: faulttest.Rules{MayLose: true}, flags: slices.Clip(append(flags, "--dev", "--min-free=16MiB")), stopWatching: func() {},
	}
	p.Server = faulttest.Start(t, faulttest.Config{
		Path: faulttest.Build(t), Args: append(p.flags, "--data", filepath.Join(p.disk.Dir, "data")), Journal: p.journal,
	})
	p.room = faulttest.MakeRoom(t, p.URL(), p.journal)
	return p
}

// cut cuts the power so often, at random times, while participants are at work.
// acknowledged says up to which entry of the journal answers are promised to survive.
func (p *power) cut(t *testing.T, times int, acknowledged func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	for who, lane := range map[protocol.ParticipantID]lane{
		"ana": {way: faulttest.ByDeposit, most: 64 * kib}, "bo": {way: faulttest.ByDeposit, most: 64 * kib},
		"cy": {way: faulttest.ByDeposit, most: 256 * kib}, "dee": {way: faulttest.ByTus, most: 4 * mib},
		"eve": {way: faulttest.ByTus, most: 4 * mib, patience: 60 * time.Millisecond},
	} {
		lane.Client, lane.random = p.room.Enter(t, who), rand.New(rand.NewPCG(p.random.Uint64(), 0))
		lane.Append = 512 * kib
		work.Go(func() { lane.run(ctx) })
	}
	until(t, "something is promised", func() bool { return acknowledged() > 0 })
	for range times {
		time.Sleep(time.Duration(50+p.random.IntN(150)) * time.Millisecond) // the fault itself
		promised := acknowledged()
		image := p.disk.Cut(t)
		p.cuts = append(p.cuts, cut{image, known(p.journal.Entries(), promised)})
	}
	p.stopWatching()
	p.Kill(t)
	cancel()
	work.Wait()
}

// known is what is known when the power is cut: the answers up to an entry, and
// whatever had been asked by now. Jobs under way end there.
func known(entries []faulttest.Entry, promised int) []faulttest.Entry {
	var all []faulttest.Entry
	running := make(map[int]faulttest.Entry)
	for at, e := range entries {
		switch {
		case at < promised || e.Request != nil || e.Offer != nil || e.Made != nil:
		case e.Answer != nil && e.Answer.Where != "": // which share it was, and nothing that it acknowledged
			e.Answer = &faulttest.Answer{Call: e.Answer.Call, Status: e.Answer.Status, Where: e.Answer.Where}
		default:
			continue
		}
		all = append(all, e)
		if e.Job != nil && e.Job.Outcome == "" {
			running[e.Job.Job] = e
		} else if e.Job != nil {
			delete(running, e.Job.Job)
		}
	}
	for _, e := range running {
		job := *e.Job
		job.Outcome, job.Err = faulttest.Failed, "the power was cut"
		all = append(all, faulttest.Entry{Who: e.Who, Job: &job})
	}
	return append(all, faulttest.Entry{Fault: &faulttest.Fault{What: "kill", Detail: "the power was cut"}})
}

// lane is a participant who sends one file after another, and takes some back.
type lane struct {
	*faulttest.Client
	way      faulttest.Way
	most     int           // bytes of a file
	patience time.Duration // how long it sends at most before it gives a file up; 0 does not
	random   *rand.Rand
}

func (l *lane) run(ctx context.Context) {
	var there []protocol.ShareID
	for n := 0; ctx.Err() == nil; n++ {
		file := faulttest.File{Name: fmt.Sprint(l.ID, "-", n), Size: int64(1 + l.random.IntN(l.most)), Seed: l.random.Uint64()}
		id, err := l.send(ctx, file)
		if id == "" {
			continue
		}
		given := err != nil && l.random.IntN(2) == 0
		if err == nil {
			there = append(there, id)
			given = false
		}
		if given {
			l.Cancel(ctx, id)
		}
		if len(there) > 3 && l.random.IntN(2) == 0 {
			l.Cancel(ctx, there[0])
			there = there[1:]
		}
		if len(there) > 0 && l.random.IntN(8) == 0 {
			l.Receive(ctx, there[l.random.IntN(len(there))])
		}
	}
}

// send sends a file, with as much patience as the lane has.
func (l *lane) send(ctx context.Context, file faulttest.File) (protocol.ShareID, error) {
	if l.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(1+l.random.Int64N(int64(l.patience))))
		defer cancel()
	}
	return l.SendBy(ctx, l.way, file, everybody)
}

// verify starts the server on what each cut has left.
func (p *power) verify(t *testing.T) {
	t.Helper()
	var kept atomic.Int64
	t.Run("cuts", func(t *testing.T) {
		for n, c := range p.cuts {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel() // each has a disk and a server of its own, and mostly waits for them
				kept.Add(int64(p.verifyCut(t, c)))
			})
		}
	})
	if kept.Load() == 0 {
		t.Error("nothing had been acknowledged before any of the cuts")
	}
	t.Logf("%d cuts; %d complete files had been acknowledged before them, and were read again", len(p.cuts), kept.Load())
}

// verifyCut returns how many complete files were to be kept.
func (p *power) verifyCut(t *testing.T, c cut) (kept int) {
	dir, unmount := c.Mount(t)
	journal := faulttest.ResumeJournal(t, c.entries)
	server := faulttest.Start(t, faulttest.Config{
		Path: p.Path, Args: append(p.flags, "--data", filepath.Join(dir, "data")), Wrap: faultdisk.OtherKernel(t), Journal: journal,
	})
	room := p.room.At(server.URL(), journal)
	witness := room.Enter(t, "witness")
	h := historyOf(c.entries)
	for id, file := range h.complete {
		wantFile(t, witness, id, file)
	}
	h.goOn(t, room)
	page, err := witness.List(t.Context(), protocol.Cursor{})
	if err != nil {
		t.Error(err)
	}
	for _, share := range page.Shares { // the journal says what each of them has to be
		if _, asked := h.complete[share.ID]; !asked && share.State == protocol.Available {
			if _, err := witness.Receive(t.Context(), share.ID); err != nil && faulttest.CodeOf(err) != protocol.CodeShareEnded {
				t.Errorf("%s is available and cannot be read: %v", share.ID, err)
			}
		}
	}
	journal.Over()
	faulttest.Verdict(t, server, p.rules, room)
	wantVerified(t, server)
	unmount()
	return len(h.complete)
}

// history is what had been acknowledged when the power was cut.
type history struct {
	complete map[protocol.ShareID]faulttest.File // that nobody had asked to end
	begun    map[protocol.ShareID]begun          // the others
}

// begun is an upload that was under way.
type begun struct {
	faulttest.File
	who protocol.ParticipantID
}

func historyOf(entries []faulttest.Entry) history {
	h := history{complete: make(map[protocol.ShareID]faulttest.File), begun: make(map[protocol.ShareID]begun)}
	files := make(map[string]faulttest.File)
	ended := make(map[string]bool)
	for _, e := range entries {
		switch {
		case e.Offer != nil:
			files[e.Offer.File.Name] = e.Offer.File
		case e.Made != nil:
			h.begun[e.Made.Share] = begun{files[e.Made.Name], e.Who}
		case e.Request != nil && e.Request.Method == "DELETE":
			ended[e.Request.Path] = true
		case e.Job != nil && e.Job.What == "send" && e.Job.Outcome == faulttest.Completed:
			h.complete[e.Job.Share] = files[e.Job.Name]
		}
	}
	for id := range h.begun {
		if _, complete := h.complete[id]; complete || ended["/v1/shares/"+string(id)] {
			delete(h.begun, id)
		}
		if ended["/v1/shares/"+string(id)] {
			delete(h.complete, id)
		}
	}
	return h
}

// goOn has the senders of a few uploads go on with them: from the offset that the
// server tells, or not at all.
func (h history) goOn(t *testing.T, room *faulttest.Room) {
	t.Helper()
	owners := make(map[protocol.ParticipantID]*faulttest.Client)
	for id, upload := range h.begun {
		if len(owners) == 3 {
			return
		}
		c := owners[upload.who]
		if c == nil {
			c = room.Enter(t, upload.who)
			owners[upload.who] = c
		}
		at, err := offset(t, c, "/uploads/"+string(id))
		if err != nil { // the journal says whether that may be
			continue
		}
		if at < upload.Size {
			if err := push(t, c, "/uploads/"+string(id), upload.File, at, upload.Size-at); err != nil {
				t.Errorf("%s goes on at %d of %d: %v", id, at, upload.Size, err)
				continue
			}
		}
		wantFile(t, c, id, upload.File) // it has said that it is complete
	}
}
