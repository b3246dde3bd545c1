package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// baseline is a bare net/http server that writes and serves files, and does
// nothing else: no tokens, no records, no events. What it costs is what the
// work itself costs.
type baseline struct {
	dir   string
	tuned bool // full reads of 256 KiB, blocks allocated at once; else io.Copy
	hash  bool // SHA-256 while writing
	sync  bool // fsync of the file and of its directory before the answer
}

// baselineBlock is the piece that receiving and writing cost least with.
const baselineBlock = 256 << 10

// serveBaseline is what this program does when it runs itself as a baseline.
// It serves until it is ended, and prints its address first.
func serveBaseline(args []string) error {
	flags := flag.NewFlagSet("baseline", flag.ContinueOnError)
	mode := flags.String("mode", "plain", "plain or tuned, with +sha256 and +fsync; or centrifuge, which pushes")
	listen := flags.String("listen", "127.0.0.1:0", "address to listen on")
	dir := flags.String("dir", "", "directory of the files")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *mode == centrifugeName {
		return servePushBaseline(*listen)
	}
	b, err := newBaseline(*mode, *dir)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Printf("serving on http://%s/\n", listener.Addr())
	return http.Serve(listener, b)
}

func newBaseline(mode, dir string) (*baseline, error) {
	b := &baseline{dir: dir}
	base, extras, _ := strings.Cut(mode, "+")
	switch base {
	case "plain":
	case "tuned":
		b.tuned = true
	default:
		return nil, fmt.Errorf("no baseline is called %q", mode)
	}
	for extra := range strings.SplitSeq(extras, "+") {
		switch extra {
		case "":
		case "sha256":
			b.hash = true
		case "fsync":
			b.sync = true
		default:
			return nil, fmt.Errorf("no baseline is called %q", mode)
		}
	}
	if b.hash && !b.tuned {
		return nil, errors.New("only the tuned baseline hashes")
	}
	return b, nil
}

// ServeHTTP implements http.Handler: PUT writes a file, GET serves it.
func (b *baseline) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := filepath.Join(b.dir, filepath.Base(r.URL.Path))
	switch r.Method {
	case http.MethodPut:
		if err := b.write(name, r.Body, r.ContentLength); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusCreated)
	case http.MethodGet:
		http.ServeFile(w, r, name)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func (b *baseline) write(name string, body io.Reader, length int64) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	if b.tuned {
		err = b.copyTuned(file, body, length)
	} else {
		_, err = io.Copy(file, body)
	}
	if err == nil && b.sync {
		err = errors.Join(file.Sync(), syncDir(b.dir))
	}
	return errors.Join(err, file.Close())
}

// copyTuned moves the body in full blocks.
func (b *baseline) copyTuned(file *os.File, body io.Reader, length int64) error {
	if length > baselineBlock {
		preallocate(file, length)
	}
	var sum hash.Hash
	if b.hash {
		sum = sha256.New()
	}
	block := make([]byte, min(baselineBlock, max(length, 1)))
	for left := length; left > 0; {
		n, err := io.ReadFull(body, block[:min(left, int64(len(block)))])
		if err != nil {
			return err
		}
		if _, err := file.Write(block[:n]); err != nil {
			return err
		}
		if sum != nil {
			sum.Write(block[:n])
		}
		left -= int64(n)
	}
	if sum != nil {
		sum.Sum(nil)
	}
	return nil
}

func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
