package faulttest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/handout-rtc/handout/internal/blob/s3blob"
	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/protocol"
)

// bucket is the storage of servers with --blobs: objects, and in the records the
// manifests that say which of them are a blob.
type bucket struct {
	s3blob.Place
	objects *minio.Client
}

// newBucket returns the bucket of such a URL, on a server of enginetest.
func newBucket(url string) (*bucket, error) {
	place, err := s3blob.ParsePlace(url)
	if err != nil {
		return nil, err
	}
	objects, err := minio.New(place.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(enginetest.S3AccessKey, enginetest.S3SecretKey, ""), Region: place.Region, Secure: !place.Insecure,
	})
	return &bucket{place, objects}, err
}

// blobs implements storage. A blob has the bytes that are there, from its first one on,
// whatever its manifest says.
func (b *bucket) blobs(ctx context.Context, records *sql.DB, sums bool) (all []Blob, strays []string, err error) {
	there, err := b.list(ctx)
	if err != nil {
		return nil, nil, err
	}
	manifests, err := readManifests(ctx, records)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the manifests: %w", err)
	}
	pieces := make(map[protocol.ShareID][]extent)
	for _, m := range manifests {
		held, size := m.held(there)
		all, pieces[m.blob] = append(all, Blob{Key: m.blob, Committed: m.committed, Size: size}), held
		for _, p := range m.pieces {
			delete(there, p.object)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		key, isPut := strings.CutPrefix(name, "put/")
		id := protocol.ShareID(key)
		if _, known := pieces[id]; !isPut || known {
			strays = append(strays, name)
			continue
		}
		all = append(all, Blob{Key: id, Committed: true, Size: there[name]})
		pieces[id] = []extent{{object: name, length: there[name]}}
	}
	unfinished, err := b.unfinished(ctx)
	if err != nil {
		return nil, nil, err
	}
	for i := range all {
		if all[i].Committed && sums {
			if all[i].SHA256, err = b.sum(ctx, pieces[all[i].Key]); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", all[i].Key, err)
			}
		}
	}
	return all, append(strays, unfinished...), nil
}

// list returns the sizes of all objects, by their names below the prefix; those that
// are elsewhere have their whole names, behind a slash.
func (b *bucket) list(ctx context.Context) (map[string]int64, error) {
	sizes := make(map[string]int64)
	for object := range b.objects.ListObjects(ctx, b.Bucket, minio.ListObjectsOptions{Recursive: true}) {
		if object.Err != nil {
			return nil, fmt.Errorf("listing the bucket: %w", object.Err)
		}
		sizes[b.below(object.Key)] = object.Size
	}
	return sizes, nil
}

func (b *bucket) below(name string) string {
	if rest, is := strings.CutPrefix(name, b.Prefix); is {
		return rest
	}
	return "/" + name
}

// unfinished names the multipart uploads that nobody has completed.
func (b *bucket) unfinished(ctx context.Context) (names []string, err error) {
	for upload := range b.objects.ListIncompleteUploads(ctx, b.Bucket, "", true) {
		if upload.Err != nil {
			return nil, fmt.Errorf("listing what is unfinished in the bucket: %w", upload.Err)
		}
		names = append(names, "the unfinished "+b.below(upload.Key))
	}
	return names, nil
}

// sum hashes the pieces, one behind the other.
func (b *bucket) sum(ctx context.Context, pieces []extent) (string, error) {
	hash := sha256.New()
	for _, p := range pieces {
		object, err := b.objects.GetObject(ctx, b.Bucket, b.Prefix+p.object, minio.GetObjectOptions{})
		if err != nil {
			return "", err
		}
		_, err = io.CopyN(hash, object, p.length)
		object.Close()
		if err != nil {
			return "", fmt.Errorf("%s: %w", p.object, err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// collect implements storage, by what the server itself does every hour with what is an
// hour old.
func (b *bucket) collect(ctx context.Context, records *sql.DB) (int, error) {
	for _, pair := range enginetest.S3Env() { // where programs have them; they are the same for all tests
		name, value, _ := strings.Cut(pair, "=")
		if err := os.Setenv(name, value); err != nil {
			return 0, err
		}
	}
	store, err := s3blob.Inspect(ctx, s3blob.Config{Place: b.Place, Manifest: lists{records: records}, OrphanAge: time.Nanosecond})
	if err != nil {
		return 0, err
	}
	removed, err := store.Collect(ctx)
	return removed, errors.Join(err, store.Close())
}

// manifest is what the records say of a blob: which objects it is put together of.
type manifest struct {
	blob      protocol.ShareID
	committed bool
	pieces    []extent // by their places
}

// extent is an object's first bytes, as a stretch of a blob.
type extent struct {
	object        string
	start, length int64
}

// held returns the pieces that are there, up to the first that is not, and how many
// bytes they have.
func (m manifest) held(there map[string]int64) (held []extent, size int64) {
	for _, p := range m.pieces {
		if has, is := there[p.object]; !is || has < p.length || p.start != size {
			break
		}
		held, size = append(held, p), size+p.length
	}
	return held, size
}

func readManifests(ctx context.Context, records *sql.DB) ([]manifest, error) {
	pieces, err := readPieces(ctx, records)
	if err != nil {
		return nil, err
	}
	rows, err := records.QueryContext(ctx, `SELECT blob, state FROM manifests ORDER BY blob`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []manifest
	for rows.Next() {
		var m manifest
		var state s3blob.State
		if err := rows.Scan(&m.blob, &state); err != nil {
			return nil, err
		}
		m.committed, m.pieces = state == s3blob.Committed, pieces[m.blob]
		all = append(all, m)
	}
	return all, rows.Err()
}

func readPieces(ctx context.Context, records *sql.DB) (map[protocol.ShareID][]extent, error) {
	rows, err := records.QueryContext(ctx, `SELECT blob, object, start, length FROM segments ORDER BY blob, start`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := make(map[protocol.ShareID][]extent)
	for rows.Next() {
		var blob protocol.ShareID
		var p extent
		if err := rows.Scan(&blob, &p.object, &p.start, &p.length); err != nil {
			return nil, err
		}
		all[blob] = append(all[blob], p)
	}
	return all, rows.Err()
}

// lists is as much of the manifests as collecting needs.
type lists struct {
	s3blob.Manifest // nothing else is asked
	records         *sql.DB
}

// Read implements s3blob.Manifest. A blob that has none has no segments.
func (l lists) Read(ctx context.Context, blob string) (s3blob.Listing, error) {
	pieces, err := readPieces(ctx, l.records)
	listing := s3blob.Listing{Blob: blob}
	for _, p := range pieces[protocol.ShareID(blob)] {
		listing.Segments = append(listing.Segments, s3blob.Segment{Start: p.start, Length: p.length, Object: p.object})
	}
	return listing, err
}
