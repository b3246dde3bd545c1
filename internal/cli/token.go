package cli

import (
	"errors"
	"time"

	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// tokenCommand is `handout token`.
type tokenCommand struct {
	application
	JSON     bool                   `name:"json" env:"-" help:"Print the token and its claims as JSON."`
	Room     protocol.RoomID        `required:"" placeholder:"ID" help:"The room."`
	Name     string                 `required:"" placeholder:"NAME" help:"What others see of the participant."`
	ID       protocol.ParticipantID `name:"id" env:"-" placeholder:"ID" help:"The participant's id; a new one by default."`
	Role     token.Role             `env:"-" default:"participant" enum:"moderator,participant,viewer" help:"moderator, participant or viewer."`
	UserRef  string                 `env:"-" placeholder:"REF" help:"The application's own name of the person."`
	Lifetime time.Duration          `env:"-" default:"24h" help:"How long the token is good."`
}

// Help implements kong's long help.
func (tokenCommand) Help() string {
	return `Signs the token here, with the application's key; no server is asked. Whoever has the token is the participant.`
}

// Validate implements kong's check after parsing.
func (c *tokenCommand) Validate() error {
	switch {
	case !c.Room.Valid():
		return errors.New("--room: that is no room's id, rm_…")
	case c.ID != "" && !c.ID.Valid():
		return errors.New("--id must be 1 to 64 of A-Z, a-z, 0-9, _ and -")
	case protocol.CleanDisplayName(c.Name) == "":
		return errors.New("--name has nothing to see in it")
	case c.Lifetime < time.Second:
		return errors.New("--lifetime must be at least 1s")
	}
	return nil
}

// made is the result.
type made struct {
	Token       string                 `json:"token"`
	Participant protocol.ParticipantID `json:"participant"`
	Room        protocol.RoomID        `json:"room"`
	ExpiresAt   time.Time              `json:"expiresAt"`
}

// Run implements `handout token`.
func (c *tokenCommand) Run() error {
	app, keys, err := c.load()
	if err != nil {
		return err
	}
	now := time.Now()
	said := token.Claims{
		App: app, Participant: c.ID, ID: protocol.NewTokenID(), Room: c.Room, Name: c.Name, Role: c.Role, UserRef: c.UserRef,
		Grants: c.Role.Grants(), IssuedAt: now, ExpiresAt: now.Add(c.Lifetime),
	}
	if said.Participant == "" {
		said.Participant = protocol.NewParticipantID()
	}
	signed, err := keys.Sign(said)
	if err != nil {
		return err
	}
	newOutput(c.JSON).result(made{signed, said.Participant, said.Room, said.ExpiresAt.UTC().Truncate(time.Second)}, signed)
	return nil
}
