package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/postgres"
	"github.com/handout-rtc/handout/internal/store/sqlite"
)

// recordsFlags say where the records are, of every command that reads them.
type recordsFlags struct {
	Store     string `placeholder:"URL" help:"Database of the records: postgres://user:password@host/database. Without it, SQLite in --data. What stands in a command line others can read: name a password in the environment or in --store-file."`
	StoreFile string `type:"path" placeholder:"FILE" help:"The same from a file."`
}

// where returns the URL of the database, "" for the file in the data directory. No
// error tells what the URL says.
func (f *recordsFlags) where() (string, error) {
	at, name := f.Store, "--store"
	if f.StoreFile != "" {
		if at != "" {
			return "", errors.New("--store and --store-file say the same: name one")
		}
		text, err := os.ReadFile(f.StoreFile)
		if err != nil {
			return "", fmt.Errorf("--store-file: %w", err)
		}
		if at, name = strings.TrimSpace(string(text)), "--store-file"; at == "" {
			return "", errors.New("--store-file is empty")
		}
	}
	if at == "" {
		return "", nil
	}
	if u, err := url.Parse(at); err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", fmt.Errorf("%s is to be of the form postgres://user:password@host:port/database", name)
	}
	return at, nil
}

// ours reports whether the records are in the data directory.
func (f *recordsFlags) ours() bool { return f.Store == "" && f.StoreFile == "" }

// open opens the records for a process that has the data directory for itself.
func (f *recordsFlags) open(ctx context.Context, data string, c postgres.Config, options ...sqlite.Option) (*store.DB, error) {
	at, err := f.where()
	if err != nil {
		return nil, err
	}
	if at != "" {
		return postgres.Open(ctx, at, c)
	}
	return sqlite.Open(ctx, filepath.Join(data, recordsFile), options...)
}

// inspect opens the records for reading alone, beside a server too.
func (f *recordsFlags) inspect(ctx context.Context, data string) (*store.DB, error) {
	at, err := f.where()
	if err != nil {
		return nil, err
	}
	if at != "" {
		return postgres.Inspect(ctx, at)
	}
	return sqlite.Inspect(ctx, filepath.Join(data, recordsFile))
}
