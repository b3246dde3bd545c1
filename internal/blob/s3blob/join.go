package s3blob

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/crash"
)

const (
	// joinEvery is how often whole blobs are looked for that nobody has joined: the
	// process that completed them may have died.
	joinEvery = time.Minute
	// copying is how many segments are copied at a time.
	copying = 4
)

// whole has a blob joined that was committed a moment ago. What there is no place for
// is found by the next look.
func (s *Store) whole(key blob.Key) {
	if s.Joins == nil {
		return
	}
	select {
	case s.joining <- key:
	default:
	}
}

// joinAll joins every whole blob that has several segments. What fails keeps no other.
func (s *Store) joinAll(ctx context.Context) error {
	if s.Joins == nil {
		return nil
	}
	var failed error
	for after := ""; ctx.Err() == nil; {
		found, err := s.Joins.Joinable(ctx, after, page)
		if err != nil {
			return err
		}
		for _, key := range found {
			after = key
			failed = errors.Join(failed, s.Join(ctx, blob.Key(key)))
		}
		if len(found) < page {
			break
		}
	}
	return failed
}

// Join copies the segments of a committed blob into one object, within the bucket, which
// holds it from then on. Whoever reads the segments goes on with that. Doing it twice,
// also at the same time, makes the same object; one that cannot be joined stays as it is.
func (s *Store) Join(ctx context.Context, key blob.Key) error {
	listing, err := s.Manifest.Read(ctx, string(key))
	if isNone(err) || err == nil && (listing.State != Committed || !joinable(listing.Segments)) {
		return nil
	}
	if err != nil {
		return err
	}
	object := joinedName(key)
	if err := s.bucket.join(ctx, object, listing.Segments); err != nil {
		if errors.Is(err, blob.ErrNotFound) { // somebody has joined or removed it meanwhile
			return nil
		}
		return fmt.Errorf("joining %s: %w", key, err)
	}
	crash.At(crash.ObjectJoined)
	garbage, err := s.Joins.Join(ctx, string(key), listing.Epoch, object)
	if errors.Is(err, ErrFenced) { // it was removed: the object is an orphan
		s.discard([]string{object})
		return nil
	}
	if err != nil {
		return err
	}
	crash.At(crash.JoinListed)
	s.discard(garbage)
	return nil
}

// join makes an object of segments.
func (b *bucket) join(ctx context.Context, object string, segments []Segment) (err error) {
	var id string
	err = b.do(ctx, kindCopy, 0, func(ctx context.Context) (err error) {
		id, err = b.core.NewMultipartUpload(ctx, b.name, b.prefix+object, minio.PutObjectOptions{})
		return err
	})
	if err != nil {
		return err
	}
	crash.At(crash.JoinBegun)
	defer func() {
		if err != nil { // what is left is found with the orphans
			_ = b.abort(context.WithoutCancel(ctx), object, id)
		}
	}()
	parts := make([]minio.CompletePart, len(segments))
	group, copies := errgroup.WithContext(ctx)
	group.SetLimit(copying)
	for i, s := range segments {
		group.Go(func() error {
			return b.do(copies, kindCopy, s.Length, func(ctx context.Context) (err error) {
				parts[i], err = b.core.CopyObjectPart(ctx, b.name, b.prefix+s.Object, b.name, b.prefix+object, id, i+1, 0, s.Length, nil)
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	crash.At(crash.SegmentsCopied)
	last := segments[len(segments)-1]
	return b.complete(ctx, object, id, parts, last.Start+last.Length)
}

// complete completes a multipart upload. Of an answer that got lost, asking again says
// that there is no such upload: then the object is there, or it never will be.
func (b *bucket) complete(ctx context.Context, object, id string, parts []minio.CompletePart, size int64) error {
	err := b.do(ctx, kindCopy, size, func(ctx context.Context) error {
		_, err := b.core.CompleteMultipartUpload(ctx, b.name, b.prefix+object, id, parts, minio.PutObjectOptions{})
		return err
	})
	if err == nil || errors.Is(err, blob.ErrNotFound) {
		info, statErr := b.stat(ctx, object)
		if statErr == nil && info.Size != size {
			return fmt.Errorf("the joined object has %d bytes, and not %d", info.Size, size)
		}
		if err == nil || statErr == nil {
			return statErr
		}
	}
	return err
}

// uploads returns the multipart uploads that nobody has completed.
func (b *bucket) uploads(ctx context.Context, dir string) (all []minio.ObjectMultipartInfo, err error) {
	err = b.do(ctx, kindList, 0, func(ctx context.Context) error {
		all = nil
		for key, id := "", ""; ; {
			found, err := b.core.ListMultipartUploads(ctx, b.name, b.prefix+dir, key, id, "", page)
			if err != nil {
				return err
			}
			all = append(all, found.Uploads...)
			if !found.IsTruncated {
				return nil
			}
			key, id = found.NextKeyMarker, found.NextUploadIDMarker
		}
	})
	for i := range all {
		all[i].Key = strings.TrimPrefix(all[i].Key, b.prefix)
	}
	return all, err
}

func (b *bucket) abort(ctx context.Context, object, id string) error {
	err := b.do(ctx, kindCopy, 0, func(ctx context.Context) error {
		return b.core.AbortMultipartUpload(ctx, b.name, b.prefix+object, id)
	})
	if errors.Is(err, blob.ErrNotFound) {
		return nil
	}
	return err
}

// SignedURL returns where the blob can be fetched for a while without credentials, as an
// attachment of that name (the value of a Content-Disposition), if one object holds it;
// "" if not, or not yet.
func (s *Store) SignedURL(ctx context.Context, key blob.Key, disposition string, lasting time.Duration) (string, error) {
	if !key.Valid() {
		return "", blob.ErrKey
	}
	object := putName(key)
	listing, err := s.Manifest.Read(ctx, string(key))
	switch {
	case err == nil && listing.State == Committed && len(listing.Segments) == 1 && listing.Segments[0].Sealed:
		object = listing.Segments[0].Object
	case err == nil:
		return "", nil
	case !isNone(err):
		return "", err
	}
	u, err := s.bucket.core.PresignedGetObject(ctx, s.Bucket, s.Prefix+object, lasting, url.Values{
		"response-content-disposition": {disposition}, "response-content-type": {"application/octet-stream"},
	})
	if err != nil {
		return "", fmt.Errorf("signing a URL: %w", err)
	}
	return u.String(), nil
}

func isNone(err error) bool { return errors.Is(err, ErrNone) }
