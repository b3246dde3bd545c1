package faulttest

import (
	"net/url"
	"testing"

	"github.com/handout-rtc/handout/internal/enginetest"
)

// Engines are where the nodes of a cluster keep what they share: a database, a bucket,
// and a Redis.
type Engines struct {
	Store, Push, Blobs Engine

	database string // its URL
	bucket   *bucket
}

// Engine is one of them, as a node is told of it.
type Engine struct {
	// Address is where it is reached, by a node that has a network of its own to it
	// through that.
	Address string
	// Told returns what the environment of a node says, for that address.
	Told func(address string) []string
}

// Env is the environment of a node.
func (e Engines) Env() (env []string) {
	for _, engine := range []Engine{e.Store, e.Push, e.Blobs} {
		env = append(env, engine.Told(engine.Address)...)
	}
	return env
}

// SharedEngines returns a database and a bucket for one cluster, on the servers that
// the tests of this process share, and a Redis of its own, which is no clusters' to
// share. The test is skipped where they are missing.
func SharedEngines(t testing.TB) *Engines {
	t.Helper()
	return newEngines(t, enginetest.SharedPostgres(t), enginetest.OwnRedis(t), enginetest.SharedS3(t))
}

// OwnedEngines are those of one test, which may pause and kill them.
type OwnedEngines struct {
	*Engines
	Postgres *enginetest.Postgres
	Redis    *enginetest.Redis
	S3       *enginetest.S3
}

// OwnEngines starts servers for one test. They stop with those of the process.
func OwnEngines(t testing.TB) *OwnedEngines {
	t.Helper()
	SharedEngines(t) // the test is skipped where they are missing
	var own OwnedEngines
	var err error
	if own.Postgres, err = enginetest.NewPostgres(); err != nil {
		t.Fatal(err)
	}
	if own.Redis, err = enginetest.NewRedis(); err != nil {
		t.Fatal(err)
	}
	if own.S3, err = enginetest.NewS3(); err != nil {
		t.Fatal(err)
	}
	own.Engines = newEngines(t, own.Postgres, own.Redis, own.S3)
	return &own
}

func newEngines(t testing.TB, postgres *enginetest.Postgres, redis *enginetest.Redis, s3 *enginetest.S3) *Engines {
	t.Helper()
	database := parsed(t, postgres.Database(t))
	endpoint, name := parsed(t, s3.Endpoint()), s3.Bucket(t)
	at := func(address string) string {
		return "s3://" + name + "?endpoint=http://" + address + "&region=" + enginetest.S3Region
	}
	bucket, err := newBucket(at(endpoint.Host))
	if err != nil {
		t.Fatal(err)
	}
	return &Engines{
		database: database.String(), bucket: bucket,
		Store: Engine{database.Host, func(address string) []string {
			through := database
			through.Host = address
			return []string{"HANDOUT_STORE=" + through.String()}
		}},
		Push: Engine{redis.Address(), func(address string) []string { return []string{"HANDOUT_PUSH=redis://" + address} }},
		Blobs: Engine{endpoint.Host, func(address string) []string {
			return append(enginetest.S3Env(), "HANDOUT_BLOBS="+at(address))
		}},
	}
}

func parsed(t testing.TB, text string) url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return *u
}
