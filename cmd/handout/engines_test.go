package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/faulttest"
)

// TestEnginesOverTLS: a node whose engines are all reached over TLS, with an authority
// of one's own, by roles and users with passwords; another whose Redis refuses it
// serves too, and neither tells a password, whatever it says.
func TestEnginesOverTLS(t *testing.T) {
	t.Parallel()
	postgres := enginetest.Started(t, enginetest.NewPostgresTLS)
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	redis, s3 := enginetest.SecureRedis(t), enginetest.SharedS3(t)
	env := append(enginetest.S3Env(), asProgram+"=1", "SSL_CERT_FILE="+root,
		"HANDOUT_STORE="+postgres.SecureDatabase(t)+"?sslmode=verify-full&sslrootcert="+root,
		"HANDOUT_BLOBS=s3://"+s3.Bucket(t)+"?region="+enginetest.S3Region+"&endpoint="+s3.OverTLS(t),
		"HANDOUT_NODE_SECRET="+strings.Repeat("MarkedNodeSecret", 3))
	refused := strings.Replace(redis.URL(), enginetest.RedisPassword, "Refused"+enginetest.RedisPassword, 1)
	var nodes []*process
	for _, push := range []string{redis.URL(), refused} {
		port, err := enginetest.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		inner := fmt.Sprintf("127.0.0.1:%d", port)
		s := faulttest.Start(t, faulttest.Config{
			Path: os.Args[0], Env: append(env, "HANDOUT_PUSH="+push),
			Args: []string{"--dev", "--log-level", "debug", "--data", t.TempDir(), "--node-listen", inner, "--node-url", "http://" + inner},
		})
		nodes = append(nodes, &process{s, s.URL()})
	}
	for _, p := range nodes {
		bearer := p.guest(t)
		data := randomBytes(9<<20, 7)
		path := p.create(t, bearer, len(data))
		if response := p.patch(t, bearer, path, 0, bytes.NewReader(data)); response.StatusCode != http.StatusNoContent {
			t.Fatalf("an upload: %s", response.Status)
		}
		for _, at := range nodes {
			at.wantBytes(t, bearer, path, data)
		}
	}
	for i, want := range []string{"push: Redis is there", "WRONGPASS"} {
		for deadline := time.Now().Add(30 * time.Second); !strings.Contains(nodes[i].said(), want); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("it never says %q:\n%s", want, nodes[i].said())
			}
		}
		if err := nodes[i].end(t, syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		for _, secret := range []string{enginetest.SecurePassword, enginetest.RedisPassword, "MarkedNodeSecret", enginetest.S3SecretKey} {
			if strings.Contains(nodes[i].said(), secret) {
				t.Errorf("the log of node %d has %s", i, secret)
			}
		}
	}
}
