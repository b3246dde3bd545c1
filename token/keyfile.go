package token

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

const maxKeyFile = 1 << 20 // bytes

// ReadKeys reads a file of one ID:KEY a line. Empty lines, and those that begin with
// #, are nothing. Its errors tell no key.
func ReadKeys(file string) (Keys, error) {
	text, err := os.ReadFile(file)
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxKeyFile:
		return nil, errors.New("it is no file of keys: it is too large")
	}
	keys := Keys{}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := keys.Add(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("it names no application")
	}
	return keys, nil
}

// Add adds ID:KEY, behind the keys that the application has. Its errors tell no key.
func (k Keys) Add(app string) error {
	id, key, ok := strings.Cut(app, ":")
	switch {
	case !ok || id == "":
		return errors.New("it must be ID:KEY")
	case key == "":
		return fmt.Errorf("%s has no key", id)
	case slices.ContainsFunc(k[id], func(other []byte) bool { return bytes.Equal(other, []byte(key)) }):
		return fmt.Errorf("%s has the same key twice", id)
	case len(k[id]) == MaxKeys:
		return fmt.Errorf("%s has more than %d keys", id, MaxKeys)
	}
	k[id] = append(k[id], []byte(key))
	return nil
}
