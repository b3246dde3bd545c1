package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/handout-rtc/handout/internal/blob/diskblob"
	"github.com/handout-rtc/handout/internal/migrate"
	"github.com/handout-rtc/handout/internal/store/sqlite"
)

// migrateSide is one side of a migration, opened.
type migrateSide struct {
	migrate.Side
	name    string // for people
	closers []func() error
}

// close closes what was opened, the last first.
func (s *migrateSide) close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	return errors.Join(errs...)
}

// openSource opens the data directory that is moved, as the start of a server does:
// what a power cut may have taken is settled before it is believed.
func (c *migrateCommand) openSource(ctx context.Context) (*migrateSide, error) {
	return openDirectory(ctx, c.From, func(s *migrateSide, boot string) error {
		_, err := s.Records.Began(ctx, boot) // doubtful files are held against their hashes, as all are
		return err
	})
}

// openTarget opens what is moved to.
func (c *migrateCommand) openTarget(ctx context.Context) (*migrateSide, error) {
	if c.To == "" {
		return nil, exit{exitRefused, errors.New("where to? Say --to")}
	}
	return openDirectory(ctx, c.To, func(*migrateSide, string) error { return nil })
}

// openDirectory opens a data directory, which nobody else may use meanwhile. ready
// is called between its records and its files, with the name of what is believed of
// the kernel.
func openDirectory(ctx context.Context, dir string, ready func(s *migrateSide, boot string) error) (_ *migrateSide, err error) {
	s := &migrateSide{name: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	unlock, err := diskblob.LockDir(dir)
	if err != nil {
		return nil, exit{exitRefused, err}
	}
	s.closers = append(s.closers, unlock)
	if s.Records, err = sqlite.Open(ctx, filepath.Join(dir, recordsFile)); err != nil {
		return nil, fmt.Errorf("opening the records: %w", err)
	}
	s.closers = append(s.closers, s.Records.Close)
	failures, err := s.Records.Distrusted(ctx)
	if err != nil {
		return nil, err
	}
	boot, options := bootID(), []diskblob.Option(nil)
	if failures > 0 {
		boot += "." + strconv.FormatInt(failures, 10)
		options = append(options, diskblob.Afresh)
	}
	if err := ready(s, boot); err != nil {
		return nil, err
	}
	blobs, err := diskblob.Open(filepath.Join(dir, filesDir), options...)
	if err != nil {
		return nil, err
	}
	s.Blobs, s.closers = blobs, append(s.closers, blobs.Close)
	return s, nil
}

// copyAudit copies the files of the audit log, or finds that they were copied.
// Without a directory to copy them to they stay where they are.
func copyAudit(ctx context.Context, from, to string) error {
	if to == "" {
		return nil
	}
	source, target := filepath.Join(from, auditDir), filepath.Join(to, auditDir)
	if _, err := os.Stat(source); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := os.Stat(target); err == nil {
		return sameFiles(source, target)
	}
	// It gets its name when it is whole.
	fresh := target + ".new"
	err := os.RemoveAll(fresh)
	for _, step := range []func() error{
		func() error { return os.MkdirAll(fresh, 0o700) },
		func() error { return copyTree(ctx, source, fresh) },
		func() error { return syncTree(fresh) },
		func() error { return os.Rename(fresh, target) },
		func() error { return syncNames(to) },
	} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		return fmt.Errorf("copying the audit log: %w", err)
	}
	return nil
}

// sameFiles fails unless both directories have files of the same names and sizes.
func sameFiles(one, other string) error {
	want, err := os.ReadDir(one)
	if err != nil {
		return fmt.Errorf("copying the audit log: %w", err)
	}
	have, err := os.ReadDir(other)
	if err != nil {
		return fmt.Errorf("copying the audit log: %w", err)
	}
	for i, entry := range want {
		if i >= len(have) || have[i].Name() != entry.Name() || fileSize(have[i]) != fileSize(entry) {
			return fmt.Errorf("%s has an audit log of its own: move it away", filepath.Dir(other))
		}
	}
	return nil
}

func fileSize(entry fs.DirEntry) int64 {
	info, err := entry.Info()
	if err != nil {
		return -1
	}
	return info.Size()
}
