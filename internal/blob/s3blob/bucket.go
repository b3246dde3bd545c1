package s3blob

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/handout-rtc/handout/internal/blob"
)

const (
	// answerTime is how long a request without bytes may take, and what is added for
	// the bytes of one that has some, at slowest bytes a second.
	answerTime = 15 * time.Second
	slowest    = 512 << 10

	firstPause = 100 * time.Millisecond
	mostPause  = 3 * time.Second
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// bucket makes requests, each again if that may help. Names are below the prefix.
type bucket struct {
	core     minio.Core
	name     string
	prefix   string
	patience time.Duration
	observer Observer
	idle     func() // closes connections that nobody uses
}

func openBucket(c Config) (*bucket, error) {
	transport, err := minio.DefaultTransport(!c.Insecure)
	if err != nil {
		return nil, err
	}
	transport.MaxIdleConnsPerHost = 2 * c.Sending
	transport.ResponseHeaderTimeout = answerTime
	transport.WriteBufferSize, transport.ReadBufferSize = 64<<10, 64<<10
	client, err := minio.New(c.Endpoint, &minio.Options{
		// The first that has some: the environment, the shared file, the machine's role.
		Creds: credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{Region: c.Region},
		}),
		Secure: !c.Insecure, Region: c.Region, Transport: transport,
		MaxRetries: 1, // it is for the bucket to repeat
	})
	if err != nil {
		return nil, err
	}
	return &bucket{core: minio.Core{Client: client}, name: c.Bucket, prefix: c.Prefix, patience: c.Patience, observer: c.Observer, idle: transport.CloseIdleConnections}, nil
}

// do asks until it is answered, or for as long as the bucket's patience lasts, and
// says then what that means: blob.ErrNotFound, blob.ErrUnavailable, or what the server
// said. bytes is how many the request moves.
func (b *bucket) do(ctx context.Context, kind string, bytes int64, ask func(context.Context) error) error {
	patient, cancel := context.WithTimeout(ctx, b.patience)
	defer cancel()
	delays := backoff.NewExponentialBackOff()
	delays.InitialInterval, delays.MaxInterval = firstPause, mostPause
	for {
		asking, cancel := context.WithTimeout(ctx, answerTime+time.Duration(bytes/slowest)*time.Second)
		began := time.Now()
		err := ask(asking)
		cancel()
		b.observer.Asked(kind, time.Since(began), err != nil && !isMissing(err))
		switch {
		case err == nil:
			b.observer.Moved(kind, bytes)
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case isMissing(err):
			return fmt.Errorf("%w: %w", blob.ErrNotFound, err)
		case !passes(err):
			return err
		}
		select {
		case <-patient.Done():
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("%w: %w", blob.ErrUnavailable, err)
		case <-time.After(delays.NextBackOff()):
			b.observer.AskedAgain(kind)
		}
	}
}

// isMissing reports whether there is no such object.
func isMissing(err error) bool {
	var said minio.ErrorResponse
	return errors.As(err, &said) && (said.Code == "NoSuchKey" || said.Code == "NoSuchUpload")
}

// passes reports whether the same request may succeed later: the server has a fault
// or is overloaded, the answer got lost, or the bytes were damaged on their way.
func passes(err error) bool {
	var said minio.ErrorResponse
	if !errors.As(err, &said) {
		return true // nobody has answered
	}
	switch said.Code {
	case "SlowDown", "RequestTimeout", "RequestTimeTooSkewed", "Throttling", "InternalError", "ServiceUnavailable", "OperationAborted",
		"BadDigest", "XAmzContentChecksumMismatch", "IncompleteBody", "ExpiredToken":
		return true
	}
	return said.StatusCode >= 500 || said.StatusCode == 429 || said.StatusCode == 408 || said.StatusCode == 0
}

// put stores an object, which the server takes only if its bytes have the CRC-32C. It
// may be made twice: the object is the same.
func (b *bucket) put(ctx context.Context, object string, body io.ReaderAt, size int64, crc uint32) error {
	sum := checksumText(crc)
	return b.do(ctx, kindPut, size, func(ctx context.Context) error {
		info, err := b.core.PutObject(ctx, b.name, b.prefix+object, io.NewSectionReader(body, 0, size), size, "", "", minio.PutObjectOptions{
			// The checksum is of the whole; hashing each chunk for the signature would
			// cost more than all else.
			DisableContentSha256: true, UserMetadata: map[string]string{"x-amz-checksum-crc32c": sum},
		})
		if err == nil && info.ChecksumCRC32C != "" && info.ChecksumCRC32C != sum {
			return fmt.Errorf("the bucket has other bytes: CRC-32C %s, not %s", info.ChecksumCRC32C, sum)
		}
		return err
	})
}

func checksumText(crc uint32) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc))
}

// get begins to read an object at from, up to and without to; to -1 is its end. It
// returns how many bytes the object has in all, if to is -1 and from 0. The body is read
// as long as ctx lasts.
func (b *bucket) get(ctx context.Context, object string, from, to int64) (body io.ReadCloser, size int64, err error) {
	var options minio.GetObjectOptions
	if to >= 0 {
		if err := options.SetRange(from, to-1); err != nil {
			return nil, 0, err
		}
	}
	err = b.do(ctx, kindGet, 0, func(context.Context) error {
		// The time to answer is bounded by the transport; what is read later must not be.
		var info minio.ObjectInfo
		body, info, _, err = b.core.GetObject(ctx, b.name, b.prefix+object, options)
		size = info.Size
		return err
	})
	return body, size, err
}

// remove deletes objects, many at a time; those that are not there too.
func (b *bucket) remove(ctx context.Context, objects []string) error {
	for len(objects) > 0 {
		batch := objects[:min(len(objects), 1000)]
		objects = objects[len(batch):]
		if err := b.do(ctx, kindRemove, 0, func(ctx context.Context) error { return b.removeOnce(ctx, batch) }); err != nil {
			return fmt.Errorf("removing objects: %w", err)
		}
	}
	return nil
}

func (b *bucket) removeOnce(ctx context.Context, objects []string) error {
	if len(objects) == 1 {
		return b.core.RemoveObject(ctx, b.name, b.prefix+objects[0], minio.RemoveObjectOptions{})
	}
	names := make(chan minio.ObjectInfo, len(objects))
	for _, object := range objects {
		names <- minio.ObjectInfo{Key: b.prefix + object}
	}
	close(names)
	var failed error
	for of := range b.core.RemoveObjects(ctx, b.name, names, minio.RemoveObjectsOptions{}) {
		if of.Err != nil && !isMissing(of.Err) {
			failed = of.Err
		}
	}
	return failed
}
