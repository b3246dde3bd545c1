package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/handout-rtc/handout/internal/enginetest"
)

// rig is a cluster on this machine: PostgreSQL, Redis, an S3 server and nodes, all on
// loopback, each a process of its own.
type rig struct {
	postgres *enginetest.Postgres
	redis    *enginetest.Redis
	s3       *enginetest.S3
	db       *sql.DB
	nodes    []*peer
	releases []func() error // of those that are held to a part of a core
}

// newRig starts the engines and so many nodes, whose data is below dir. It must be
// stopped.
func newRig(ctx context.Context, handout, dir string, nodes int) (_ *rig, err error) {
	r := &rig{}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.stop())
		}
	}()
	if r.postgres, err = enginetest.NewPostgres(); err != nil {
		return nil, err
	}
	if r.redis, err = enginetest.NewRedis(); err != nil {
		return nil, err
	}
	if r.s3, err = enginetest.NewS3(); err != nil {
		return nil, err
	}
	if r.db, err = sql.Open("pgx", r.postgres.URL("postgres")); err != nil {
		return nil, err
	}
	if err := r.s3.Make("bench"); err != nil {
		return nil, err
	}
	for _, each := range enginetest.S3Env() { // the nodes find it there
		name, value, _ := strings.Cut(each, "=")
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte(rand.Text()+rand.Text()), 0o600); err != nil {
		return nil, err
	}
	for i := range nodes {
		port, err := enginetest.FreePort()
		if err != nil {
			return nil, err
		}
		inside := "127.0.0.1:" + strconv.Itoa(port)
		node := handoutSpec(handout, fmt.Sprint("node", i+1), "--store", r.postgres.URL("postgres"), "--blobs", r.s3.URL("bench"), "--push", r.redis.URL(),
			"--node-listen", inside, "--node-url", "http://"+inside, "--node-secret-file", secret, "--reconnect", "1s")
		p, err := startPeer(ctx, node, filepath.Join(dir, node.name))
		if err != nil {
			return nil, err
		}
		r.nodes = append(r.nodes, p)
	}
	return r, nil
}

// hold lets each node have so much of one core and no more, from now on.
func (r *rig) hold(cores float64) error {
	for _, p := range r.nodes {
		release, err := holdTo(p.cmd.Process.Pid, cores)
		if release != nil {
			r.releases = append(r.releases, release)
		}
		if err != nil {
			return fmt.Errorf("holding a node to a part of a core, which takes control groups and root: %w", err)
		}
	}
	return nil
}

// stop ends every process and waits for it.
func (r *rig) stop() error {
	var errs []error
	for _, p := range r.nodes {
		errs = append(errs, p.stop())
	}
	for _, release := range r.releases {
		errs = append(errs, release())
	}
	if r.db != nil {
		errs = append(errs, r.db.Close())
	}
	return errors.Join(append(errs, enginetest.Stop())...)
}
