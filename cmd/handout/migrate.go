package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/handout-rtc/handout/internal/migrate"
	"github.com/handout-rtc/handout/internal/store"
)

// Exit codes of `handout migrate`.
const (
	exitUnsound    = 1 // files of the source are not what their records say: nothing may use the target
	exitUnfinished = 2 // it could not go on, or was stopped: started again, it goes on
	exitRefused    = 3 // a server is running, or the target is not empty: nothing was changed
)

// migrateCommand is `handout migrate`.
type migrateCommand struct {
	From string `default:"./data" type:"path" env:"-" help:"Data directory to move from. Its server must be stopped."`
	To   string `type:"path" env:"-" placeholder:"DIR" help:"Data directory to move to: of the server, or of the node that is to write the audit log first. A new one."`

	FromStore     string `placeholder:"URL" help:"Database to move the records from: postgres://user:password@host/database. Without it, SQLite in --from."`
	FromStoreFile string `type:"path" placeholder:"FILE" help:"The same from a file."`
	FromBlobs     string `placeholder:"URL" help:"Bucket to move the files from, as --blobs of the server. Without it, a directory in --from."`
	ToStore       string `placeholder:"URL" help:"Database to move the records to. Without it, SQLite in --to. What stands in a command line others can read: name a password in the environment or in --to-store-file."`
	ToStoreFile   string `type:"path" placeholder:"FILE" help:"The same from a file."`
	ToBlobs       string `placeholder:"URL" help:"Bucket to move the files to: s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION, with credentials as the server finds them. Without it, a directory in --to."`

	Quick    bool `env:"-" help:"Do not read back what was written: sizes alone."`
	Parallel int  `default:"8" env:"-" help:"Files that are copied at a time."`
	JSON     bool `name:"json" env:"-" help:"Print the report as JSON."`
}

// Help implements kong's long help.
func (migrateCommand) Help() string {
	return `Moves everything that a server has, records and bytes, to other engines, while no server runs on either: rooms,
participants, files, uploads in progress, links and tokens stay what they are, and clients go on where they were.

Every byte is held against the SHA-256 of its record, and read again from where it was written; every record is read again and
compared. Until all is there, no server starts on the target. Afterwards none starts on the data directory that was moved.

It may be killed at any point: the same command goes on. It exits with 0 when all has moved, 1 if files of the source are not
what their records say (see handout verify), 2 if it could not go on or was stopped, and 3 if it refuses: a server is running,
or the target has something else already.`
}

// Run implements `handout migrate`.
func (c *migrateCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	began := time.Now()
	shown := newMigrateProgress(c.JSON)
	report, err := c.move(ctx, shown)
	shown.end()
	if report != nil {
		err = errors.Join(err, c.print(os.Stdout, report, time.Since(began)))
	}
	var refused exit
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.Is(err, migrate.ErrNotEmpty):
		return exit{exitRefused, err}
	case err != nil:
		return exit{exitUnfinished, err}
	case len(report.Findings) > 0:
		return exit{exitUnsound, errors.New("files of the source are not what their records say: handout verify --repair ends them, and then the same command goes on")}
	}
	return nil
}

// move opens both sides and moves everything. Without a report nothing was begun.
func (c *migrateCommand) move(ctx context.Context, shown migrate.Observer) (_ *migrate.Report, err error) {
	from, err := c.openSource(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, from.close()) }()
	to, err := c.openTarget(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, to.close()) }()
	return migrate.Migration{
		From: from.Side, To: to.Side, Quick: c.Quick, Parallel: c.Parallel, Observer: shown, Unused: c.From != "" && refuseMoved(c.From) != nil,
		Closed: func() error {
			if err := copyAudit(ctx, c.From, c.To); err != nil {
				return err
			}
			return from.noteMoved(to.name)
		},
	}.Run(ctx)
}

// print says what was moved.
func (c *migrateCommand) print(w io.Writer, report *migrate.Report, took time.Duration) error {
	if c.JSON {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(report)
	}
	for _, f := range report.Findings {
		if _, err := fmt.Fprintf(w, "%s %s: %s\n", f.Share, f.Room, f.Detail); err != nil {
			return err
		}
	}
	if report.Again {
		_, err := fmt.Fprintln(w, "this migration was finished before: nothing was done")
		return err
	}
	_, err := fmt.Fprintf(w, "%d files and %d uploads in progress, %s (%s written now), %d records in %d tables, in %v\n", report.Files, report.Uploads,
		humanize.IBytes(uint64(report.Bytes)), humanize.IBytes(uint64(report.Copied)), rowsOf(report.Tables), len(report.Tables), took.Round(time.Second))
	return err
}

func rowsOf(tables []store.TableCopy) (sum int64) {
	for _, t := range tables {
		sum += t.Rows
	}
	return sum
}
