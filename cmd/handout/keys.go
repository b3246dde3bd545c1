package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/handout-rtc/handout/token"
)

const (
	safeKeyLength = 16 // bytes; shorter keys of HS256 can be guessed
	maxAppFile    = 1 << 20
)

// keys returns the applications' keys: those of --app, and those of --app-file as
// they are now. An application is in one of the two.
func (c *serveCommand) keys() (token.Keys, error) {
	keys := token.Keys{}
	if c.Dev {
		keys[devApp] = [][]byte{[]byte(devKey)}
	}
	for _, app := range c.App {
		if err := addKey(keys, app); err != nil {
			return nil, fmt.Errorf("--app: %w", err)
		}
	}
	if c.AppFile == "" {
		return keys, nil
	}
	fromFile, err := readKeys(c.AppFile)
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

// readKeys reads a file of one ID:KEY a line. Empty lines, and those that begin with
// #, are nothing. Its errors tell no key.
func readKeys(file string) (token.Keys, error) {
	text, err := os.ReadFile(file)
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxAppFile:
		return nil, errors.New("it is no file of keys: it is too large")
	}
	keys := token.Keys{}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := addKey(keys, line); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("it names no application")
	}
	return keys, nil
}

// addKey adds ID:KEY, behind the keys that the application has.
func addKey(keys token.Keys, app string) error {
	id, key, ok := strings.Cut(app, ":")
	switch {
	case !ok || id == "":
		return errors.New("it must be ID:KEY")
	case key == "":
		return fmt.Errorf("%s has no key", id)
	case slices.ContainsFunc(keys[id], func(other []byte) bool { return bytes.Equal(other, []byte(key)) }):
		return fmt.Errorf("%s has the same key twice", id)
	case len(keys[id]) == token.MaxKeys:
		return fmt.Errorf("%s has more than %d keys", id, token.MaxKeys)
	}
	keys[id] = append(keys[id], []byte(key))
	return nil
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

// readKeysAgain reads --app-file at each SIGHUP: from then on its keys count, and
// connections that others had let in end. A file that is no good changes nothing.
// Without a file SIGHUP ends the process, as it does any other.
func (c *serveCommand) readKeysAgain(p *parts) (stop func()) {
	if c.AppFile == "" {
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
			keys, err := c.keys()
			if err != nil {
				p.log.Error("the keys cannot be read, the last ones stay", "err", err)
				continue
			}
			warnOfKeys(keys, p.log)
			p.keys.Replace(keys)
			p.edge.Expel()
			p.log.Info("keys read", "file", c.AppFile, "apps", len(keys))
		}
	})
	return func() {
		signal.Stop(hangups)
		close(done)
		group.Wait()
	}
}
