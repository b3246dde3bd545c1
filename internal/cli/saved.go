package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/handout-rtc/handout/protocol"
)

const (
	// maxSavedName leaves place for what is put behind a name, in bytes: file systems
	// take 255.
	maxSavedName = 200
	// mostNames is how many files of one name a directory takes.
	mostNames = 10000
)

// folder is a directory that files are saved into, each under a name of its own. Its
// methods may be called at the same time.
type folder struct {
	dir string

	mu    sync.Mutex
	taken map[string]bool // names that a running transfer will have
}

// save has a share received into a path that is free, and returns it. What is there
// already, whole, is not received again.
func (f *folder) save(share protocol.Share, receive func(path string) (protocol.Share, error)) (string, protocol.Share, error) {
	if there, err := f.has(share); err != nil || there != "" {
		return there, share, err
	}
	for {
		path, err := f.reserve(share)
		if err != nil {
			return "", share, err
		}
		whole, err := receive(path)
		f.release(path)
		if errors.Is(err, fs.ErrExist) {
			continue // somebody else has taken the name meanwhile
		}
		return path, whole, err
	}
}

// names are what a share may be called here: its name made harmless, then numbered.
func names(share protocol.Share, n int) string {
	name := savedName(share.Name)
	if n == 1 {
		return name
	}
	ext := filepath.Ext(name)
	return fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), n, ext)
}

// savedName is the sender's name for a file made into one that does no harm in a
// directory: a single element, not hidden, no option of a command's, not too long.
func savedName(name string) string {
	name = strings.Map(func(r rune) rune {
		if hidden(r) {
			return '_'
		}
		return r
	}, protocol.CleanFileName(name))
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "-") || !filepath.IsLocal(name) {
		name = "_" + name
	}
	if len(name) > maxSavedName {
		ext := filepath.Ext(name)
		if len(ext) > 16 {
			ext = ""
		}
		stem := name[:maxSavedName-len(ext)]
		for !utf8.ValidString(stem) {
			stem = stem[:len(stem)-1]
		}
		name = stem + ext
	}
	return name
}

// reserve returns a path that no file has, with what came of the share before beside it.
func (f *folder) reserve(share protocol.Share) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	part, err := f.part(share.ID)
	if err != nil {
		return "", err
	}
	for n := 1; n <= mostNames; n++ {
		path := filepath.Join(f.dir, names(share, n))
		if _, err := os.Lstat(path); err == nil || f.taken[path] {
			continue
		}
		if to := path + "." + string(share.ID) + partSuffix; part != "" && part != to {
			if err := os.Rename(part, to); err != nil {
				return "", err
			}
		}
		if f.taken == nil {
			f.taken = make(map[string]bool)
		}
		f.taken[path] = true
		return path, nil
	}
	return "", fmt.Errorf("%s has too many files of this name", f.dir)
}

const partSuffix = ".part" // of what client.Save has not completed

// part returns what came of a share before, "" for nothing.
func (f *folder) part(id protocol.ShareID) (string, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), "."+string(id)+partSuffix) && entry.Type().IsRegular() {
			return filepath.Join(f.dir, entry.Name()), nil
		}
	}
	return "", nil
}

func (f *folder) release(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.taken, path)
}

// has returns the file that has the content of an available share, under one of the
// names it may have; "" for none.
func (f *folder) has(share protocol.Share) (string, error) {
	if share.State != protocol.Available || share.Size == nil {
		return "", nil
	}
	for n := 1; n <= mostNames; n++ {
		path := filepath.Join(f.dir, names(share, n))
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		if !info.Mode().IsRegular() || info.Size() != *share.Size {
			continue
		}
		sum, err := sumOf(path)
		if err != nil {
			return "", err
		}
		if sum == share.SHA256 {
			return path, nil
		}
	}
	return "", nil
}

// sumOf is the SHA-256 of a file, in lower-case hex.
func sumOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
