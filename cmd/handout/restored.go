package main

import (
	"context"
	"errors"
	"os/signal"
	"syscall"

	"github.com/handout-rtc/handout/internal/store/postgres"
)

// restoredCommand is `handout restored`.
type restoredCommand struct {
	recordsFlags `embed:""`
}

// Help implements kong's long help.
func (restoredCommand) Help() string {
	return `Run it once after the database of --store was restored from a backup of its own, and before a server is started with
it: participants may know of more than the database does by then, and read everything again. What "handout backup" made
needs none of it.`
}

// Run implements `handout restored`.
func (c *restoredCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	at, err := c.where()
	if err != nil {
		return err
	}
	if at == "" {
		return errors.New("name the database with --store or --store-file")
	}
	return postgres.NoteRestored(ctx, at)
}
