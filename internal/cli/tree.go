package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// tree is a directory that files are saved into, with the folders that they lie in
// below it. Its methods may be called at the same time.
type tree struct {
	dir string

	mu      sync.Mutex
	folders map[string]*folder // by their path as it is shared
}

// folder returns the folder of a share's path, made if it is not there. What is there
// and no folder, a link to one too, is an error: nothing leaves the directory.
func (t *tree) folder(path string) (*folder, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known := t.folders[path]; known != nil {
		return known, nil
	}
	dir := t.dir
	if path != "" {
		for name := range strings.SplitSeq(path, "/") {
			dir = filepath.Join(dir, savedName(name))
			if err := ensure(dir); err != nil {
				return nil, err
			}
		}
	}
	if t.folders == nil {
		t.folders = make(map[string]*folder)
	}
	t.folders[path] = t.at(dir)
	return t.folders[path], nil
}

// at returns the folder that saves into dir already, or one more: several paths may
// come to one, and share what is taken there.
func (t *tree) at(dir string) *folder {
	for _, f := range t.folders {
		if f.dir == dir {
			return f
		}
	}
	return &folder{dir: dir}
}

func ensure(dir string) error {
	err := os.Mkdir(dir, 0o777)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is there, and no folder", dir)
	}
	return err
}
