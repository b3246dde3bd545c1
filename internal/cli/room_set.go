package cli

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/handout-rtc/handout/protocol"
)

// roomSet is `handout room set`.
type roomSet struct {
	back
	oneRoom
	Name      string   `env:"-" help:"What the room is called."`
	Limit     []string `env:"-" placeholder:"NAME=N" help:"A limit below the server's: fileSize, roomBytes, roomShares, openUploads, filesPerRequest, recipientsPerRequest, lifetimeSeconds, emptyRoomSeconds. Bytes may have a unit, as 20MiB. NAME=server lifts it."`
	Allow     []string `env:"-" placeholder:"TYPE" help:"Only these types of files: extensions, .pdf, and types, image/*. \"any\" lifts it."`
	Deny      []string `env:"-" placeholder:"TYPE" help:"Not these types of files. \"none\" lifts it."`
	Send      []string `env:"-" placeholder:"ROLE" help:"Only these roles may send: moderator, participant, viewer, or all, or none."`
	SendToAll []string `env:"-" placeholder:"ROLE" help:"Only these roles may send to everyone: moderator, participant, viewer, or all, or none."`
	NoRules   bool     `env:"-" help:"Lift all rules first."`
}

// Help implements kong's long help.
func (roomSet) Help() string {
	return `Changes what it names of a room, and prints the rules that it has then. Lists are given with commas, and replace the one before. What is in the room stays.`
}

// Run implements `handout room set`.
func (c *roomSet) Run() error {
	return c.ask(func(ctx context.Context, app *operator, out *output) error {
		var answer struct{ Room roomInfo }
		if err := app.call(ctx, http.MethodGet, []string{string(c.Room)}, nil, nil, &answer); err != nil {
			return err
		}
		rules := answer.Room.Rules
		if c.NoRules {
			rules = protocol.Rules{}
		}
		rules, err := c.over(rules)
		if err != nil {
			return err
		}
		said := map[string]any{"rules": ruled(rules)}
		if c.Name != "" {
			said["name"] = c.Name
		}
		answer.Room = roomInfo{}
		if err := app.call(ctx, http.MethodPut, []string{string(c.Room)}, nil, said, &answer); err != nil {
			return err
		}
		out.result(answer.Room, rulesText(answer.Room.Rules))
		return nil
	})
}

// over returns the rules with what the command line says put over them.
func (c *roomSet) over(rules protocol.Rules) (protocol.Rules, error) {
	rules.Limits = maps.Clone(rules.Limits)
	for _, each := range c.Limit {
		name, value, is := strings.Cut(each, "=")
		if !is {
			return rules, usage("--limit %s: say NAME=N", safe(each))
		}
		if value == "server" {
			delete(rules.Limits, name)
			continue
		}
		n, err := humanize.ParseBytes(value)
		if err != nil || n > 1<<62 {
			return rules, usage("--limit %s: that is no number", safe(each))
		}
		if rules.Limits == nil {
			rules.Limits = map[string]int64{}
		}
		rules.Limits[name] = int64(n)
	}
	rules.Allow = replaced(rules.Allow, c.Allow, "any")
	rules.Deny = replaced(rules.Deny, c.Deny, "none")
	rules.Send = replacedRoles(rules.Send, c.Send)
	rules.SendToAll = replacedRoles(rules.SendToAll, c.SendToAll)
	return rules, nil
}

// replaced is the list that is said, or the one before if none is; lift is the word for
// none.
func replaced(before, said []string, lift string) []string {
	switch {
	case len(said) == 0:
		return before
	case slices.Equal(said, []string{lift}):
		return nil
	}
	return said
}

func replacedRoles(before, said []string) []string {
	if slices.Equal(said, []string{"none"}) {
		return []string{}
	}
	return replaced(before, said, "all")
}

// ruled is the rules as the server is told them: without a revision, which is its own.
func ruled(r protocol.Rules) map[string]any {
	said := map[string]any{"limits": r.Limits, "allow": r.Allow, "deny": r.Deny}
	if r.Send != nil {
		said["send"] = r.Send
	}
	if r.SendToAll != nil {
		said["sendToAll"] = r.SendToAll
	}
	return said
}

// rulesText is the rules on a line.
func rulesText(r protocol.Rules) string {
	if r.None() {
		return "no rules"
	}
	var words []string
	for _, name := range slices.Sorted(maps.Keys(r.Limits)) {
		words = append(words, name+"="+strconv.FormatInt(r.Limits[name], 10))
	}
	list := func(name string, entries []string) {
		if len(entries) > 0 {
			words = append(words, name+" "+strings.Join(entries, ","))
		}
	}
	list("allow", r.Allow)
	list("deny", r.Deny)
	who := func(name string, roles []string) {
		if list(name, roles); roles != nil && len(roles) == 0 {
			words = append(words, name+" none")
		}
	}
	who("send", r.Send)
	who("sendToAll", r.SendToAll)
	return safe(strings.Join(words, "  "))
}

// roomUsage is `handout room usage`.
type roomUsage struct {
	back
	From string `env:"-" placeholder:"DAY" help:"The first day, 2006-01-02 in UTC; by default thirty of them."`
	To   string `env:"-" placeholder:"DAY" help:"The last day; by default today."`
}

// Validate implements kong's check after parsing.
func (c *roomUsage) Validate() error {
	for _, day := range []string{c.From, c.To} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return fmt.Errorf("%s is no day, 2006-01-02", safe(day))
		}
	}
	return nil
}

// Run implements `handout room usage`.
func (c *roomUsage) Run() error {
	return c.ask(func(ctx context.Context, app *operator, out *output) error {
		after := protocol.RoomID("")
		for {
			page, err := app.usage(ctx, c.From, c.To, after)
			if err != nil {
				return err
			}
			for _, r := range page.Rooms {
				out.result(r, usedText(string(r.Room), r.Used))
				after = r.Room
			}
			if !page.More {
				out.result(struct {
					Total protocol.Used `json:"total"`
				}{page.Total}, usedText("total", page.Total))
				return nil
			}
		}
	})
}

// usedText is what was used on a line.
func usedText(of string, u protocol.Used) string {
	return fmt.Sprintf("%-29s  %d files  %s in  %s out  %d receipts  %d joins  peak %d", safe(of), u.Files,
		humanize.IBytes(uint64(u.BytesIn)), humanize.IBytes(uint64(u.BytesOut)), u.Receipts, u.Joins, u.Peak)
}
