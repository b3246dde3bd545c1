package faulttest

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"

	"github.com/handout-rtc/handout/internal/enginetest"
)

// shelf is a bucket by hand, with the records of what is in it.
type shelf struct {
	*bucket
	records *sql.DB
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	engine := enginetest.SharedS3(t)
	bucket, err := newBucket(engine.URL(engine.Bucket(t)))
	if err != nil {
		t.Fatal(err)
	}
	records, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { records.Close() })
	s := &shelf{bucket, records}
	s.record(t, `CREATE TABLE manifests (blob TEXT, state INTEGER)`)
	s.record(t, `CREATE TABLE segments (blob TEXT, object TEXT, start INTEGER, length INTEGER)`)
	return s
}

func (s *shelf) record(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := s.records.Exec(query, args...); err != nil {
		t.Fatal(err)
	}
}

func (s *shelf) put(t *testing.T, name, data string) {
	t.Helper()
	if _, err := s.objects.PutObject(t.Context(), s.Bucket, name, bytes.NewReader([]byte(data)), int64(len(data)), minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (s *shelf) remove(t *testing.T, name string) {
	t.Helper()
	if err := s.objects.RemoveObject(t.Context(), s.Bucket, name, minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
}

// begin begins a multipart upload.
func (s *shelf) begin(t *testing.T, name string) {
	t.Helper()
	if _, err := (minio.Core{Client: s.objects}).NewMultipartUpload(t.Context(), s.Bucket, name, minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
}

// fill puts a complete file of two segments there, a staged one of one, and a deposit.
func (s *shelf) fill(t *testing.T) {
	t.Helper()
	s.record(t, `INSERT INTO manifests VALUES ('sh_whole', 1), ('sh_staged', 0)`)
	s.record(t, `INSERT INTO segments VALUES ('sh_whole', 'segments/sh_whole/a', 0, 5), ('sh_whole', 'segments/sh_whole/b', 5, 3), ('sh_staged', 'segments/sh_staged/a', 0, 4)`)
	s.put(t, s.Prefix+"segments/sh_whole/a", "01234")
	s.put(t, s.Prefix+"segments/sh_whole/b", "567 cut off")
	s.put(t, s.Prefix+"segments/sh_staged/a", "0123")
	s.put(t, s.Prefix+"put/sh_deposit", "whole")
}

func sumOfText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// TestWhatABucketHolds is told by the checker, whatever the records say of it.
func TestWhatABucketHolds(t *testing.T) {
	t.Parallel()
	whole := Blob{Key: "sh_whole", Committed: true, Size: 8, SHA256: sumOfText("01234567")}
	staged := Blob{Key: "sh_staged", Size: 4}
	deposit := Blob{Key: "sh_deposit", Committed: true, Size: 5, SHA256: sumOfText("whole")}
	for name, c := range map[string]struct {
		change func(*testing.T, *shelf)
		want   []Blob
		strays []string
	}{
		"all is well": {func(*testing.T, *shelf) {}, []Blob{whole, staged, deposit}, nil},
		"a segment is gone": {
			func(t *testing.T, s *shelf) { s.remove(t, s.Prefix+"segments/sh_whole/b") },
			[]Blob{{Key: "sh_whole", Committed: true, Size: 5, SHA256: sumOfText("01234")}, staged, deposit}, nil,
		},
		"a segment is short": {
			func(t *testing.T, s *shelf) { s.put(t, s.Prefix+"segments/sh_staged/a", "012") },
			[]Blob{whole, {Key: "sh_staged"}, deposit}, nil,
		},
		"a segment has other bytes": {
			func(t *testing.T, s *shelf) { s.put(t, s.Prefix+"segments/sh_whole/a", "01239") },
			[]Blob{{Key: "sh_whole", Committed: true, Size: 8, SHA256: sumOfText("01239567")}, staged, deposit}, nil,
		},
		"the manifest has a gap": {
			func(t *testing.T, s *shelf) { s.record(t, `UPDATE segments SET start = 6 WHERE start = 5`) },
			[]Blob{{Key: "sh_whole", Committed: true, Size: 5, SHA256: sumOfText("01234")}, staged, deposit}, nil,
		},
		"objects that no manifest has": {
			func(t *testing.T, s *shelf) {
				s.put(t, s.Prefix+"segments/sh_whole/c", "0")
				s.put(t, s.Prefix+"segments/sh_nobodys/a", "0")
				s.put(t, s.Prefix+"put/sh_whole", "twice")
				s.put(t, "not/ours", "0")
				s.begin(t, s.Prefix+"joined/sh_whole")
			},
			[]Blob{whole, staged, deposit},
			[]string{"/not/ours", "put/sh_whole", "segments/sh_nobodys/a", "segments/sh_whole/c", "the unfinished joined/sh_whole"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			s.fill(t)
			c.change(t, s)
			got, strays, err := s.blobs(t.Context(), s.records, true)
			if err != nil {
				t.Fatal(err)
			}
			byKey := func(a, b Blob) int { return strings.Compare(string(a.Key), string(b.Key)) }
			slices.SortFunc(got, byKey)
			slices.SortFunc(c.want, byKey)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.strays, strays); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWhatTheDeadLeaveIsCollected, and nothing else.
func TestWhatTheDeadLeaveIsCollected(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.fill(t)
	before, _, err := s.blobs(t.Context(), s.records, true)
	if err != nil {
		t.Fatal(err)
	}
	s.put(t, s.Prefix+"segments/sh_whole/c", "0")
	s.put(t, s.Prefix+"segments/sh_nobodys/a", "0")
	s.put(t, s.Prefix+"joined/sh_whole", "0")
	s.put(t, s.Prefix+"put/sh_whole", "twice")
	s.begin(t, s.Prefix+"joined/sh_staged")
	removed, err := s.collect(t.Context(), s.records)
	if err != nil || removed != 4 {
		t.Errorf("%d were collected, want 4: %v", removed, err)
	}
	after, strays, err := s.blobs(t.Context(), s.records, true)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
	if want := []string{"put/sh_whole"}; !slices.Equal(strays, want) { // which no server that dies leaves
		t.Errorf("%v are left, want %v", strays, want)
	}
}
