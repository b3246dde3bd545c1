package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/mattn/go-isatty"

	"github.com/handout-rtc/handout/client"
	"github.com/handout-rtc/handout/protocol"
)

// output is where a command says things. Its methods may be called at the same time.
type output struct {
	json bool

	mu      sync.Mutex
	results io.Writer
	notes   io.Writer
}

func newOutput(json bool) *output {
	return &output{json: json, results: os.Stdout, notes: os.Stderr}
}

func terminal(f *os.File) bool { return isatty.IsTerminal(f.Fd()) }

// above has everything printed above the progress that is shown on the terminal. Where
// standard output is something else the results go on to it as they are.
func (o *output) above(w io.Writer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if terminal(os.Stdout) {
		o.results = w
	}
	o.notes = w
}

// plain has everything printed where it belongs again.
func (o *output) plain() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.results, o.notes = os.Stdout, os.Stderr
}

// result prints one result: the value with --json, or else the text, on its line.
func (o *output) result(value any, text string) {
	line := []byte(text + "\n")
	if o.json {
		var err error
		if line, err = jsonLine(value); err != nil {
			o.note("%v", err)
			return
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, err := o.results.Write(line); err != nil && o.results != os.Stdout {
		os.Stdout.Write(line) // the bars are gone; who closed the pipe wants no more
	}
}

// note says something to people.
func (o *output) note(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	fmt.Fprintf(o.notes, format+"\n", args...)
}

// failure is the result of what was not done.
type failure struct {
	Name  string        `json:"name,omitempty"`
	ID    string        `json:"id,omitempty"`
	Error failureReason `json:"error"`
}

type failureReason struct {
	Code    protocol.Code `json:"code,omitempty"` // of the server's, if it has refused
	Message string        `json:"message"`
}

// fail says that one of several things was not done, and why.
func (o *output) fail(name, id string, err error) {
	if o.json {
		o.result(failure{name, id, failureReason{codeOf(err), reason(err)}}, "")
	}
	if name == "" {
		name = id
	}
	o.note("%s: %s", safe(name), reason(err))
}

// codeOf is the code of what the server has refused, "" for any other error.
func codeOf(err error) protocol.Code {
	var coded *protocol.Error
	if errors.As(err, &coded) {
		return coded.Code
	}
	return ""
}

// advice is what to do about refusals whose message cannot say it.
var advice = map[protocol.Code]string{
	protocol.CodeUnauthenticated: "is the token of this server, and its key the application's?",
	protocol.CodeTokenExpired:    "get a new token",
}

// reason is an error as people read it.
func reason(err error) string {
	var left *client.LeftError
	if errors.As(err, &left) {
		switch left.Code {
		case protocol.CloseUnauthenticated:
			return "the server does not accept the token"
		case protocol.CloseRoomEnded:
			return "there is no such room, or it has ended"
		case protocol.CloseReplaced:
			return "another program came into the room with the same token"
		}
	}
	var coded *protocol.Error
	if !errors.As(err, &coded) {
		return safe(err.Error())
	}
	text := safe(coded.Message) + " (" + string(coded.Code) + ")"
	if more := advice[coded.Code]; more != "" {
		text += "; " + more
	}
	return text
}
