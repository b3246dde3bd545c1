package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/handout-rtc/handout/internal/signal"
)

// pushFlags say by what the nodes of a cluster tell each other of events.
type pushFlags struct {
	Push     string `placeholder:"URL" help:"Redis by which the nodes of a cluster push events: redis://user:password@host:port, rediss:// for TLS. Without it, the process itself, which then serves alone. What stands in a command line others can read: name a password in the environment or in --push-file."`
	PushFile string `type:"path" placeholder:"FILE" help:"The same from a file."`
}

// redis returns the address of Redis, "" for none. No error tells what it says.
func (f *pushFlags) redis() (string, error) {
	at, name := f.Push, "--push"
	if f.PushFile != "" {
		if at != "" {
			return "", errors.New("--push and --push-file say the same: name one")
		}
		text, err := os.ReadFile(f.PushFile)
		if err != nil {
			return "", fmt.Errorf("--push-file: %w", err)
		}
		if at, name = strings.TrimSpace(string(text)), "--push-file"; at == "" {
			return "", errors.New("--push-file is empty")
		}
	}
	if at == "" {
		return "", nil
	}
	if err := signal.CheckRedisURL(at); err != nil {
		return "", fmt.Errorf("%s: the address of Redis %w", name, err)
	}
	return at, nil
}

// checkPush returns what is wrong with how events are to be pushed.
func (c *serveCommand) checkPush() error {
	at, err := c.redis()
	switch {
	case err != nil:
		return err
	case at != "" && !c.isNode():
		return errors.New("--push is for the nodes of a cluster, which need --node-listen, --node-url, --node-secret-file and --store too")
	case at == "" && c.isNode():
		return errors.New("the nodes of a cluster need a Redis by which they push events: --push")
	}
	return nil
}
