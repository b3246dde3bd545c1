package s3blob

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/handout-rtc/handout/internal/blob"
)

// collectEvery is the pause between two looks for orphans.
const collectEvery = time.Hour

// Run looks for orphans, and joins whole blobs if that is wanted, until ctx ends. It is
// enough that one of the processes that share a bucket does it.
func (s *Store) Run(ctx context.Context) {
	collect, join := time.NewTicker(collectEvery), time.NewTicker(joinEvery)
	defer collect.Stop()
	defer join.Stop()
	for {
		var err error
		what := "looking for orphans in the bucket"
		select {
		case <-ctx.Done():
			return
		case key := <-s.joining:
			what, err = "joining a file", s.Join(ctx, key)
		case <-join.C:
			what, err = "joining files", s.joinAll(ctx)
		case <-collect.C:
			_, err = s.Collect(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.Log.Error(what, "err", err)
		}
	}
}

// Collect removes what writers that died have left: objects that no manifest knows, and
// multipart uploads, both if they are older than Config.OrphanAge. It returns how many
// it has removed. Blobs that no record knows are not its affair: see List.
func (s *Store) Collect(ctx context.Context) (removed int, err error) {
	var orphans []string
	for name, err := range s.orphans(ctx) {
		if err != nil {
			return removed, err
		}
		if orphans = append(orphans, name); len(orphans) == page {
			if err := s.bucket.remove(ctx, orphans); err != nil {
				return removed, err
			}
			removed, orphans = removed+len(orphans), orphans[:0]
		}
	}
	if err := s.bucket.remove(ctx, orphans); err != nil {
		return removed, err
	}
	removed += len(orphans)
	aborted, err := s.abortUploads(ctx)
	if removed += aborted; removed > 0 {
		s.Log.Info("orphans in the bucket removed", "objects", removed)
	}
	return removed, err
}

// orphans yields the names of segments and joined objects that no manifest knows.
func (s *Store) orphans(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, dir := range []string{segmentsDir, joinedDir, "probe/"} {
			known := manifestOnce{store: s}
			for object, err := range s.objects(ctx, dir) {
				orphan := false
				if err == nil && s.old(object.LastModified) {
					orphan, err = known.lacks(ctx, strings.TrimPrefix(object.Key, dir), object.Key)
				}
				if err != nil {
					yield("", err)
					return
				}
				if orphan && !yield(object.Key, nil) {
					return
				}
			}
		}
	}
}

func (s *Store) old(since time.Time) bool { return time.Since(since) > s.OrphanAge }

// manifestOnce remembers the last manifest: objects of one blob come together.
type manifestOnce struct {
	store *Store
	key   string
	names map[string]bool
}

// lacks reports whether the manifest of the blob does not have the object, which is
// rest below its directory.
func (m *manifestOnce) lacks(ctx context.Context, rest, object string) (bool, error) {
	key, _, _ := strings.Cut(rest, "/")
	if key != m.key || m.names == nil {
		listing, err := m.store.Manifest.Read(ctx, key)
		if err != nil && !isNone(err) {
			return false, err
		}
		m.key, m.names = key, make(map[string]bool, len(listing.Segments))
		for _, segment := range listing.Segments {
			m.names[segment.Object] = true
		}
	}
	return !m.names[object], nil
}

// objects yields the objects below dir.
func (s *Store) objects(ctx context.Context, dir string) iter.Seq2[minio.ObjectInfo, error] {
	return func(yield func(minio.ObjectInfo, error) bool) {
		for after := ""; ; {
			found, err := s.bucket.list(ctx, dir, after, page)
			if err != nil {
				yield(minio.ObjectInfo{}, err)
				return
			}
			for _, object := range found {
				if after = object.Key; !yield(object, nil) {
					return
				}
			}
			if len(found) < page {
				return
			}
		}
	}
}

// abortUploads gives up multipart uploads that nobody completes any more.
func (s *Store) abortUploads(ctx context.Context) (aborted int, err error) {
	uploads, err := s.bucket.uploads(ctx, joinedDir)
	if err != nil {
		return 0, err
	}
	for _, upload := range uploads {
		if !s.old(upload.Initiated) {
			continue
		}
		if err := s.bucket.abort(ctx, upload.Key, upload.UploadID); err != nil {
			return aborted, err
		}
		aborted++
	}
	return aborted, nil
}

// Strays yields the names below the prefix that are nothing of the store's, and the
// orphans that Collect would remove.
func (s *Store) Strays(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for object, err := range s.objects(ctx, "") {
			if err == nil && ours(object.Key) {
				continue
			}
			if !yield(object.Key, err) || err != nil {
				return
			}
		}
		for name, err := range s.orphans(ctx) {
			if !yield(name, err) {
				return
			}
		}
	}
}

// ours reports whether the store makes such names.
func ours(name string) bool {
	for _, dir := range []string{segmentsDir, putDir, joinedDir, "probe/"} {
		if rest, ok := strings.CutPrefix(name, dir); ok {
			key, _, _ := strings.Cut(rest, "/")
			return blob.Key(key).Valid()
		}
	}
	return false
}
