package s3blob

import "github.com/handout-rtc/handout/internal/blob"

func (s *Store) whole(key blob.Key) {}
