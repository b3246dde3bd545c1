package s3blob

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/blob/blobtest"
	"github.com/handout-rtc/handout/internal/enginetest"
)

func TestMain(m *testing.M) {
	for _, pair := range enginetest.S3Env() {
		name, value, _ := strings.Cut(pair, "=")
		os.Setenv(name, value)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(enginetest.Exit))
}

var prefixes atomic.Int64

// place returns a prefix of the shared server that nobody else uses.
func place(t testing.TB) Config {
	server := enginetest.SharedS3(t)
	return Config{
		Place: Place{
			Bucket: sharedBucket(t, server), Prefix: fmt.Sprintf("test-%d/", prefixes.Add(1)), Insecure: true, Region: enginetest.S3Region,
			Endpoint: strings.TrimPrefix(server.Endpoint(), "http://"),
		},
		Manifest: newManifests(), Spool: t.TempDir(),
	}
}

var bucketName atomic.Pointer[string]

func sharedBucket(t testing.TB, server *enginetest.S3) string {
	if name := bucketName.Load(); name != nil {
		return *name
	}
	name := server.Bucket(t)
	if !bucketName.CompareAndSwap(nil, &name) {
		return *bucketName.Load()
	}
	return name
}

func open(t testing.TB, c Config) *Store {
	t.Helper()
	s, err := Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if n := s.Spooled(); n != 0 {
			t.Errorf("%d bytes of the spool are not given back", n)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	t.Run("Store", func(t *testing.T) {
		blobtest.Run(t, func(t testing.TB) blob.Store { return open(t, place(t)) })
	})
	t.Run("Put", func(t *testing.T) {
		blobtest.RunPut(t, func(t testing.TB) blobtest.PutStore { return open(t, place(t)) })
	})
	t.Run("Shared", func(t *testing.T) {
		blobtest.RunShared(t, func(t testing.TB) (blob.Store, blob.Store) {
			c := place(t)
			one := open(t, c)
			c.Spool = t.TempDir()
			return one, open(t, c)
		})
	})
}
