// Command versitygw is an S3 server for tests, which keeps its objects in a directory:
// versitygw ADDRESS DIRECTORY. The credentials of its one account come from
// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. It is a module of its own, for what it
// needs is no business of the server's.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

const (
	mostConnections = 4096
	mostParts       = 10_000
	largestCopy     = 5 << 30 // bytes, as with Amazon
)

func main() {
	if err := run(); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 3 {
		return errors.New("usage: versitygw ADDRESS DIRECTORY")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	objects, err := posix.New(os.Args[2], meta.XattrMeta{}, posix.PosixOpts{Concurrency: mostConnections, CopyObjectThreshold: largestCopy})
	if err != nil {
		return err
	}
	return embedgw.RunVersityGW(ctx, objects, &embedgw.Config{
		RootUserAccess: os.Getenv("AWS_ACCESS_KEY_ID"), RootUserSecret: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		Ports: os.Args[1:2], HealthPath: "/health", Quiet: true, KeepAlive: true,
		MaxConnections: mostConnections, MaxRequests: mostConnections, MultipartMaxParts: mostParts,
	})
}
