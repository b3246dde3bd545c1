package cli

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/handout-rtc/handout/client"
	"github.com/handout-rtc/handout/protocol"
)

// receiveCommand is `handout receive`.
type receiveCommand struct {
	participant
	IDs   []protocol.ShareID `arg:"" optional:"" name:"id" help:"Files to save, sh_…"`
	All   bool               `env:"-" help:"Save all that is there."`
	Watch string             `env:"-" placeholder:"DIR" help:"Save all that is there into DIR, stay in the room, and save what comes."`
	Dir   string             `env:"-" short:"C" default:"." placeholder:"DIR" help:"Where to save without --watch; made if it is not there."`
	Max   int64              `name:"parallel" env:"-" default:"4" help:"How many at a time."`
}

// Help implements kong's long help.
func (receiveCommand) Help() string {
	return `A file appears under its name when it is whole and its SHA-256 is right; until then it is beside it as NAME.ID.part. What
is on its way is followed to its end. Nothing is ever overwritten: a second NAME.ext is saved as "NAME (2).ext". A file that is
there with the same content already is not fetched again. A file of a folder is saved into a folder of that name.

Ctrl-C, SIGTERM and kill leave the .part files, and the same command goes on with them.`
}

// Validate implements kong's check after parsing.
func (c *receiveCommand) Validate() error {
	switch {
	case len(c.IDs) == 0 && !c.All && c.Watch == "":
		return errors.New("name the files by their ids, or say --all or --watch")
	case len(c.IDs) > 0 && (c.All || c.Watch != ""):
		return errors.New("either ids, or --all or --watch")
	case c.Max < 1 || c.Max > 64:
		return errors.New("--parallel must be 1 to 64")
	}
	for _, id := range c.IDs {
		if !id.Valid() {
			return fmt.Errorf("%s is no file's id, sh_…", safe(string(id)))
		}
	}
	return nil
}

// Run implements `handout receive`.
func (c *receiveCommand) Run() error {
	ctx, stop := untilStopped(client.ErrSuspend)
	defer stop()
	who, err := c.who(func() protocol.ParticipantID { return derived(string(c.Room), c.name()) })
	if err != nil {
		return err
	}
	if c.Watch != "" {
		c.Dir = c.Watch
	}
	if err := os.MkdirAll(c.Dir, 0o777); err != nil {
		return exit{ExitUsage, err}
	}
	room, err := who.join(ctx)
	if err != nil {
		return err
	}
	defer room.Leave(ctx)
	out := newOutput(c.JSON)
	r := &receiving{
		out: out, shown: newProgress(out), room: room, to: &tree{dir: c.Dir},
		places: semaphore.NewWeighted(c.Max), begun: make(map[protocol.ShareID]bool),
	}
	if c.Watch != "" {
		out.note("%s watches the room %s, for %s", safe(room.Me().Name), safe(room.Info().Name), safe(c.Dir))
		err = r.watch(ctx)
	} else {
		r.all(ctx, c.IDs)
	}
	r.work.Wait()
	r.shown.wait()
	if c.Watch != "" && err == nil {
		return r.tally.verdict(nil) // to be stopped is how it ends
	}
	if err != nil {
		return exit{ExitFailed, errors.New(reason(err))}
	}
	return r.tally.verdict(stopped(ctx))
}

// derived is the same id each time, so that what was sent to somebody is still for it
// when it comes again.
func derived(words ...string) protocol.ParticipantID {
	sum := sha256.Sum256([]byte("receive\x00" + strings.Join(words, "\x00")))
	return protocol.ParticipantID("pt_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16])))
}

// receiving is one run of the command.
type receiving struct {
	out    *output
	shown  *progress
	room   *client.Room
	to     *tree
	places *semaphore.Weighted
	begun  map[protocol.ShareID]bool
	work   sync.WaitGroup

	mu    sync.Mutex
	tally tally
}

// wanted reports whether a share is for us, and there.
func (r *receiving) wanted(share protocol.Share) bool {
	return !share.State.Ended() && share.Sender.ID != r.room.Me().ID
}

// all receives these, or all there are.
func (r *receiving) all(ctx context.Context, ids []protocol.ShareID) {
	if len(ids) == 0 {
		for _, share := range r.room.Shares() {
			if r.wanted(share) {
				r.begin(ctx, share)
			}
		}
		return
	}
	for _, id := range ids {
		share, there := r.room.Share(id)
		if !there {
			err := protocol.NewError(protocol.CodeShareNotFound, "there is no such file for you")
			r.out.fail("", string(id), err)
			r.count(err)
			continue
		}
		r.begin(ctx, share)
	}
}

// watch receives all there are and all that come, until the context ends or the stay
// in the room, whose error it returns.
func (r *receiving) watch(ctx context.Context) error {
	for event, err := range r.room.Events(ctx) {
		if err != nil {
			return err
		}
		switch e := event.(type) {
		case client.ShareChanged:
			if r.wanted(e.Share) {
				r.begin(ctx, e.Share)
			}
		case client.ShareForgotten:
			delete(r.begun, e.ID)
		case client.ConnectionChanged:
			if !e.Connected {
				r.out.note("the connection is lost; waiting for the server")
			}
		}
	}
	return nil
}

// begin receives a share that was not begun yet, when there is a place.
func (r *receiving) begin(ctx context.Context, share protocol.Share) {
	if r.begun[share.ID] {
		return
	}
	r.begun[share.ID] = true
	r.work.Go(func() {
		if r.places.Acquire(ctx, 1) != nil {
			return
		}
		defer r.places.Release(1)
		r.count(r.receive(ctx, share))
	})
}

func (r *receiving) count(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !errors.Is(err, client.ErrSuspend) {
		r.tally.add(err)
	}
}

// received is the result of one file.
type received struct {
	File  string         `json:"file"`
	Share protocol.Share `json:"share"`
}

// receive saves one share, and says what became of it.
func (r *receiving) receive(ctx context.Context, share protocol.Share) error {
	var line *bar
	to, err := r.to.folder(share.Path)
	if err != nil {
		r.out.fail(share.Name, string(share.ID), err)
		return err
	}
	file, whole, err := to.save(share, func(path string) (protocol.Share, error) {
		if line = r.shown.add(share.Name, share.Size); line == nil {
			r.out.note("receiving %s  %s  %s", share.ID, size(share), safe(share.Name))
		}
		return r.room.Save(ctx, share.ID, path, client.SaveOptions{ReceiveOptions: client.ReceiveOptions{Progress: line.at}})
	})
	line.end()
	switch {
	case errors.Is(err, client.ErrSuspend):
		r.out.note("%s is not complete; the same command goes on with it", safe(share.Name))
	case err != nil:
		r.out.fail(share.Name, string(share.ID), err)
	default:
		r.out.result(received{file, whole}, fmt.Sprintf("%s  %s  %s", share.ID, size(whole), safe(file)))
	}
	return err
}
