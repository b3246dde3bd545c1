package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/blob/diskblob"
	"github.com/handout-rtc/handout/internal/blob/s3blob"
	"github.com/handout-rtc/handout/internal/server"
	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/verify"
	"github.com/handout-rtc/handout/protocol"
)

const (
	// spoolDir is where bytes wait for the bucket, in the data directory.
	spoolDir = "spool"
	// everywhere stands in the records for the boot under which bytes were written,
	// where those that were flushed survive any machine.
	everywhere = "bucket"
)

// blobFlags say where the files are, of every command that reads them.
type blobFlags struct {
	Blobs string `placeholder:"URL" help:"Bucket of the files: s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION. Without it, a directory in --data. Credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the file that AWS_SHARED_CREDENTIALS_FILE names, or the role of the machine."`
	Spool string `type:"path" placeholder:"DIR" help:"Directory for bytes on their way to the bucket; without it, one in --data."`
}

// inDirectory reports whether the files are in the data directory.
func (f *blobFlags) inDirectory() bool { return f.Blobs == "" }

// check returns what is wrong with the flags.
func (f *blobFlags) check() error {
	if f.inDirectory() {
		if f.Spool != "" {
			return errors.New("--spool is for the bucket of --blobs, which is not named")
		}
		return nil
	}
	if _, err := s3blob.ParsePlace(f.Blobs); err != nil {
		return fmt.Errorf("--blobs: %w", err)
	}
	return nil
}

// config returns what a bucket's store works with.
func (f *blobFlags) config(data string, records *store.DB) (s3blob.Config, error) {
	place, err := s3blob.ParsePlace(f.Blobs)
	if err != nil {
		return s3blob.Config{}, fmt.Errorf("--blobs: %w", err)
	}
	spool := f.Spool
	if spool == "" {
		spool = filepath.Join(data, spoolDir)
	}
	return s3blob.Config{Place: place, Manifest: manifests{records}, Spool: spool}, nil
}

// files is where the bytes are: a directory or a bucket.
type files interface {
	blob.Store
	blob.Putter
	// FreeBytes returns how many bytes the local disk has left.
	FreeBytes() (int64, error)
	Close() error
}

// inspected is what verify needs of the files.
type inspected interface {
	verify.Blobs
	verify.Remover
}

// openFiles opens what --blobs says.
func (p *parts) openFiles(ctx context.Context, c *serveCommand, options []diskblob.Option) error {
	if c.blobFlags.inDirectory() {
		if held, err := p.records.Manifests(ctx, "", 1); err != nil || len(held) > 0 {
			return errors.Join(errors.New("the records say that files are in a bucket: name it with --blobs"), err)
		}
		disk, err := diskblob.Open(filepath.Join(c.Data, filesDir), options...)
		if err != nil {
			return err
		}
		p.disk, p.blobs = disk, disk
		p.closers = append(p.closers, disk.Close)
		return nil
	}
	config, err := c.blobFlags.config(c.Data, p.records)
	if err != nil {
		return err
	}
	config.SpoolBytes, config.Largest = int64(c.Limits.SpoolBytes), int64(c.Limits.MaxFileSize)
	config.Patience, config.Observer, config.Log = c.Limits.BucketPatience, p.measures, p.log
	if c.Redirect {
		config.Joins = manifests{p.records}
	}
	if p.bucket, err = s3blob.Open(ctx, config); err != nil {
		return err
	}
	p.blobs = p.bucket
	p.closers = append(p.closers, p.bucket.Close)
	return nil
}

// elsewhere is how links to complete files lead to the bucket; nil if they do not.
func (p *parts) elsewhere(c *serveCommand) func(context.Context, blob.Key, string) (string, error) {
	if !c.Redirect {
		return nil
	}
	return func(ctx context.Context, key blob.Key, disposition string) (string, error) {
		return p.bucket.SignedURL(ctx, key, disposition, share.TicketLife)
	}
}

// believed names what is believed of the bytes that uploads have: see upload.Config.
func (p *parts) believed(boot string) string {
	if p.bucket != nil {
		return everywhere
	}
	return boot
}

// promised returns how many bytes are still to come to the local disk.
func (p *parts) promised(ctx context.Context) (int64, error) {
	if p.bucket != nil {
		return p.bucket.Spooled(), nil
	}
	return p.records.Promised(ctx)
}

// healthy returns why the local disk takes no bytes any more.
func (p *parts) healthy() error {
	if p.disk == nil {
		return nil
	}
	return p.disk.Healthy()
}

// fileChecks are what must hold of the bucket for the server to be ready.
func (p *parts) fileChecks() []server.Check {
	if p.bucket == nil {
		return nil
	}
	return []server.Check{{Name: "bucket", Ask: func(ctx context.Context) error {
		if err := p.bucket.Ready(ctx); err != nil {
			return protocol.WrapError(protocol.CodeUnavailable, "the bucket does not answer", err)
		}
		return nil
	}}}
}

// tidyBucket removes what nobody needs from the bucket, until ctx ends.
func (p *parts) tidyBucket(ctx context.Context) {
	if p.bucket != nil {
		p.bucket.Run(ctx)
	}
}

// flush makes the files survive a power cut; those of a bucket do.
func (p *parts) flush() error {
	if p.disk == nil {
		return nil
	}
	return p.disk.Flush()
}

// inspectFiles opens the files for reading alone, beside a server too.
func (f *blobFlags) inspectFiles(ctx context.Context, data string, records *store.DB) (inspected, error) {
	if f.inDirectory() {
		return diskblob.Inspect(filepath.Join(data, filesDir))
	}
	config, err := f.config(data, records)
	if err != nil {
		return nil, err
	}
	return s3blob.Inspect(ctx, config)
}

// openAlone opens the files for a process that alone changes them.
func (f *blobFlags) openAlone(ctx context.Context, data string, records *store.DB) (inspected, error) {
	if f.inDirectory() {
		return diskblob.Open(filepath.Join(data, filesDir))
	}
	config, err := f.config(data, records)
	if err != nil {
		return nil, err
	}
	if config.Spool, err = os.MkdirTemp("", "handout-spool-"); err != nil {
		return nil, err
	}
	defer os.RemoveAll(config.Spool) // nothing is written
	return s3blob.Open(ctx, config)
}
