package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/handout-rtc/handout/internal/blob/diskblob"
	"github.com/handout-rtc/handout/internal/blob/s3blob"
	"github.com/handout-rtc/handout/internal/migrate"
	"github.com/handout-rtc/handout/internal/store/postgres"
)

// migrateSide is one side of a migration, opened.
type migrateSide struct {
	migrate.Side
	name    string // for people
	data    string // directory
	records recordsFlags
	files   blobFlags
	afresh  bool // what the kernel remembers of the files is not believed
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

// openSource opens what is moved, as the start of a server does: what a power cut
// may have taken is settled before it is believed.
func (c *migrateCommand) openSource(ctx context.Context) (_ *migrateSide, err error) {
	s := &migrateSide{data: c.From, records: recordsFlags{Store: c.FromStore, StoreFile: c.FromStoreFile}, files: blobFlags{Blobs: c.FromBlobs}}
	if s.records.ours() {
		if _, err := os.Stat(filepath.Join(c.From, recordsFile)); err != nil {
			return nil, exit{exitRefused, fmt.Errorf("%s is no data directory: %w", c.From, err)}
		}
	}
	boot, err := s.openRecords(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := s.Records.Began(ctx, boot); err != nil { // doubtful files are held against their hashes, as all are
		return nil, errors.Join(err, s.close())
	}
	return s, s.openBlobs(ctx)
}

// openTarget opens what is moved to.
func (c *migrateCommand) openTarget(ctx context.Context) (*migrateSide, error) {
	if c.To == "" {
		return nil, exit{exitRefused, errors.New("where to? Say --to")}
	}
	s := &migrateSide{data: c.To, records: recordsFlags{Store: c.ToStore, StoreFile: c.ToStoreFile}, files: blobFlags{Blobs: c.ToBlobs}}
	if _, err := s.openRecords(ctx); err != nil {
		return nil, err
	}
	return s, s.openBlobs(ctx)
}

// openRecords takes the data directory, which nobody else may use meanwhile, and
// opens the records. It returns what names the kernel, or what is believed of it: see
// parts.boot. When it fails nothing is open.
func (s *migrateSide) openRecords(ctx context.Context) (boot string, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	at, err := s.records.where()
	if err = errors.Join(err, s.files.check()); err != nil {
		return "", exit{exitRefused, err}
	}
	s.name = s.data
	if u, err := url.Parse(at); err == nil && at != "" {
		s.name += ", " + u.Redacted()
	}
	if !s.files.inDirectory() {
		s.name += ", " + s.files.Blobs
	}
	unlock, err := diskblob.LockDir(s.data)
	if err != nil {
		return "", exit{exitRefused, err}
	}
	s.closers = append(s.closers, unlock)
	if s.Records, err = s.records.open(ctx, s.data, postgres.Config{}); err != nil {
		return "", fmt.Errorf("opening the records: %w", err)
	}
	s.closers = append(s.closers, s.Records.Close)
	if err := s.unused(ctx); err != nil {
		return "", err
	}
	boot = bootID()
	failures, err := s.Records.Distrusted(ctx)
	if failures > 0 {
		boot += "." + strconv.FormatInt(failures, 10)
		s.afresh = true
	}
	return boot, err
}

// unused fails while a node of a cluster uses the records.
func (s *migrateSide) unused(ctx context.Context) error {
	cluster, err := s.Records.Cluster(ctx)
	if err != nil {
		return err
	}
	for _, node := range cluster.Nodes {
		if node.Alive {
			return exit{exitRefused, fmt.Errorf("the node at %s uses the records: stop it", node.URL)}
		}
	}
	return nil
}

// openBlobs opens the bytes. When it fails nothing of the side is open.
func (s *migrateSide) openBlobs(ctx context.Context) error {
	blobs, err := s.openFiles(ctx)
	if err != nil {
		return errors.Join(err, s.close())
	}
	s.Blobs, s.closers = blobs, append(s.closers, blobs.Close)
	return nil
}

func (s *migrateSide) openFiles(ctx context.Context) (files, error) {
	if s.files.inDirectory() {
		var options []diskblob.Option
		if s.afresh {
			options = append(options, diskblob.Afresh)
		}
		return diskblob.Open(filepath.Join(s.data, filesDir), options...)
	}
	config, err := s.files.config(s.data, s.Records)
	if err != nil {
		return nil, exit{exitRefused, err}
	}
	return s3blob.Open(ctx, config)
}

// noteMoved keeps servers from using a data directory whose records were moved.
func (s *migrateSide) noteMoved(to string) error {
	if !s.records.ours() {
		return nil
	}
	return noteMoved(s.data, to, time.Now())
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
