package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"strconv"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// roomPush is `handout room push`.
type roomPush struct {
	back
	oneRoom
	Files []string `arg:"" name:"file" help:"Files and folders; - is standard input."`
	To    []string `env:"-" placeholder:"ID" help:"For these participants, by id. Without --to and --user the files are for everyone, also for who comes later."`
	User  []string `env:"-" sep:"none" placeholder:"REF" help:"For everybody in the room whom the application calls so. Repeatable."`
	From  string   `env:"-" placeholder:"NAME" help:"Who sends it, as people in the room see it."`
	As    string   `env:"-" placeholder:"NAME" help:"What the file is called, in place of its own name; standard input needs it."`
}

// Help implements kong's long help.
func (roomPush) Help() string {
	return `Nobody comes into the room: the files are there, from --from. Lost connections are waited out for two minutes, where the file can be read again. What is stopped is taken back.`
}

// Validate implements kong's check after parsing.
func (c *roomPush) Validate() error {
	if err := c.oneRoom.Validate(); err != nil {
		return err
	}
	if c.As != "" && len(c.Files) > 1 {
		return errors.New("--as is for one file")
	}
	return nil
}

// Run implements `handout room push`.
func (c *roomPush) Run() error {
	files, err := gather(c.Files, c.As, true)
	if err != nil {
		return err
	}
	return c.ask(func(ctx context.Context, app *operator, out *output) error {
		shown, total := newProgress(out), tally{}
		for _, f := range files {
			bar := shown.add(f.name, f.known())
			share, err := c.push(ctx, app, f, bar)
			bar.end()
			if stopped(ctx) != nil {
				break
			}
			total.add(err)
			if err != nil {
				out.fail(f.name, "", err)
				continue
			}
			out.result(sent{f.path, share}, fmt.Sprintf("%s  %s  %s", share.ID, size(share), safe(share.Name)))
		}
		shown.wait()
		return total.verdict(stopped(ctx))
	})
}

// push shares one file, by Resumable Uploads for HTTP (docs/protocol.md, section 5).
func (c *roomPush) push(ctx context.Context, app *operator, f *outgoing, bar *bar) (protocol.Share, error) {
	file, err := f.open()
	if err != nil {
		return protocol.Share{}, err
	}
	if closer, is := file.Content.(io.Closer); is {
		defer closer.Close()
	}
	p := pushing{app: app, again: f.again(), at: bar.at}
	if err := p.create(ctx, c.query(file.Name), typeOf(file.Name, file.Type), f.known()); err != nil {
		return protocol.Share{}, err
	}
	share, err := p.run(ctx, file.Content)
	if err != nil {
		p.takeBack(context.WithoutCancel(ctx))
	}
	return share, err
}

func (c *roomPush) query(name string) url.Values {
	query := url.Values{"room": {string(c.Room)}, "name": {name}, "userRef": c.User, "to": c.To}
	if c.From != "" {
		query.Set("senderName", c.From)
	}
	return query
}

// typeOf is the type that a file is declared to be of.
func typeOf(name, known string) string {
	if known == "" {
		known = mime.TypeByExtension(filepath.Ext(name))
	}
	if known == "" {
		return "application/octet-stream"
	}
	return known
}

// pushPatience is how long an upload may make no headway.
const pushPatience = 2 * time.Minute

// pushing is one upload of the application's.
type pushing struct {
	app   *operator
	again bool // the content can be read again
	at    func(int64)

	address string
	offset  int64
}

// create makes the upload, empty.
func (p *pushing) create(ctx context.Context, query url.Values, kind string, size *int64) error {
	header := http.Header{"Upload-Complete": {"?0"}, "Content-Type": {kind}}
	if size != nil {
		header.Set("Upload-Length", strconv.FormatInt(*size, 10))
	}
	response, err := p.send(ctx, http.MethodPost, p.app.server.String()+"/uploads?"+query.Encode(), header, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	at, err := response.Location()
	if err != nil {
		return fmt.Errorf("the server's answer names no upload: %w", err)
	}
	// Whatever it calls itself, the server is the one that was asked.
	p.address = p.app.server.JoinPath("uploads", path.Base(at.Path)).String()
	return nil
}

// run sends the content to its end, and goes on after what may pass.
func (p *pushing) run(ctx context.Context, content io.Reader) (protocol.Share, error) {
	deadline, best := time.Now().Add(pushPatience), int64(0)
	for pause := time.Second / 2; ; pause = min(2*pause, 10*time.Second) {
		share, err := p.append(ctx, content)
		if err == nil || !p.again || !passes(err) || ctx.Err() != nil {
			return share, err
		}
		if p.offset > best {
			deadline, best, pause = time.Now().Add(pushPatience), p.offset, time.Second/2
		}
		if time.Now().After(deadline) {
			return share, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return share, ctx.Err()
		}
		if asked := p.ask(ctx); asked != nil && !passes(asked) {
			return share, asked
		}
	}
}

// append sends what the upload lacks, which completes it.
func (p *pushing) append(ctx context.Context, content io.Reader) (share protocol.Share, err error) {
	if seeker, is := content.(io.Seeker); is && p.again {
		if _, err := seeker.Seek(p.offset, io.SeekStart); err != nil {
			return share, err
		}
	}
	header := http.Header{"Upload-Complete": {"?1"}, "Upload-Offset": {strconv.FormatInt(p.offset, 10)}, "Content-Type": {"application/partial-upload"}}
	sent := p.offset
	counted := readerFunc(func(b []byte) (int, error) {
		n, err := content.Read(b)
		sent += int64(n)
		p.at(sent)
		return n, err
	})
	response, err := p.send(ctx, http.MethodPatch, p.address, header, counted)
	if err != nil {
		return share, err
	}
	defer response.Body.Close()
	return share, json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&share)
}

// ask asks how far the upload is.
func (p *pushing) ask(ctx context.Context) error {
	response, err := p.send(ctx, http.MethodHead, p.address, http.Header{"Upload-Draft-Interop-Version": {"8"}}, nil)
	if err != nil {
		return err
	}
	response.Body.Close()
	at, err := strconv.ParseInt(response.Header.Get("Upload-Offset"), 10, 64)
	if err == nil {
		p.offset = at
	}
	return err
}

// takeBack cancels the upload, as well as it can.
func (p *pushing) takeBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, operatorPatience)
	defer cancel()
	if response, err := p.send(ctx, http.MethodDelete, p.address, nil, nil); err == nil {
		response.Body.Close()
	}
}

// send sends one request, and returns an answer that is none of an error.
func (p *pushing) send(ctx context.Context, method, address string, header http.Header, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		request.Header[name] = values
	}
	request.SetBasicAuth(p.app.app, p.app.key)
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode < http.StatusMultipleChoices {
		return response, err
	}
	defer response.Body.Close()
	var problem protocol.Problem
	if json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&problem) != nil || problem.Code == "" {
		return nil, &answered{response.StatusCode, errors.New("the server answers " + response.Status)}
	}
	return nil, &answered{response.StatusCode, protocol.NewError(problem.Code, problem.Detail)}
}

// answered is a refusal with its status.
type answered struct {
	status int
	error
}

// Unwrap lets the code be found.
func (a *answered) Unwrap() error { return a.error }

// passes reports whether it may go another time: nobody answered, the server is busy or
// stopping, or it is at another offset.
func passes(err error) bool {
	var a *answered
	if !errors.As(err, &a) {
		return true
	}
	switch a.status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusLocked, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

type readerFunc func([]byte) (int, error)

// Read implements io.Reader.
func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
