package audit

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"time"
)

// lookEvery is the pause between two looks of Follow at the log.
const lookEvery = 500 * time.Millisecond

// Follow yields the entries of a log as All does, and then those that come, until
// ctx ends. waits is called when there are none for now.
func Follow(ctx context.Context, dir string, waits func()) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		f := follower{dir: dir}
		defer f.close()
		for {
			line, err := f.read()
			switch {
			case err == nil:
				if !yield(line, nil) {
					return
				}
			case errors.Is(err, errNothing):
				waits()
				select {
				case <-ctx.Done():
					return
				case <-time.After(lookEvery):
				}
			default:
				yield(Line{}, err)
				return
			}
		}
	}
}

var errNothing = errors.New("there is nothing new")

// follower reads file after file.
type follower struct {
	dir   string
	in    *reader // nil between files
	first int64   // of the file that is read, or was read last; 0 before the first
	final bool    // another file follows, so this one gets no more
}

// read returns the next entry, or errNothing.
func (f *follower) read() (Line, error) {
	for {
		if f.in == nil {
			if err := f.open(); err != nil {
				return Line{}, err
			}
		}
		line, err := f.in.read()
		switch {
		case err != io.EOF && !errors.Is(err, errTorn):
			return line, err
		case f.final:
			f.close()
			continue
		}
		following, err := f.following()
		if err != nil {
			return line, err
		}
		if following == "" {
			return line, errNothing
		}
		f.final = true // but it may have got something before that one was begun
	}
}

// following returns the file behind the one that is read, "" for none yet.
func (f *follower) following() (string, error) {
	all, err := files(f.dir)
	if err != nil {
		return "", err
	}
	for _, file := range all {
		if file.first > f.first {
			return file.path, nil
		}
	}
	return "", nil
}

// open opens the next file.
func (f *follower) open() error {
	path, err := f.following()
	if err != nil {
		return err
	}
	if path == "" {
		return errNothing
	}
	in, err := openReader(path)
	if errors.Is(err, errTorn) || errors.Is(err, fs.ErrNotExist) {
		return errNothing // just begun, or removed
	}
	if err != nil {
		return err
	}
	f.in, f.first, f.final = in, in.head.First, false
	return nil
}

func (f *follower) close() {
	if f.in != nil {
		f.in.close()
		f.in = nil
	}
}
