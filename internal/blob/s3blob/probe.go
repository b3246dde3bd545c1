package s3blob

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/handout-rtc/handout/internal/blob"
)

// exists returns nil if the bucket is there and may be asked for.
func (b *bucket) exists(ctx context.Context) error {
	credentials, err := b.core.GetCreds()
	if err != nil || credentials.SignerType.IsAnonymous() {
		return errors.New("there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE, or give the machine a role")
	}
	return b.do(ctx, kindHead, 0, b.reachable)
}

// probe tries all that the store needs to be allowed to do, and says what it is not.
func (b *bucket) probe(ctx context.Context) error {
	if err := b.exists(ctx); err != nil {
		return err
	}
	object, data := "probe/"+strings.ToLower(rand.Text()), []byte("Handout was here.")
	if err := b.put(ctx, object, bytes.NewReader(data), int64(len(data)), crc32.Checksum(data, castagnoli)); err != nil {
		return fmt.Errorf("writing an object: %w", err)
	}
	body, _, err := b.get(ctx, object, 0, int64(len(data)))
	if err != nil {
		return fmt.Errorf("reading an object: %w", err)
	}
	defer body.Close()
	if found, err := io.ReadAll(body); err != nil || !bytes.Equal(found, data) {
		return errors.Join(errors.New("an object that was written reads as another"), err)
	}
	if _, err := b.list(ctx, "probe/", "", 1); err != nil {
		return fmt.Errorf("listing objects: %w", err)
	}
	return b.remove(ctx, []string{object})
}

// reachable asks once whether the bucket is there.
func (b *bucket) reachable(ctx context.Context) error {
	there, err := b.core.BucketExists(ctx, b.name)
	if err == nil && !there {
		err = minio.ErrorResponse{Code: "NoSuchBucket", Message: "there is no such bucket", StatusCode: 404}
	}
	return err
}

// head reports whether there is an object: blob.ErrNotFound if not.
func (b *bucket) head(ctx context.Context, object string) error {
	_, err := b.stat(ctx, object)
	return err
}

// stat returns what is known of an object.
func (b *bucket) stat(ctx context.Context, object string) (info minio.ObjectInfo, err error) {
	err = b.do(ctx, kindHead, 0, func(ctx context.Context) (err error) {
		info, err = b.core.StatObject(ctx, b.name, b.prefix+object, minio.StatObjectOptions{})
		return err
	})
	if errors.Is(err, blob.ErrNotFound) {
		return info, blob.ErrNotFound
	}
	return info, err
}

// list returns at most limit objects below dir whose name comes after that one, in the
// order of their names, which are below the prefix.
func (b *bucket) list(ctx context.Context, dir, after string, limit int) (found []minio.ObjectInfo, err error) {
	if after != "" {
		after = b.prefix + after
	}
	err = b.do(ctx, kindList, 0, func(context.Context) error {
		// It takes no context; the transport bounds how long it takes.
		page, err := b.core.ListObjectsV2(b.name, b.prefix+dir, after, "", "", limit)
		found = page.Contents
		return err
	})
	for i := range found {
		found[i].Key = strings.TrimPrefix(found[i].Key, b.prefix)
	}
	return found, err
}
