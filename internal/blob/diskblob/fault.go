package diskblob

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
)

// Healthy returns why the store takes no writes any more, nil if it does.
func (s *Store) Healthy() error {
	if cause := s.poisoned.Load(); cause != nil {
		return *cause
	}
	return nil
}

// Poisoned is closed when the store takes no writes any more: see Healthy.
func (s *Store) Poisoned() <-chan struct{} { return s.alarm }

// sync makes what was written to the file or the directory survive a power
// cut. A failure is never tried again.
func (s *Store) sync(file *os.File) error {
	began := time.Now()
	err := s.fsync(file)
	s.synced(time.Since(began))
	if err != nil {
		return s.poison(err)
	}
	return nil
}

// failed says what it means that the disk has not done what it was to do: a full
// one may do it later, one that fails is believed no more.
func (s *Store) failed(what string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		err = fmt.Errorf("%w: %w", blob.ErrFull, err)
	case slices.ContainsFunc(diskFaults(), func(fault error) bool { return errors.Is(err, fault) }):
		err = s.poison(err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// diskFaults are the errors that speak of the disk or the file system. After any
// other the next write may succeed, and can be believed: too many files are open,
// say, or one is larger than the file system takes.
func diskFaults() []error {
	return []error{syscall.EIO, syscall.EROFS, syscall.ENODEV, syscall.ENXIO, syscall.ESTALE, errCorrupt}
}

// poison remembers a failed sync or write for good: the kernel drops what it could
// not write and calls the next sync clean, so nothing can be believed any more. It
// returns that the bytes at hand are lost.
func (s *Store) poison(cause error) error {
	err := fmt.Errorf("%w: %w", blob.ErrPoisoned, cause)
	if s.poisoned.CompareAndSwap(nil, &err) {
		close(s.alarm)
	}
	return fmt.Errorf("%w: %w", blob.ErrLost, err)
}

// Afresh has Open make the kernel forget what it has in memory of the files, so
// that what is read is what the disk has. It is for a store that was poisoned under
// the same kernel, which may show what it has failed to write.
func Afresh(s *Store) { s.afresh = true }

func (s *Store) forget() error {
	return fs.WalkDir(s.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		file, err := s.root.Open(name)
		if err != nil {
			return fmt.Errorf("opening a file to read it afresh: %w", err)
		}
		defer file.Close()
		if err := dropCached(file); err != nil {
			return fmt.Errorf("reading a file afresh: %w", err)
		}
		return nil
	})
}
