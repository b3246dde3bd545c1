// Package cli is what people and scripts do at a Handout server from the command
// line: send, receive, list and withdraw files, make tokens and rooms. docs/cli.md
// describes it.
//
// Results go to standard output, one to a line; everything else that there is to say
// goes to standard error. Secrets come from the environment or from files alone.
package cli

import (
	"errors"
	"fmt"
)

// Commands are the commands, for kong to embed.
type Commands struct {
	Send    sendCommand    `cmd:"" group:"In a room" help:"Send files to the people in a room."`
	Receive receiveCommand `cmd:"" group:"In a room" help:"Save files of a room, verified."`
	Ls      lsCommand      `cmd:"" group:"In a room" help:"List the files of a room."`
	Rm      rmCommand      `cmd:"" group:"In a room" help:"Withdraw files."`
	Token   tokenCommand   `cmd:"" group:"For an application" help:"Make a participant's token."`
	Room    roomCommand    `cmd:"" group:"For an application" help:"Make, list, change and end rooms."`
	Webhook webhookCommand `cmd:"" group:"For an application" help:"Be told what happens in the application's rooms."`
}

// The program's exit codes, beside 0 for everything done.
const (
	ExitFailed  = 1   // nothing of what was asked for is done
	ExitUsage   = 2   // the command line is wrong, or what it names is not there: the server was not asked
	ExitPartly  = 3   // some of it is done
	ExitStopped = 130 // stopped by a signal
)

// exit is an error that chooses how the program ends.
type exit struct {
	code int
	error
}

// ExitCode implements kong.ExitCoder.
func (e exit) ExitCode() int { return e.code }

// Unwrap returns the error itself.
func (e exit) Unwrap() error { return e.error }

func usage(format string, args ...any) error { return exit{ExitUsage, fmt.Errorf(format, args...)} }

// tally is how many of several things were done.
type tally struct{ done, failed int }

func (t *tally) add(err error) {
	if err == nil {
		t.done++
	} else {
		t.failed++
	}
}

// verdict is how the program ends, stopped by a signal or not. Why each thing failed
// was said already.
func (t *tally) verdict(stopped error) error {
	switch {
	case stopped != nil:
		return exit{ExitStopped, errors.New("stopped")}
	case t.failed == 0:
		return nil
	case t.done == 0:
		return exit{ExitFailed, errors.New("nothing of it is done")}
	}
	return exit{ExitPartly, fmt.Errorf("%d of %d are not done", t.failed, t.done+t.failed)}
}
