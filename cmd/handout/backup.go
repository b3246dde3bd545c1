package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/handout-rtc/handout/internal/blob/diskblob"
	"github.com/handout-rtc/handout/internal/store/sqlite"
)

// backupCommand is `handout backup`.
type backupCommand struct {
	Data         string `default:"./data" type:"path" help:"Directory of the records and the files."`
	recordsFlags `embed:""`
	FilesOnly    bool   `env:"-" help:"Copy what is in the directory, without the records: they are in the database of --store, and were taken before, say by pg_dump."`
	To           string `arg:"" type:"path" help:"Directory to make, for the backup."`
}

// Help implements kong's long help.
func (backupCommand) Help() string {
	return `Copies the data directory, beside a running server too. What is made is a data directory itself: to restore it is to
start the server with it. Everything that was acknowledged before the backup began is in it, but for what has ended meanwhile.

Records in PostgreSQL are backed up by its own means, before --files-only: docs/backup.md.`
}

// Run implements `handout backup`.
func (c *backupCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if c.ours() == c.FilesOnly {
		if c.FilesOnly {
			return errors.New("--files-only is for records in PostgreSQL: these are in the directory")
		}
		return errors.New("the records are in PostgreSQL: take them with pg_dump, and then the files with --files-only")
	}
	if err := os.Mkdir(c.To, 0o700); err != nil {
		return fmt.Errorf("making the directory of the backup: %w", err)
	}
	if err := c.copy(ctx); err != nil {
		return errors.Join(fmt.Errorf("backing up: %w", err), os.RemoveAll(c.To))
	}
	return nil
}

// copy copies the records and then the bytes: so there are bytes for each record,
// but of what was removed in between. Bytes without a record are cleared away by
// the first start.
func (c *backupCommand) copy(ctx context.Context) error {
	if c.ours() {
		if err := sqlite.Backup(ctx, filepath.Join(c.Data, recordsFile), filepath.Join(c.To, recordsFile)); err != nil {
			return err
		}
	}
	// Bytes move from what is staged to what is complete, and never back: in this
	// order they cannot be missed on their way.
	for _, dir := range append(diskblob.Trees(), auditDir) {
		in := filepath.Join(filesDir, dir)
		if dir == auditDir {
			in = dir
		}
		if err := copyTree(ctx, filepath.Join(c.Data, in), filepath.Join(c.To, in)); err != nil {
			return err
		}
	}
	return syncTree(c.To)
}

// copyTree copies the regular files below a directory. What is removed meanwhile is
// left out.
func copyTree(ctx context.Context, from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		switch {
		case entry.IsDir():
			return os.MkdirAll(target, 0o700)
		case !entry.Type().IsRegular():
			return nil
		}
		err = copyFile(path, target)
		if errors.Is(err, fs.ErrNotExist) {
			return os.RemoveAll(target)
		}
		return err
	})
}

// copyFile copies a file and syncs the copy. Whatever is appended meanwhile may be
// in it or not.
func copyFile(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if _, err := io.Copy(target, source); err != nil {
		return err
	}
	return target.Sync()
}

// syncTree makes the names in and below a directory, and its own, survive a power
// cut.
func syncTree(dir string) error {
	sync := func(path string) error {
		opened, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(opened.Sync(), opened.Close())
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return sync(path)
	})
	return errors.Join(err, sync(filepath.Dir(dir)))
}
