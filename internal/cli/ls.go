package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/handout-rtc/handout/client"
	"github.com/handout-rtc/handout/protocol"
)

// files is who looks at the files of a room without coming into it: a participant by
// its token, or the application.
type files struct {
	server
	application
	TokenFile string          `type:"path" placeholder:"FILE" help:"File of the participant's token; or in HANDOUT_TOKEN. Without one, the application's credentials show everything."`
	Room      protocol.RoomID `placeholder:"ID" help:"The room; a token names it already."`
}

// open returns the participant, or else the application.
func (f *files) open() (who self, app *operator, err error) {
	p := participant{server: f.server, application: f.application, TokenFile: f.TokenFile, Room: f.Room}
	text, err := p.token()
	if err != nil {
		return self{}, nil, err
	}
	if text != "" {
		who, err = p.who(nil)
		return who, nil, err
	}
	if app, err = asOperator(f.server, f.application); errors.Is(err, errNoApp) {
		err = usage("who are you? Set %s or --token-file; or, with the application's credentials, %s or --app-file", envToken, envApp)
	}
	switch {
	case err != nil:
	case f.Room == "":
		err = usage("which room? Set HANDOUT_ROOM, or --room")
	case !f.Room.Valid():
		err = usage("%s is no room's id", safe(string(f.Room)))
	}
	return self{room: f.Room}, app, err
}

// lsCommand is `handout ls`.
type lsCommand struct {
	files
	All bool `env:"-" help:"Those too that have ended, while the server remembers them."`
}

// Help implements kong's long help.
func (lsCommand) Help() string {
	return `Prints id, state, size, name, sender and recipients of each file, with two blanks between. With a token it lists what that
participant sees; with the application's credentials, all files of the room. Nobody in the room notices.`
}

// Run implements `handout ls`.
func (c *lsCommand) Run() error {
	ctx, stop := untilStopped(errInterrupted)
	defer stop()
	who, app, err := c.open()
	if err != nil {
		return err
	}
	var shares []protocol.Share
	if app != nil {
		shares, err = app.files(ctx, who.room)
	} else {
		shares, err = client.List(ctx, who.config, who.room)
	}
	if err != nil {
		return exit{ExitFailed, errors.New(reason(err))}
	}
	out := newOutput(c.JSON)
	for _, share := range shares {
		if share.State.Ended() && !c.All {
			continue
		}
		out.result(share, listed(share))
	}
	return nil
}

// listed is a share on one line.
func listed(share protocol.Share) string {
	to := "everyone"
	if !share.To.Room {
		ids := make([]string, len(share.To.List))
		for i, id := range share.To.List {
			ids[i] = safe(string(id))
		}
		to = strings.Join(ids, ",")
	}
	return fmt.Sprintf("%s  %-9s  %8s  %s  from %s  to %s", safe(string(share.ID)), safe(string(share.State)), size(share), safe(share.Name), safe(share.Sender.Name), to)
}

// files returns what is remembered of the files of a room.
func (o *operator) files(ctx context.Context, room protocol.RoomID) ([]protocol.Share, error) {
	var all []protocol.Share
	for after := ""; ; {
		var page struct {
			Files []protocol.Share
			More  bool
		}
		if err := o.call(ctx, http.MethodGet, []string{string(room), "files"}, url.Values{"after": {after}}, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Files...)
		if !page.More || len(page.Files) == 0 {
			return all, nil
		}
		after = string(page.Files[len(page.Files)-1].ID)
	}
}
