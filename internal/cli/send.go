package cli

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/handout-rtc/handout/client"
	"github.com/handout-rtc/handout/protocol"
)

// sendCommand is `handout send`.
type sendCommand struct {
	participant
	Files  []string `arg:"" optional:"" name:"file" help:"Files and folders; - is standard input."`
	To     []string `env:"-" sep:"none" placeholder:"NAME" help:"For this participant alone, by name or id. Repeatable. Without it the file is for everyone, also for who comes later."`
	Zip    bool     `env:"-" help:"Send each folder as one zip archive, NAME.zip, in place of its files."`
	As     string   `env:"-" placeholder:"NAME" help:"What the file is called, in place of its own name; standard input needs it."`
	Resume string   `env:"-" placeholder:"ID" help:"Go on with an upload that did not come to its end, by the id that was printed. The file is known, on the machine that began."`
}

// Help implements kong's long help.
func (sendCommand) Help() string {
	return `Each file is sent to its end, one after the other, and its id, size and name are printed when it is safe at the server. Lost
connections and restarts of the server are waited out.

A folder is sent file by file, each with its place in it, so recipients see and save a folder: regular files alone, no links.
With --zip it travels as one archive, NAME.zip, made on its way, empty folders included. An archive and standard input are
read once, so they cannot be resumed by another process.

Ctrl-C takes the file back: nothing of it stays in the room. SIGTERM, a lost terminal and kill leave it unfinished, and
--resume ID goes on with it, as long as the server keeps it.`
}

// Validate implements kong's check after parsing.
func (c *sendCommand) Validate() error {
	switch {
	case c.Resume != "" && !protocol.ShareID(c.Resume).Valid():
		return errors.New("--resume: that is no file's id, sh_…")
	case c.Resume != "" && (len(c.Files) > 1 || len(c.To) > 0 || c.As != "" || c.Zip):
		return errors.New("--resume goes on with one file, and its name and recipients stay what they are")
	case c.Resume == "" && len(c.Files) == 0:
		return errors.New("name the files to send")
	case c.As != "" && len(c.Files) > 1:
		return errors.New("--as is for one file")
	}
	return nil
}

// Run implements `handout send`.
func (c *sendCommand) Run() error {
	ctx, stop := untilStopped(errInterrupted)
	defer stop()
	s := &sending{out: newOutput(c.JSON)}
	if c.Resume != "" {
		return s.resume(ctx, c)
	}
	files, err := gather(c.Files, c.As, c.Zip)
	if err != nil {
		return err
	}
	defer closeAll(files)
	if s.self, err = c.who(protocol.NewParticipantID); err != nil {
		return err
	}
	if s.room, err = s.self.join(ctx); err != nil {
		return err
	}
	defer s.room.Leave(ctx)
	if s.to, err = recipients(s.room, c.To); err != nil {
		return err
	}
	for _, f := range files {
		if stopped(ctx) != nil {
			break
		}
		s.tally.add(s.send(ctx, f))
		f.close()
	}
	s.farewell()
	return s.tally.verdict(stopped(ctx))
}

// sending is one run of the command.
type sending struct {
	out   *output
	self  self
	room  *client.Room
	to    protocol.Audience
	tally tally
}

// sent is the result of one file.
type sent struct {
	File  string         `json:"file"`
	Share protocol.Share `json:"share"`
}

// send sends one file, and says what became of it.
func (s *sending) send(ctx context.Context, f *outgoing) error {
	ctx, cancel := f.within(ctx)
	defer cancel()
	content, err := f.open()
	if err != nil {
		s.out.fail(f.name, "", err)
		return err
	}
	return s.bring(f, func(options client.SendOptions) (protocol.Share, error) {
		return s.room.Send(ctx, content, options)
	})
}

// bring shows an upload, remembers it while it lasts, and says what became of it.
func (s *sending) bring(f *outgoing, send func(client.SendOptions) (protocol.Share, error)) error {
	shown := newProgress(s.out)
	line := shown.add(f.name, f.known())
	var id protocol.ShareID
	share, err := send(client.SendOptions{
		To: s.to, Progress: line.at,
		Offered: func(share protocol.Share) {
			id = share.ID
			if share.State == protocol.Uploading {
				s.begun(f, share)
			}
		},
	})
	line.end()
	shown.wait()
	if errors.Is(err, client.ErrSuspend) {
		s.out.note("%s is not finished; go on with: handout send --resume %s", safe(f.name), id)
		return err
	}
	if id != "" {
		forget(id)
	}
	switch {
	case errors.Is(err, errInterrupted):
		s.out.note("%s is taken back", safe(f.name))
		return err
	case err != nil:
		s.out.fail(f.name, string(id), err)
		return err
	}
	s.out.result(sent{f.path, share}, fmt.Sprintf("%s  %s  %s", share.ID, size(share), safe(path.Join(share.Path, share.Name))))
	return nil
}

// begun says that an upload is on its way, once it can be gone on with.
func (s *sending) begun(f *outgoing, share protocol.Share) {
	var err error
	if f.again() {
		err = remember(share.ID, unfinished{
			File: f.path, Size: f.info.Size(), Modified: f.info.ModTime(), Server: s.self.config.Server, Room: s.self.room, Participant: s.self.id,
			Name: s.room.Me().Name,
		})
	}
	s.out.note("sending %s  %s  %s", share.ID, size(share), safe(share.Name))
	if err != nil {
		s.out.note("this upload cannot be resumed after an interruption without its file and --id %s: %v", s.self.id, err)
	}
}

// farewell says how long the files are there for, if nobody else is.
func (s *sending) farewell() {
	if s.tally.done == 0 || len(s.room.Participants()) > 1 {
		return
	}
	wait := time.Duration(s.room.Limits().EmptyRoomSeconds) * time.Second
	s.out.note("nobody else is in the room: unless somebody comes, what was sent is removed after %v", wait)
}

// resume goes on with an upload.
func (s *sending) resume(ctx context.Context, c *sendCommand) error {
	id := protocol.ShareID(c.Resume)
	known, err := recall(id)
	if err != nil && len(c.Files) == 0 {
		return usage("nothing is known here of %s (%w): name its file", id, err)
	}
	if len(c.Files) == 0 {
		c.Files = []string{known.File}
	}
	known.into(&c.participant)
	files, err := gather(c.Files, "", true)
	if err != nil {
		return err
	}
	defer closeAll(files)
	f := files[0]
	switch {
	case !f.again():
		return usage("%s is no file: it cannot be resumed", safe(f.path))
	case known.File != "" && !known.same(f.info):
		return usage("%s has changed since: send it anew, and withdraw the old with handout rm %s", safe(f.path), id)
	}
	if s.self, err = c.who(protocol.NewParticipantID); err != nil {
		return err
	}
	if s.room, err = s.self.join(ctx); err != nil {
		return err
	}
	defer s.room.Leave(ctx)
	share, there := s.room.Share(id)
	switch {
	case !there:
		return exit{ExitFailed, fmt.Errorf("the server knows nothing of %s for this participant", id)}
	case share.Sender.ID != s.room.Me().ID:
		return usage("%s is somebody else's: the token, or --id, must be the one that began", id)
	}
	content, err := f.open()
	if err != nil {
		return exit{ExitUsage, err}
	}
	s.tally.add(s.bring(f, func(options client.SendOptions) (protocol.Share, error) {
		options.Offered(share)
		return s.room.Resume(ctx, id, content, options)
	}))
	s.farewell()
	return s.tally.verdict(stopped(ctx))
}

// recipients finds participants by name or id.
func recipients(room *client.Room, names []string) (protocol.Audience, error) {
	if len(names) == 0 {
		return protocol.ToRoom(), nil
	}
	var to protocol.Audience
	for _, name := range names {
		id, err := recipient(room, name)
		if err != nil {
			return protocol.Audience{}, err
		}
		to.List = append(to.List, id)
	}
	return to, nil
}

func recipient(room *client.Room, name string) (protocol.ParticipantID, error) {
	var found []protocol.Participant
	for _, p := range room.Participants() {
		if string(p.ID) == name {
			return p.ID, nil
		}
		if p.Name == protocol.CleanDisplayName(name) && p.ID != room.Me().ID {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 0:
		return "", exit{ExitFailed, fmt.Errorf("nobody called %s is in the room", safe(name))}
	case 1:
		return found[0].ID, nil
	}
	ids := ""
	for _, p := range found {
		ids += " " + string(p.ID)
	}
	return "", exit{ExitFailed, fmt.Errorf("several are called %s; choose by id:%s", safe(name), ids)}
}

// size is a share's, as people read it.
func size(share protocol.Share) string {
	if share.Size == nil {
		return "?"
	}
	return humanize.IBytes(uint64(*share.Size))
}

func closeAll(files []*outgoing) {
	for _, f := range files {
		f.close()
	}
}
