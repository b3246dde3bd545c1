package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"

	"github.com/handout-rtc/handout/token"
)

const safeKeyLength = 16 // bytes; shorter keys of HS256 can be guessed

// keys returns the applications' keys: those of --app, and those of --app-file as
// they are now. An application is in one of the two.
func (c *serveCommand) keys() (token.Keys, error) {
	keys := token.Keys{}
	if c.Dev {
		keys[devApp] = [][]byte{[]byte(devKey)}
	}
	for _, app := range c.App {
		if err := keys.Add(app); err != nil {
			return nil, fmt.Errorf("--app: %w", err)
		}
	}
	if c.AppFile == "" {
		return keys, nil
	}
	fromFile, err := token.ReadKeys(c.AppFile)
	if err != nil {
		return nil, fmt.Errorf("--app-file: %w", err)
	}
	for app, its := range fromFile {
		if keys[app] != nil {
			return nil, fmt.Errorf("--app-file: %s has a key beside the file's", app)
		}
		keys[app] = its
	}
	return keys, nil
}

// warnOfKeys says which keys are too short to be safe. They work: who tries the
// server on a laptop should not have to make one up.
func warnOfKeys(keys token.Keys, log *slog.Logger) {
	for app, its := range keys {
		if slices.ContainsFunc(its, func(key []byte) bool { return len(key) < safeKeyLength }) {
			log.Warn("the key of an application is short enough to be guessed", "app", app, "wanted", safeKeyLength)
		}
	}
}

// readAgain reads --app-file and --webhook-file at each SIGHUP: from then on the keys
// of the one count, and connections that others had let in end; and the endpoints of
// the other are told. A file that is no good changes nothing. Without either SIGHUP
// ends the process, as it does any other.
func (c *serveCommand) readAgain(p *parts) (stop func()) {
	if c.AppFile == "" && c.WebhookFile == "" {
		return func() {}
	}
	hangups, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hangups, syscall.SIGHUP)
	var group sync.WaitGroup
	group.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-hangups:
			}
			c.readKeys(p)
			if err := p.readWebhooks(context.Background(), c); err != nil {
				p.log.Error("the webhooks cannot be read, the last ones stay", "err", err)
			}
		}
	})
	return func() {
		signal.Stop(hangups)
		close(done)
		group.Wait()
	}
}

func (c *serveCommand) readKeys(p *parts) {
	keys, err := c.keys()
	if err != nil {
		p.log.Error("the keys cannot be read, the last ones stay", "err", err)
		return
	}
	warnOfKeys(keys, p.log)
	p.keys.Replace(keys)
	p.edge.Expel()
	p.log.Info("keys read", "file", c.AppFile, "apps", len(keys))
}
