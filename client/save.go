package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/handout-rtc/handout/protocol"
)

// SaveOptions are for who wants to know more, or to replace a file.
type SaveOptions struct {
	ReceiveOptions
	// Replace lets the share take the place of a file that is there.
	Replace bool
}

// Save receives a share into a file. The file appears under its path when it is whole
// and verified, and is on the disk by then. Until then the bytes are beside it in
// path + "." + id + ".part", which stays when the context is cancelled with
// [ErrSuspend], the process ends, or another file has come to the path meanwhile: the
// next Save to the same path goes on from it.
//
// The path is the caller's: a share's Name is the sender's word, and says nothing
// good about where to put it. Errors: those of [Room.Receive]; fs.ErrExist, which costs
// nothing that has come.
func (r *Room) Save(ctx context.Context, id protocol.ShareID, path string, options SaveOptions) (protocol.Share, error) {
	if !id.Valid() {
		return protocol.Share{}, protocol.NewError(protocol.CodeShareNotFound, "there is no such share")
	}
	if _, err := os.Lstat(path); err == nil && !options.Replace {
		return protocol.Share{}, &fs.PathError{Op: "save", Path: path, Err: fs.ErrExist}
	}
	part := path + "." + string(id) + ".part"
	file, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return protocol.Share{}, err
	}
	defer file.Close()
	share, err := r.receiveInto(ctx, id, file, options.ReceiveOptions)
	if err == nil {
		err = settle(file, part, path, options.Replace)
	}
	if err != nil && !errors.Is(err, ErrSuspend) && !errors.Is(err, fs.ErrExist) {
		err = errors.Join(err, os.Remove(part))
	}
	return share, err
}

// receiveInto goes on from what the file has.
func (r *Room) receiveInto(ctx context.Context, id protocol.ShareID, file *os.File, options ReceiveOptions) (protocol.Share, error) {
	d := &download{room: r, id: id, to: file, hash: newRolling(), progress: options.Progress}
	n, err := io.Copy(d.hash.hash, file)
	if err != nil {
		return protocol.Share{}, fmt.Errorf("reading what came before: %w", err)
	}
	d.hash.upTo = n
	ctx, stop := r.within(ctx)
	defer stop()
	return d.run(ctx)
}

// settle makes the file durable, then gives it its name.
func settle(file *os.File, part, path string, replace bool) error {
	if err := file.Sync(); err != nil {
		return err
	}
	if replace {
		if err := os.Rename(part, path); err != nil {
			return err
		}
		return syncDir(filepath.Dir(path))
	}
	// A link, unlike a renaming, does not replace what has come there meanwhile.
	if err := os.Link(part, path); err != nil {
		return err
	}
	return errors.Join(os.Remove(part), syncDir(filepath.Dir(path)))
}

func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
