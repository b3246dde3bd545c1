package faulttest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"io"
	"path/filepath"
	"testing"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/blob/diskblob"
	"github.com/handout-rtc/handout/protocol"
)

// storage is where a server keeps its bytes, as the checker reads it: past the server.
type storage interface {
	// blobs returns every blob there is, and the names of what is of none. With sums,
	// those that are committed are hashed, which takes as long as reading them; nobody
	// may write meanwhile.
	blobs(ctx context.Context, records *sql.DB, sums bool) (all []Blob, strays []string, err error)
	// collect removes what a server that died may leave for later, as the server does it
	// in time, and returns how many things that were.
	collect(ctx context.Context, records *sql.DB) (removed int, err error)
}

// filesDir is where the bytes are in a data directory.
const filesDir = "files"

// directory is the storage of a server without a bucket.
type directory string

func newDirectory(data string) directory { return directory(filepath.Join(data, filesDir)) }

// blobs implements storage. It reads the bytes as the server would.
func (d directory) blobs(ctx context.Context, _ *sql.DB, sums bool) (all []Blob, strays []string, err error) {
	blobs, err := diskblob.Open(string(d))
	if err != nil {
		return nil, nil, err
	}
	defer blobs.Close()
	for info, err := range blobs.List(ctx) {
		if err != nil {
			return nil, nil, err
		}
		b := Blob{Key: protocol.ShareID(info.Key), Committed: info.Committed, Size: info.Size}
		if b.Committed && sums {
			if b.SHA256, err = sumOf(ctx, blobs, info.Key); err != nil {
				return nil, nil, err
			}
		}
		all = append(all, b)
	}
	return all, nil, nil
}

// collect implements storage: the start of a server leaves nothing.
func (directory) collect(context.Context, *sql.DB) (int, error) { return 0, nil }

func sumOf(ctx context.Context, blobs blob.Store, key blob.Key) (string, error) {
	bytes, err := blobs.Open(ctx, key)
	if err != nil {
		return "", err
	}
	defer bytes.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, bytes); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// left is what a server, or a cluster, has left when it has ended.
type left struct {
	open  func() (*sql.DB, error) // its records
	files storage
}

// facts reads what is left. Without sums that is quick, and may be done beside servers.
func (l left) facts(ctx context.Context, sums bool) (*Facts, error) {
	records, err := l.open()
	if err != nil {
		return nil, err
	}
	defer records.Close()
	return readFacts(ctx, records, l.files, sums)
}

// verdict reads what is left when all has ended, and fails the test with every
// violation. What somebody who died has left for later is removed before; where nobody
// died, and nothing was taken from anybody, there is no such thing.
func (l left) verdict(ctx context.Context, t testing.TB, journal *Journal, rules Rules) *Facts {
	t.Helper()
	if journal.disturbed() {
		l.collect(ctx, t)
	}
	facts, err := l.facts(ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	hold(t, journal, facts, rules)
	return facts
}

func (l left) collect(ctx context.Context, t testing.TB) {
	t.Helper()
	records, err := l.open()
	if err != nil {
		t.Fatal(err)
	}
	defer records.Close()
	removed, err := l.files.collect(ctx, records)
	if err != nil {
		t.Fatalf("collecting what the dead have left: %v", err)
	}
	if removed > 0 {
		t.Logf("%d things were left for later, and are collected", removed)
	}
}

// orderly are the faults by which nothing is left for later.
var orderly = map[string]bool{"start": true, "stop": true, "over": true}

// disturbed reports whether there was a fault but for servers that were stopped.
func (j *Journal) disturbed() bool {
	for _, e := range j.Entries() {
		if e.Fault != nil && !orderly[e.Fault.What] {
			return true
		}
	}
	return false
}
