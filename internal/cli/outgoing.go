package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/handout-rtc/handout/client"
	"github.com/handout-rtc/handout/protocol"
)

// stdin is standard input on the command line.
const stdin = "-"

// outgoing is one thing to send.
type outgoing struct {
	path    string
	name    string
	folder  string      // that it lies in, as recipients see it; "" for none
	info    fs.FileInfo // nil for standard input
	content io.Reader   // once it is open
}

// gather looks at all that is to be sent before any of it is. as names the only one;
// zip leaves folders whole.
func gather(paths []string, as string, zip bool) ([]*outgoing, error) {
	files := make([]*outgoing, 0, len(paths))
	for _, path := range paths {
		f, err := find(path)
		if err != nil {
			return nil, exit{ExitUsage, err}
		}
		if f.info != nil && f.info.IsDir() && !zip {
			if as != "" {
				return nil, usage("--as is for a file, or with --zip for a folder")
			}
			inside, err := filesOf(f.path)
			if err != nil {
				return nil, err
			}
			files = append(files, inside...)
			continue
		}
		if as != "" {
			f.name = as
		}
		if f.name == "" {
			return nil, usage("what is standard input called? Say --as NAME")
		}
		files = append(files, f)
	}
	return files, nil
}

// mostFiles is how many files of a folder are sent one by one. A room takes no more
// by default.
const mostFiles = 5000

// filesOf returns the regular files of a folder, each with its place in it.
func filesOf(dir string) ([]*outgoing, error) {
	var files []*outgoing
	root, err := filepath.EvalSymlinks(dir) // a link that is named is followed; none within is
	if err != nil {
		return nil, exit{ExitUsage, err}
	}
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		within, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		place, err := protocol.CleanPath(path.Join(filepath.Base(dir), filepath.ToSlash(within)))
		if err != nil {
			return fmt.Errorf("%s: %w", safe(name), err)
		}
		files = append(files, &outgoing{path: name, name: entry.Name(), folder: place, info: info})
		if len(files) > mostFiles {
			return fmt.Errorf("%s has more than %d files: send it with --zip", safe(dir), mostFiles)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, exit{ExitUsage, err}
	case len(files) == 0:
		return nil, usage("%s has no files", safe(dir))
	}
	return files, nil
}

func find(path string) (*outgoing, error) {
	if path == stdin {
		return &outgoing{path: path}, nil
	}
	full, err := filepath.Abs(path) // so that "." has a name, and another process finds it
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(full)
	if err != nil {
		return nil, err
	}
	f := &outgoing{path: full, name: filepath.Base(full), info: info}
	if info.IsDir() {
		f.name += ".zip"
	}
	return f, nil
}

// again reports whether it can be read again, by another process too.
func (f *outgoing) again() bool { return f.info != nil && f.info.Mode().IsRegular() }

// known is the size in bytes, nil if it is not known before the end.
func (f *outgoing) known() *int64 {
	if !f.again() {
		return nil
	}
	n := f.info.Size()
	return &n
}

// within has a signal cancel what cannot be gone on with.
func (f *outgoing) within(ctx context.Context) (context.Context, func()) {
	if f.again() {
		return ctx, func() {}
	}
	own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		cancel(errInterrupted)
		if pipe, is := f.content.(*io.PipeReader); is {
			pipe.CloseWithError(errInterrupted) // it may be waiting for more
		}
	})
	return own, func() {
		stop()
		cancel(nil)
	}
}

// open returns what to send.
func (f *outgoing) open() (client.File, error) {
	switch {
	case f.info == nil:
		f.content = piped(os.Stdin)
		return client.File{Name: f.name, Size: client.UnknownSize, Content: f.content}, nil
	case f.info.IsDir():
		f.content = zipped(f.path)
		return client.File{Name: f.name, Type: "application/zip", Size: client.UnknownSize, Content: f.content}, nil
	}
	file, err := os.Open(f.path)
	if err != nil {
		return client.File{}, err
	}
	f.content = file
	if !f.again() { // a pipe with a name, or a device
		return client.File{Name: f.name, Size: client.UnknownSize, Content: struct{ io.Reader }{file}}, nil
	}
	info, err := file.Stat()
	if err != nil {
		return client.File{}, err
	}
	if info.Size() != f.info.Size() {
		return client.File{}, errors.New("the file is being changed")
	}
	return client.File{Name: f.name, Path: f.folder, Size: info.Size(), Content: file}, nil
}

// close lets go of what open opened.
func (f *outgoing) close() {
	if closer, ok := f.content.(io.Closer); ok {
		closer.Close()
	}
}

// piped is a reader that can be closed while it waits.
func piped(r io.Reader) io.Reader {
	out, in := io.Pipe()
	go func() {
		_, err := io.Copy(in, r)
		in.CloseWithError(err)
	}()
	return out
}
