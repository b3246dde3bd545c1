package cli

import (
	"fmt"
	"net/http"

	"github.com/handout-rtc/handout/client"
	"github.com/handout-rtc/handout/protocol"
)

// rmCommand is `handout rm`.
type rmCommand struct {
	files
	IDs []protocol.ShareID `arg:"" name:"id" help:"Files to withdraw, sh_…"`
}

// Help implements kong's long help.
func (rmCommand) Help() string {
	return `Cancels uploads and withdraws what is available: nobody can download it any more, and its bytes are removed. With a token it
withdraws the participant's own files, a moderator's those of others too; with the application's credentials, any.`
}

// Validate implements kong's check after parsing.
func (c *rmCommand) Validate() error {
	for _, id := range c.IDs {
		if !id.Valid() {
			return fmt.Errorf("%s is no file's id, sh_…", safe(string(id)))
		}
	}
	return nil
}

// removed is the result of one file.
type removed struct {
	ID protocol.ShareID `json:"id"`
}

// Run implements `handout rm`.
func (c *rmCommand) Run() error {
	ctx, stop := untilStopped(errInterrupted)
	defer stop()
	who, app, err := c.open()
	if err != nil {
		return err
	}
	out, total := newOutput(c.JSON), tally{}
	for _, id := range c.IDs {
		if app != nil {
			err = app.call(ctx, http.MethodDelete, []string{string(who.room), "files", string(id)}, nil, nil, nil)
		} else {
			err = client.End(ctx, who.config, id)
		}
		if stopped(ctx) != nil {
			break
		}
		total.add(err)
		if err != nil {
			out.fail("", string(id), err)
			continue
		}
		out.result(removed{id}, string(id))
	}
	return total.verdict(stopped(ctx))
}
