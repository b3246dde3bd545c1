package s3blob

import (
	"context"
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/crash"
)

// page is how many manifests or objects are read at a time.
const page = 1000

// Remove implements blob.Store. The manifest goes last: until then, whoever asks again
// finds what is to be removed.
func (s *Store) Remove(ctx context.Context, key blob.Key) error {
	if !key.Valid() {
		return blob.ErrKey
	}
	listing, err := s.Manifest.Retire(ctx, string(key))
	if errors.Is(err, ErrNone) {
		return s.bucket.remove(ctx, []string{putName(key)})
	}
	if err != nil {
		return err
	}
	crash.At(crash.BlobRetired)
	// Those of writers that died are there too.
	names := []string{joinedName(key)}
	for object, err := range s.objects(ctx, segmentsDir+string(key)+"/") {
		if err != nil {
			return err
		}
		names = append(names, object.Key)
	}
	for _, segment := range listing.Segments {
		names = append(names, segment.Object) // a listing may be behind
	}
	if err := s.bucket.remove(ctx, unique(names)); err != nil {
		return err
	}
	crash.At(crash.ObjectsRemoved)
	return s.Manifest.Forget(ctx, string(key))
}

func unique(names []string) []string {
	seen := make(map[string]bool, len(names))
	kept := names[:0]
	for _, name := range names {
		if !seen[name] {
			seen[name] = true
			kept = append(kept, name)
		}
	}
	return kept
}

// List implements blob.Store. Blobs that are being removed are among them, as staged.
func (s *Store) List(ctx context.Context) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		for after := ""; ; {
			found, err := s.Manifest.List(ctx, after, page)
			if err != nil {
				yield(blob.Info{}, err)
				return
			}
			for _, l := range found {
				after = l.Blob
				if !yield(blob.Info{Key: blob.Key(l.Blob), Committed: l.State == Committed, Size: l.Size, Modified: l.Changed}, nil) {
					return
				}
			}
			if len(found) < page {
				break
			}
		}
		s.listPut(ctx, yield)
	}
}

// listPut yields the blobs that came whole.
func (s *Store) listPut(ctx context.Context, yield func(blob.Info, error) bool) {
	for object, err := range s.objects(ctx, putDir) {
		if err != nil {
			yield(blob.Info{}, err)
			return
		}
		key := blob.Key(strings.TrimPrefix(object.Key, putDir))
		if key.Valid() && !yield(blob.Info{Key: key, Committed: true, Size: object.Size, Modified: object.LastModified}, nil) {
			return
		}
	}
}

// discard has objects removed that are in no manifest any more. What there is no place
// for is found as orphans later.
func (s *Store) discard(objects []string) {
	for _, object := range objects {
		select {
		case s.refuse <- object:
		default:
			return
		}
	}
}

// gatherTime is how long garbage waits for more of it, to be removed by one request.
const gatherTime = 200 * time.Millisecond

// lastMoments is how long removing it may take when the store is closed.
const lastMoments = 2 * time.Second

// removeGarbage removes what is discarded until ctx ends, and what there is then.
func (s *Store) removeGarbage(ctx context.Context) {
	for {
		var batch []string
		select {
		case object := <-s.refuse:
			batch = append(batch, object)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastMoments)
			defer cancel()
			s.removeBatch(last, s.refused(nil))
			return
		}
		select {
		case <-time.After(gatherTime):
		case <-ctx.Done():
		}
		s.removeBatch(context.WithoutCancel(ctx), s.refused(batch))
	}
}

// refused adds what else waits to be removed.
func (s *Store) refused(batch []string) []string {
	for len(batch) < page {
		select {
		case object := <-s.refuse:
			batch = append(batch, object)
		default:
			return batch
		}
	}
	return batch
}

func (s *Store) removeBatch(ctx context.Context, objects []string) {
	if len(objects) == 0 {
		return
	}
	if err := s.bucket.remove(ctx, objects); err != nil {
		s.Log.Warn("removing objects that nobody needs", "objects", len(objects), "err", err)
	}
}
