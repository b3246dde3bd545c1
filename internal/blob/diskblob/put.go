package diskblob

import (
	"context"
	"fmt"
	"os"

	"github.com/handout-rtc/handout/internal/blob"
)

// Put implements blob.Putter: a small blob goes into a pack.
func (s *Store) Put(ctx context.Context, key blob.Key, data []byte) error {
	if !key.Valid() {
		return blob.ErrKey
	}
	if err := s.Healthy(); err != nil {
		return err
	}
	if len(data) <= maxPacked {
		return s.packs.put(key, data)
	}
	w, err := s.Write(ctx, key, 0)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		w.Close()
		return err
	}
	return w.Commit(ctx)
}

// wipe overwrites the range with zeros.
func wipe(file *os.File, from, length int64) error {
	zeros := make([]byte, min(length, maxPacked))
	for length > 0 {
		n, err := file.WriteAt(zeros[:min(length, int64(len(zeros)))], from)
		if err != nil {
			return fmt.Errorf("wiping: %w", err)
		}
		from, length = from+int64(n), length-int64(n)
	}
	return nil
}
