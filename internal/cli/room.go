package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// roomCommand is `handout room`.
type roomCommand struct {
	Create  roomCreate  `cmd:"" help:"Make a room, and print its id."`
	List    roomList    `cmd:"" help:"List the application's rooms."`
	Users   roomUsers   `cmd:"" help:"List who is in a room."`
	Drop    roomDrop    `cmd:"" help:"Remove participants for good."`
	Sharing roomSharing `cmd:"" help:"Switch sharing off and on, for all or for roles."`
	Set     roomSet     `cmd:"" help:"Change a room: its name, its limits, which files it takes and who may send."`
	Push    roomPush    `cmd:"" help:"Share files as the application."`
	Usage   roomUsage   `cmd:"" help:"Tell what the application's rooms have used."`
	End     roomEnd     `cmd:"" help:"End rooms, with all files in them."`
}

// back is what every request of an application's back end needs.
type back struct {
	server
	application
}

// ask runs one request, or several, and says why it was not done.
func (b *back) ask(run func(context.Context, *operator, *output) error) error {
	ctx, stop := untilStopped(errInterrupted)
	defer stop()
	app, err := asOperator(b.server, b.application)
	if err != nil {
		return err
	}
	err = run(ctx, app, newOutput(b.JSON))
	var chosen exit
	switch {
	case stopped(ctx) != nil:
		return exit{ExitStopped, stopped(ctx)}
	case err == nil || errors.As(err, &chosen):
		return err
	}
	return exit{ExitFailed, errors.New(reason(err))}
}

// roomInfo is a room as the server tells the application.
type roomInfo struct {
	ID      protocol.RoomID  `json:"room_id"`
	Name    string           `json:"name"`
	Owner   string           `json:"owner_ref"`
	Created time.Time        `json:"created"`
	Sharing protocol.Sharing `json:"sharing"`
	Rules   protocol.Rules   `json:"rules,omitzero"`
}

type roomCreate struct {
	back
	Name  string `arg:"" help:"What the room is called."`
	Owner string `env:"-" default:"handout" placeholder:"REF" help:"The application's own name of the owner."`
}

// Run implements `handout room create`.
func (c *roomCreate) Run() error {
	return c.ask(func(ctx context.Context, app *operator, out *output) error {
		var answer struct{ Room roomInfo }
		said := map[string]string{"name": c.Name, "owner_ref": c.Owner}
		if err := app.call(ctx, http.MethodPost, nil, nil, said, &answer); err != nil {
			return err
		}
		out.result(answer.Room, safe(string(answer.Room.ID)))
		return nil
	})
}

type roomList struct{ back }

// Run implements `handout room list`.
func (c *roomList) Run() error {
	return c.ask(func(ctx context.Context, app *operator, out *output) error {
		var answer struct{ Rooms []roomInfo }
		if err := app.call(ctx, http.MethodGet, nil, nil, nil, &answer); err != nil {
			return err
		}
		for _, r := range answer.Rooms {
			line := fmt.Sprintf("%s  %s  %s", safe(string(r.ID)), r.Created.Format(time.RFC3339), safe(r.Name))
			if len(r.Sharing.Off) > 0 {
				line += "  sharing off: " + safe(strings.Join(r.Sharing.Off, ","))
			}
			if !r.Rules.None() {
				line += "  " + rulesText(r.Rules)
			}
			out.result(r, line)
		}
		return nil
	})
}

// oneRoom is a room on the command line.
type oneRoom struct {
	Room protocol.RoomID `arg:"" help:"The room, rm_…"`
}

// Validate implements kong's check after parsing.
func (r *oneRoom) Validate() error {
	if !r.Room.Valid() {
		return fmt.Errorf("%s is no room's id, rm_…", safe(string(r.Room)))
	}
	return nil
}

type roomUsers struct {
	back
	oneRoom
}

// userInfo is a participant as the server tells the application.
type userInfo struct {
	ID      protocol.ParticipantID `json:"clientId"`
	Name    string                 `json:"name"`
	Role    string                 `json:"role"`
	UserRef string                 `json:"user_ref"`
}

// Run implements `handout room users`.
func (c *roomUsers) Run() error {
	return c.ask(func(ctx context.Context, app *operator, out *output) error {
		var answer struct{ Users []userInfo }
		if err := app.call(ctx, http.MethodGet, []string{string(c.Room), "users"}, nil, nil, &answer); err != nil {
			return err
		}
		for _, u := range answer.Users {
			out.result(u, fmt.Sprintf("%s  %-11s  %s", safe(string(u.ID)), safe(u.Role), safe(u.Name)))
		}
		return nil
	})
}

type roomDrop struct {
	back
	oneRoom
	IDs []protocol.ParticipantID `arg:"" name:"participant" help:"Who is removed, by id."`
}

// Run implements `handout room drop`.
func (c *roomDrop) Run() error {
	return c.ask(func(ctx context.Context, app *operator, out *output) error {
		var total tally
		for _, id := range c.IDs {
			err := app.call(ctx, http.MethodDelete, []string{string(c.Room), "users", string(id)}, nil, nil, nil)
			total.add(err)
			if err != nil {
				out.fail("", string(id), err)
				continue
			}
			out.result(map[string]any{"id": id}, safe(string(id)))
		}
		return total.verdict(nil)
	})
}

type roomSharing struct {
	back
	oneRoom
	On            bool     `env:"-" xor:"switch" required:"" help:"Everybody may share whose token permits it."`
	Off           []string `env:"-" xor:"switch" required:"" enum:"all,moderator,participant,viewer" placeholder:"ROLE" help:"These roles may not: all, or moderator,participant,viewer."`
	CancelRunning bool     `env:"-" help:"Their running uploads end too."`
}

// roles are for whom sharing is off.
func (c *roomSharing) roles() []string {
	roles := []string{}
	for _, role := range c.Off {
		if role == "all" {
			return []string{protocol.RoleModerator, protocol.RoleParticipant, protocol.RoleViewer}
		}
		roles = append(roles, role)
	}
	return roles
}

// Run implements `handout room sharing`.
func (c *roomSharing) Run() error {
	return c.ask(func(ctx context.Context, app *operator, out *output) error {
		off := c.roles()
		said := map[string]protocol.SharingSwitch{"sharing": {Off: &off, CancelRunning: c.CancelRunning}}
		var answer struct{ Room roomInfo }
		if err := app.call(ctx, http.MethodPut, []string{string(c.Room)}, nil, said, &answer); err != nil {
			return err
		}
		line := "sharing is on"
		if now := answer.Room.Sharing.Off; len(now) > 0 {
			line = "sharing is off for " + safe(strings.Join(now, ", "))
		}
		out.result(answer.Room, line)
		return nil
	})
}

type roomEnd struct {
	back
	IDs []protocol.RoomID `arg:"" name:"room" help:"The rooms, rm_…"`
}

// Run implements `handout room end`.
func (c *roomEnd) Run() error {
	return c.ask(func(ctx context.Context, app *operator, out *output) error {
		var total tally
		for _, id := range c.IDs {
			err := app.call(ctx, http.MethodDelete, []string{string(id)}, nil, nil, nil)
			total.add(err)
			if err != nil {
				out.fail("", string(id), err)
				continue
			}
			out.result(map[string]any{"id": id}, safe(string(id)))
		}
		return total.verdict(nil)
	})
}
