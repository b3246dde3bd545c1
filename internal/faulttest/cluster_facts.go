package faulttest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/minio/minio-go/v7"

	"github.com/handout-rtc/handout/protocol"
)

// facts reads what a cluster keeps, from the database and the bucket. Sums are those of
// the bytes themselves, which takes as long as reading them; without them it is quick.
func (e *Engines) facts(ctx context.Context, sums bool) (*Facts, error) {
	facts := new(Facts)
	db, err := sql.Open("pgx", e.database)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := facts.readRecords(ctx, db); err != nil {
		return nil, err
	}
	reading := &bucketReading{objects: e.objects, bucket: e.bucket, sums: sums}
	if err := reading.read(ctx, db); err != nil {
		return nil, fmt.Errorf("reading the bucket: %w", err)
	}
	facts.Blobs = reading.blobs
	return facts, nil
}

// Objects counts all that is in the bucket, unfinished uploads too.
func (e *Engines) Objects(ctx context.Context) (n int, err error) {
	for object := range e.objects.ListObjects(ctx, e.bucket, minio.ListObjectsOptions{Recursive: true}) {
		if object.Err != nil {
			return 0, object.Err
		}
		n++
	}
	for upload := range e.objects.ListIncompleteUploads(ctx, e.bucket, "", true) {
		if upload.Err != nil {
			return 0, upload.Err
		}
		n++
	}
	return n, nil
}

// bucketReading puts together which blobs a bucket holds, and finds what is nobody's.
type bucketReading struct {
	objects *minio.Client
	bucket  string
	sums    bool

	blobs []Blob
	known map[protocol.ShareID]bool // that a manifest has
}

func (r *bucketReading) read(ctx context.Context, db *sql.DB) error {
	r.known = make(map[protocol.ShareID]bool)
	if err := r.manifests(ctx, db); err != nil {
		return err
	}
	for object := range r.objects.ListObjects(ctx, r.bucket, minio.ListObjectsOptions{Recursive: true}) {
		if object.Err != nil {
			return object.Err
		}
		kind, key := keyOf(object.Key)
		if r.known[key] {
			continue // of a blob that is there
		}
		blob := Blob{Key: key, Committed: kind == "put", Size: object.Size}
		if err := r.sum(ctx, &blob, []firstBytes{{object.Key, object.Size}}); err != nil {
			return err
		}
		r.blobs = append(r.blobs, blob)
	}
	for upload := range r.objects.ListIncompleteUploads(ctx, r.bucket, "", true) {
		if upload.Err != nil {
			return upload.Err
		}
		_, key := keyOf(upload.Key)
		r.blobs = append(r.blobs, Blob{Key: key, Size: upload.Size})
	}
	return nil
}

// keyOf takes the name of an object apart: "put/KEY", "joined/KEY", or
// "segments/KEY/WORD". What is of no such form is a key that no record has.
func keyOf(object string) (kind string, key protocol.ShareID) {
	parts := strings.Split(object, "/")
	if len(parts) < 2 {
		return "", protocol.ShareID(object)
	}
	return parts[0], protocol.ShareID(parts[1])
}

// firstBytes are an object's first bytes.
type firstBytes struct {
	object string
	length int64
}

// manifests reads the blobs that are put together of several objects.
func (r *bucketReading) manifests(ctx context.Context, db *sql.DB) error {
	segments, err := segmentsOf(ctx, db)
	if err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, `SELECT blob, state, size FROM manifests ORDER BY blob`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var blob Blob
		var state int
		if err := rows.Scan(&blob.Key, &state, &blob.Size); err != nil {
			return err
		}
		blob.Committed = state == 1
		if err := r.sum(ctx, &blob, segments[blob.Key]); err != nil {
			return fmt.Errorf("%s: %w", blob.Key, err)
		}
		r.blobs, r.known[blob.Key] = append(r.blobs, blob), true
	}
	return rows.Err()
}

func segmentsOf(ctx context.Context, db *sql.DB) (map[protocol.ShareID][]firstBytes, error) {
	rows, err := db.QueryContext(ctx, `SELECT blob, object, length FROM segments ORDER BY blob, start`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := make(map[protocol.ShareID][]firstBytes)
	for rows.Next() {
		var key protocol.ShareID
		var s firstBytes
		if err := rows.Scan(&key, &s.object, &s.length); err != nil {
			return nil, err
		}
		all[key] = append(all[key], s)
	}
	return all, rows.Err()
}

// sum hashes a blob that is committed.
func (r *bucketReading) sum(ctx context.Context, blob *Blob, stretches []firstBytes) error {
	if !blob.Committed || !r.sums {
		return nil
	}
	hash := sha256.New()
	for _, s := range stretches {
		object, err := r.objects.GetObject(ctx, r.bucket, s.object, minio.GetObjectOptions{})
		if err != nil {
			return err
		}
		_, err = io.CopyN(hash, object, s.length)
		object.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", s.object, err)
		}
	}
	blob.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return nil
}
