package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/handout-rtc/handout/internal/blob/diskblob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/postgres"
	"github.com/handout-rtc/handout/internal/verify"
)

// Exit codes of `handout verify`.
const (
	exitDamage   = 1 // something is lost or wrong
	exitUnknown  = 2 // it could not be checked
	exitLeftover = 3 // nothing is lost, and something is there that should be gone
)

// byVerify is who does what a repair does, in the audit log.
const byVerify = "@verify"

// settleTime is how long a share that looks wrong has to move on.
const settleTime = 2 * time.Second

// verifyCommand is `handout verify`.
type verifyCommand struct {
	Data         string `default:"./data" type:"path" help:"Directory of the records and the files."`
	recordsFlags `embed:""`
	blobFlags    `embed:""`
	Quick        bool          `env:"-" help:"Do not read the files: their sizes alone, and a quick check of the database."`
	Repair       bool          `env:"-" help:"Remove what no record knows, and end the shares whose bytes are lost. Needs the directory for itself: stop the server."`
	OrphanAge    time.Duration `default:"1h" env:"-" help:"How old bytes must be that no record knows before --repair removes them."`
	JSON         bool          `name:"json" env:"-" help:"Print the report as JSON."`
}

// Help implements kong's long help.
func (verifyCommand) Help() string {
	return `Holds the data directory against the records: every acknowledged byte is there, with the recorded SHA-256; nothing is
there that should be gone; what the rooms count adds up; the database is whole.

Without --repair it changes nothing and may run beside a server: what looks wrong is looked at again a moment later.

It exits with 0 if all is well, 1 if something is lost or wrong, 3 if all that is wrong is that something is there which
should be gone (the next start of the server removes it), and 2 if it could not check. After --repair what is mended
does not count.`
}

// exit is an error that chooses how the program ends.
type exit struct {
	code int
	error
}

// ExitCode implements kong.ExitCoder.
func (e exit) ExitCode() int { return e.code }

// Unwrap returns the cause.
func (e exit) Unwrap() error { return e.error }

// Run implements `handout verify`.
func (c *verifyCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	report, err := c.verify(ctx)
	if err == nil {
		err = c.print(os.Stdout, report)
	}
	switch {
	case err != nil:
		return exit{exitUnknown, err}
	case report.Damaged():
		return exit{exitDamage, errors.New("something is lost or wrong")}
	case report.Left():
		return exit{exitLeftover, errors.New("something is there that should be gone")}
	}
	return nil
}

func (c *verifyCommand) verify(ctx context.Context) (*verify.Report, error) {
	mark := recordsFile
	switch {
	case c.ours():
	case c.inDirectory():
		mark = filesDir
	default: // the audit log alone is in it
		mark = ""
	}
	if _, err := os.Stat(filepath.Join(c.Data, mark)); err != nil {
		return nil, fmt.Errorf("%s is no data directory: %w", c.Data, err)
	}
	if c.Repair {
		return c.repair(ctx)
	}
	records, err := c.inspect(ctx, c.Data)
	if err != nil {
		return nil, err
	}
	defer records.Close()
	report, err := verify.Check{
		Records: records, Quick: c.Quick, Settle: settleTime,
		Blobs: func() (verify.Blobs, error) { return c.inspectFiles(ctx, c.Data, records) },
	}.Run(ctx)
	if err != nil {
		return nil, err
	}
	return report, c.checkAudit(ctx, records, report)
}

// checkAudit holds the audit log against the records.
func (c *verifyCommand) checkAudit(ctx context.Context, records *store.DB, report *verify.Report) error {
	checked, err := checkAudit(ctx, filepath.Join(c.Data, auditDir), records)
	for _, fault := range checked.Faults {
		report.Add(verify.Finding{Kind: verify.Audit, Detail: fault})
	}
	return err
}

// repair checks and mends a directory that nobody else uses.
func (c *verifyCommand) repair(ctx context.Context) (_ *verify.Report, err error) {
	unlock, err := diskblob.LockDir(c.Data)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	records, err := c.open(ctx, c.Data, postgres.Config{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	blobs, err := c.openAlone(ctx, c.Data, records)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	// Repairs are in the audit log like all else, with the next start.
	ctx = store.By(ctx, byVerify)
	report, err := verify.Check{
		Records: records, Quick: c.Quick, Blobs: func() (verify.Blobs, error) { return kept{blobs}, nil },
	}.Run(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.checkAudit(ctx, records, report); err != nil {
		return nil, err
	}
	return report, verify.Repair{Changes: records, Blobs: blobs, OrphanAge: c.OrphanAge, Now: time.Now()}.Run(ctx, report)
}

// kept is a store that is closed by somebody else.
type kept struct{ inspected }

// Close implements verify.Blobs.
func (kept) Close() error { return nil }

func (c *verifyCommand) print(w io.Writer, report *verify.Report) error {
	if c.JSON {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(report)
	}
	for _, f := range report.Findings {
		line := string(f.Kind)
		for _, word := range []string{string(f.Share), f.Name, string(f.State), string(f.Room), f.App} {
			if word != "" {
				line += " " + word
			}
		}
		if f.Detail != "" {
			line += ": " + f.Detail
		}
		if f.Repaired != "" {
			line += " (" + f.Repaired + ")"
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	how := humanize.IBytes(uint64(report.Bytes)) + " read"
	if c.Quick {
		how = "sizes alone"
	}
	_, err := fmt.Fprintf(w, "%d records, %d files, %s: %d findings\n", report.Shares, report.Blobs, how, len(report.Findings))
	return err
}
