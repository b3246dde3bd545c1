package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/handout-rtc/handout/internal/audit"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// auditCommand is `handout audit`.
type auditCommand struct {
	Data         string `default:"./data" type:"path" help:"Directory of the records and the files."`
	recordsFlags `embed:""`
	App          string                 `env:"-" help:"Only of this application."`
	Room         protocol.RoomID        `env:"-" help:"Only of this room."`
	Participant  protocol.ParticipantID `env:"-" help:"Only what this participant did, or had done to it or its files."`
	Share        protocol.ShareID       `env:"-" help:"Only of this share."`
	Kind         []store.AuditKind      `env:"-" help:"Only of these kinds, such as received,purged. Repeatable."`
	Since        moment                 `env:"-" placeholder:"TIME" help:"Only from then on: 2026-01-31, 2026-01-31T12:00:00Z, or 36h ago."`
	Until        moment                 `env:"-" placeholder:"TIME" help:"Only before then."`
	JSON         bool                   `name:"json" env:"-" help:"Print the lines as they stand in the log."`
	Follow       bool                   `short:"f" env:"-" help:"Go on printing what comes."`
	Check        bool                   `env:"-" help:"Print nothing of it: check that nothing was changed, added or removed."`
}

// Help implements kong's long help.
func (auditCommand) Help() string {
	return `Reads the audit log, data/audit, beside a running server too. Entries that the server has not written yet, a second at
most, are not there.

It exits with 1 if the log is not whole: what follows a line that cannot be believed is not printed. --check tells all
that is wrong, and prints the chain behind the newest entry: kept elsewhere, it proves later that nothing before it was
changed.`
}

// moment is a time as people write it.
type moment struct{ time.Time }

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *moment) UnmarshalText(text []byte) error {
	if ago, err := time.ParseDuration(string(text)); err == nil {
		m.Time = time.Now().Add(-ago)
		return nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, string(text)); err == nil {
			m.Time = at
			return nil
		}
	}
	return fmt.Errorf("%s is no time: write 2026-01-31, 2026-01-31T12:00:00Z, or 36h", text)
}

// Run implements `handout audit`.
func (c *auditCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	dir := filepath.Join(c.Data, auditDir)
	if _, err := os.Stat(dir); err != nil {
		return exit{exitUnknown, fmt.Errorf("there is no audit log: %w", err)}
	}
	if c.Check {
		return c.check(ctx, dir)
	}
	out := bufio.NewWriter(os.Stdout)
	lines := audit.All(dir)
	if c.Follow {
		lines = audit.Follow(ctx, dir, func() { out.Flush() })
	}
	for line, err := range lines {
		if err != nil {
			return exit{exitDamage, errors.Join(out.Flush(), err)}
		}
		if !c.wants(line.AuditEntry) {
			continue
		}
		text := line.Text
		if !c.JSON {
			text = describe(line.AuditEntry)
		}
		if _, err := fmt.Fprintln(out, text); err != nil {
			return err
		}
	}
	return out.Flush()
}

// check tells whether the log is whole.
func (c *auditCommand) check(ctx context.Context, dir string) error {
	records, err := c.inspect(ctx, c.Data)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return exit{exitUnknown, err}
	}
	if err == nil {
		defer records.Close()
	}
	checked, err := checkAudit(ctx, dir, records)
	if err != nil {
		return exit{exitUnknown, err}
	}
	for _, fault := range checked.Faults {
		fmt.Println(fault)
	}
	fmt.Printf("%d entries, the newest is %d, the chain %s\n", checked.Entries, checked.Newest, checked.Chain)
	if len(checked.Faults) > 0 {
		return exit{exitDamage, errors.New("the audit log is not whole")}
	}
	if records == nil {
		fmt.Println("without the records nobody can tell whether something is missing at either end")
	}
	return nil
}

// checkAudit checks the log against the records, if there are any. A fault is looked
// for again: the server may have removed an old file meanwhile.
func checkAudit(ctx context.Context, dir string, records *store.DB) (checked audit.Checked, err error) {
	for range 2 {
		var has *store.AuditState
		if records != nil {
			state, err := records.AuditLog(ctx)
			if err != nil {
				return checked, err
			}
			has = &state
		}
		checked, err = audit.Check(dir, has)
		if err != nil || len(checked.Faults) == 0 {
			break
		}
	}
	return checked, err
}

// wants reports whether the entry is one of those asked for.
func (c *auditCommand) wants(e store.AuditEntry) bool {
	who := string(c.Participant)
	switch {
	case c.App != "" && e.App != c.App,
		c.Room != "" && e.Room != c.Room,
		c.Share != "" && e.Share != c.Share,
		who != "" && e.By != who && string(e.Participant) != who && string(e.Sender) != who,
		!c.Since.IsZero() && e.Time.Before(c.Since.Time),
		!c.Until.IsZero() && !e.Time.Before(c.Until.Time):
		return false
	}
	for _, kind := range c.Kind {
		if e.Kind == kind {
			return true
		}
	}
	return len(c.Kind) == 0
}

// describe is an entry as people read it.
func describe(e store.AuditEntry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %-17s by %s", e.Time.UTC().Format("2006-01-02T15:04:05.000Z"), e.Kind, e.By)
	word := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, " %s=%s", name, value)
		}
	}
	word("participant", string(e.Participant))
	word("user", quoted(e.User))
	word("name", quoted(e.Name))
	word("share", string(e.Share))
	word("sender", string(e.Sender))
	if e.To != nil {
		word("to", audience(*e.To))
	}
	if e.Size != nil {
		word("size", quoted(humanize.IBytes(uint64(*e.Size))))
	}
	word("sha256", e.SHA256)
	word("reason", e.Reason)
	word("webhook", e.Webhook)
	word("off", strings.Join(e.Off, ","))
	word("room", string(e.Room))
	word("app", e.App)
	return b.String()
}

// quoted keeps a text on its line.
func quoted(text string) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf("%q", text)
}

func audience(to protocol.Audience) string {
	if to.Room {
		return "room"
	}
	ids := make([]string, len(to.List))
	for i, id := range to.List {
		ids[i] = string(id)
	}
	return strings.Join(ids, ",")
}
