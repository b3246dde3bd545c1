package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is a pair of files, read again when they change, so that a renewed
// certificate needs no restart. It is safe for concurrent use.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	looked time.Time       // all below is guarded by mu; when the files were looked at last
	stamp  [2]fileStamp    // of the files that were read last, good or bad
	now    tls.Certificate // the last good one
}

// fileStamp tells versions of a file apart.
type fileStamp struct {
	changed time.Time
	size    int64
}

// lookEvery bounds how often the files are looked at.
const lookEvery = time.Second

// readCertificate reads the files; it fails if they are no certificate and its key.
func readCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	stamp, err := c.stampNow()
	if err == nil {
		err = c.readLocked(stamp)
	}
	if err != nil {
		return nil, fmt.Errorf("--tls-cert, --tls-key: %w", err)
	}
	return c, nil
}

// current returns the certificate for a new connection. While the files are
// being replaced, or are no good, it is the last good one.
func (c *certificate) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) >= lookEvery {
		c.looked = time.Now()
		c.lookLocked()
	}
	current := c.now
	return &current, nil
}

func (c *certificate) lookLocked() {
	stamp, err := c.stampNow()
	if err == nil && stamp == c.stamp {
		return
	}
	if err == nil {
		err = c.readLocked(stamp)
	}
	if err != nil {
		c.log.Error("the certificate cannot be read, the last one stays", "err", err)
		return
	}
	c.log.Info("certificate read", "file", c.certFile)
}

func (c *certificate) readLocked(stamp [2]fileStamp) error {
	c.stamp = stamp
	read, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.now = read
	return nil
}

func (c *certificate) stampNow() (stamp [2]fileStamp, err error) {
	for i, name := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return stamp, err
		}
		stamp[i] = fileStamp{info.ModTime(), info.Size()}
	}
	return stamp, nil
}
