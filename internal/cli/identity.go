package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/handout-rtc/handout/client"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// The variables that hold secrets. There are no flags for them: who lists the
// processes of a machine sees every command line.
const (
	envToken = "HANDOUT_TOKEN"
	envApp   = "HANDOUT_APP"
)

// server says where the server is, and how to speak with the user.
type server struct {
	Server string `placeholder:"URL" help:"The server, such as https://files.example.org; without it, the one that the token names."`
	JSON   bool   `name:"json" env:"-" help:"Print results as JSON, one object to a line."`
}

// application is who makes rooms and tokens.
type application struct {
	AppFile string `type:"path" placeholder:"FILE" help:"Application's credentials, a file of ID:KEY; or in HANDOUT_APP."`
	AppID   string `name:"app-id" env:"-" placeholder:"ID" help:"Which one, if there are several."`
}

var errNoApp = errors.New("the application's credentials are missing: set HANDOUT_APP=ID:KEY, or --app-file")

// load returns the keys of one application.
func (a *application) load() (id string, keys token.Keys, err error) {
	keys = token.Keys{}
	if a.AppFile != "" {
		if keys, err = token.ReadKeys(a.AppFile); err != nil {
			return "", nil, usage("--app-file: %w", err)
		}
	} else if list := os.Getenv(envApp); list != "" {
		for app := range strings.SplitSeq(list, ",") {
			if err := keys.Add(app); err != nil {
				return "", nil, usage("%s: %w", envApp, err)
			}
		}
	}
	switch {
	case len(keys) == 0:
		return "", nil, exit{ExitUsage, errNoApp}
	case a.AppID != "":
		if keys[a.AppID] == nil {
			return "", nil, usage("there is no key of the application %s", safe(a.AppID))
		}
		return a.AppID, keys, nil
	case len(keys) > 1:
		return "", nil, usage("there are several applications: choose one with --app-id")
	}
	for id = range keys {
	}
	return id, keys, nil
}

// participant is who takes part in a room: by a token, or as the application makes it
// one.
type participant struct {
	server
	application
	TokenFile string                 `type:"path" placeholder:"FILE" help:"File of the participant's token; or in HANDOUT_TOKEN. Without one, the application's credentials make it."`
	Room      protocol.RoomID        `placeholder:"ID" help:"The room; a token names it already."`
	Name      string                 `placeholder:"NAME" help:"What others see of you, without a token; your user name by default."`
	ID        protocol.ParticipantID `name:"id" env:"-" placeholder:"ID" help:"Your participant's id, without a token; made from room, name and command by default."`
}

// self is a participant that can be.
type self struct {
	config client.Config
	room   protocol.RoomID
	id     protocol.ParticipantID
}

// who returns the participant. made is its id where there is neither a token nor --id.
func (p *participant) who(made func() protocol.ParticipantID) (self, error) {
	text, err := p.token()
	if err != nil {
		return self{}, err
	}
	if text == "" {
		return p.own(made)
	}
	claims, origin, err := peek(text)
	switch {
	case err != nil:
		return self{}, exit{ExitUsage, err}
	case p.Room != "" && p.Room != claims.Room:
		return self{}, usage("the token is for the room %s, not for %s", claims.Room, safe(string(p.Room)))
	case p.Server != "":
		origin = p.Server
	case origin == "":
		return self{}, errNoServer
	}
	return self{client.Config{Server: origin, Token: text}, claims.Room, claims.Participant}, nil
}

var errNoServer = exit{ExitUsage, errors.New("which server? Set HANDOUT_SERVER, or --server")}

// token is the one that was given, "" for none.
func (p *participant) token() (string, error) {
	if p.TokenFile == "" {
		return strings.TrimSpace(os.Getenv(envToken)), nil
	}
	text, err := os.ReadFile(p.TokenFile)
	if err != nil {
		return "", usage("--token-file: %w", err)
	}
	if len(text) > 2*token.MaxBytes || len(strings.TrimSpace(string(text))) == 0 {
		return "", usage("--token-file: %s holds no token", p.TokenFile)
	}
	return strings.TrimSpace(string(text)), nil
}

// ownLife is how long a token lasts that a command makes for itself. It makes the next
// one by then.
const ownLife = time.Hour

func (p *participant) own(made func() protocol.ParticipantID) (self, error) {
	app, keys, err := p.load()
	switch {
	case errors.Is(err, errNoApp):
		return self{}, usage("who are you? Set %s or --token-file; or, with the application's credentials, %s or --app-file", envToken, envApp)
	case err != nil:
		return self{}, err
	case p.Server == "":
		return self{}, errNoServer
	case p.Room == "":
		return self{}, usage("which room? Set HANDOUT_ROOM, or --room")
	case !p.Room.Valid():
		return self{}, usage("%s is no room's id", safe(string(p.Room)))
	}
	p.Name = p.name()
	id := p.ID
	if id == "" {
		id = made()
	}
	if !id.Valid() {
		return self{}, usage("--id must be 1 to 64 of A-Z, a-z, 0-9, _ and -")
	}
	sign := func(context.Context) (string, error) {
		now := time.Now()
		return keys.Sign(token.Claims{
			App: app, Participant: id, ID: protocol.NewTokenID(), Room: p.Room, Name: p.Name,
			Role: token.Member, Grants: token.Member.Grants(), IssuedAt: now, ExpiresAt: now.Add(ownLife),
		})
	}
	return self{client.Config{Server: p.Server, TokenSource: sign}, p.Room, id}, nil
}

func (p *participant) name() string {
	if p.Name != "" {
		return p.Name
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "handout"
}

// join enters the room.
func (s self) join(ctx context.Context) (*client.Room, error) {
	room, err := client.Join(ctx, s.config)
	if err != nil {
		return nil, exit{ExitFailed, fmt.Errorf("joining the room: %s", reason(err))}
	}
	return room, nil
}
