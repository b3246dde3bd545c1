package enginetest

import (
	"os"
	"path/filepath"
)

// What programs need that are no tests: they measure the engines.

// PID is the process of the server; the processes of connections are its children.
func (p *Postgres) PID() int { return p.process.pid() }

// PID is the process of the server.
func (r *Redis) PID() int { return r.process.pid() }

// PID is the process of the server.
func (s *S3) PID() int { return s.process.pid() }

// Make makes a bucket, which goes with the server.
func (s *S3) Make(bucket string) error {
	return os.Mkdir(filepath.Join(s.dir, "objects", bucket), 0o700)
}
