package diskblob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"

	"github.com/handout-rtc/handout/internal/blob"
)

// errInspecting: the directory was opened to be looked at.
var errInspecting = errors.New("the blob directory is open for reading alone")

// Inspect opens the directory for reading alone, also beside a server that writes
// to it. Of what is in packs it knows what was there when it was opened; of all
// else, what is there when it is asked. Close the store when nobody uses it any
// more.
func Inspect(dir string) (*Store, error) {
	info, err := os.Lstat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a directory of its own", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the blob directory: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the blob directory: %w", err)
	}
	s := &Store{root: root, fsync: func(*os.File) error { return errInspecting }, inspecting: true}
	s.poisoned.Store(&errInspecting)
	if s.packs, err = s.openPacks(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return s, nil
}

// Strays yields the names in the directory that are nothing of the store's:
// neither a blob, nor a pack, nor a directory for them. Nobody serves or removes
// them.
func (s *Store) Strays(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		err := fs.WalkDir(s.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // removed meanwhile
			}
			if err != nil || ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
			if ours(name, entry) {
				return nil
			}
			if !yield(name, nil) {
				return fs.SkipAll
			}
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		})
		if err != nil {
			yield("", fmt.Errorf("listing the blob directory: %w", err))
		}
	}
}

// ours reports whether the store makes such a file or directory.
func ours(name string, entry fs.DirEntry) bool {
	key := blob.Key(entry.Name())
	switch {
	case entry.IsDir():
		return name == "." || name == stagingDir || name == blobsDir || name == packsDir ||
			path.Dir(name) == blobsDir && len(key) == 2 && key.Valid()
	case !entry.Type().IsRegular() || !key.Valid():
		return false
	}
	return name == stagedName(key) || name == finalName(key) || path.Dir(name) == packsDir
}

// Trees returns the directories that a store consists of, in the order in which
// they have to be copied beside a server: a blob that moves meanwhile is in one of
// the copies at least, and a pack that was copied has all that it had before.
func Trees() []string { return []string{stagingDir, blobsDir, packsDir} }
