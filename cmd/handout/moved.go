package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// movedFile stands in a data directory whose records and files were moved to other
// engines. Two servers that both have them would each go on by itself.
const movedFile = "moved"

// noteMoved keeps servers from using a data directory any more. It is durable when
// it returns, and may be called again.
func noteMoved(dir, to string, now time.Time) error {
	text := fmt.Sprintf("%s: moved to %s by handout migrate.\nTo start a server here again all the same, remove this file: what has happened there since is not here.\n",
		now.UTC().Format(time.RFC3339), to)
	file, err := os.OpenFile(filepath.Join(dir, movedFile), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("noting that the data directory was moved: %w", err)
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("noting that the data directory was moved: %w", err)
	}
	return syncNames(dir)
}

func syncNames(dir string) error {
	opened, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(opened.Sync(), opened.Close())
}

// refuseMoved fails for a data directory that was moved.
func refuseMoved(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, movedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("asking whether the data directory was moved: %w", err)
	}
	return fmt.Errorf("the data directory %s is not in use any more. Its file %q says:\n%s", dir, movedFile, text)
}
