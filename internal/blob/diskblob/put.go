package diskblob

import (
	"context"

	"github.com/handout-rtc/handout/internal/blob"
)

// Put implements blob.Putter.
func (s *Store) Put(ctx context.Context, key blob.Key, data []byte) error {
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
