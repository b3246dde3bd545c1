package main

import (
	"context"
	"errors"

	"github.com/handout-rtc/handout/internal/blob/s3blob"
	"github.com/handout-rtc/handout/internal/store"
)

// manifests lets the bucket keep its manifests in the records.
type manifests struct{ records *store.DB }

var (
	_ s3blob.Manifest = manifests{}
	_ s3blob.Joins    = manifests{}
)

// Begin implements s3blob.Manifest.
func (m manifests) Begin(ctx context.Context, blob string, offset int64) (s3blob.Listing, []string, error) {
	found, garbage, err := m.records.BeginManifest(ctx, blob, offset)
	return listing(found), garbage, unlisted(err)
}

// Extend implements s3blob.Manifest.
func (m manifests) Extend(ctx context.Context, blob string, epoch int64, add []s3blob.Segment, commit bool) ([]string, error) {
	segments := make([]store.Segment, len(add))
	for i, s := range add {
		segments[i] = store.Segment(s)
	}
	garbage, err := m.records.ExtendManifest(ctx, blob, epoch, segments, commit)
	return garbage, unlisted(err)
}

// Read implements s3blob.Manifest.
func (m manifests) Read(ctx context.Context, blob string) (s3blob.Listing, error) {
	found, err := m.records.Manifest(ctx, blob)
	return listing(found), unlisted(err)
}

// Retire implements s3blob.Manifest.
func (m manifests) Retire(ctx context.Context, blob string) (s3blob.Listing, error) {
	found, err := m.records.RetireManifest(ctx, blob)
	return listing(found), unlisted(err)
}

// Forget implements s3blob.Manifest.
func (m manifests) Forget(ctx context.Context, blob string) error {
	return m.records.ForgetManifest(ctx, blob)
}

// List implements s3blob.Manifest.
func (m manifests) List(ctx context.Context, after string, limit int) ([]s3blob.Listing, error) {
	found, err := m.records.Manifests(ctx, after, limit)
	all := make([]s3blob.Listing, len(found))
	for i, f := range found {
		all[i] = listing(f)
	}
	return all, err
}

// Joinable implements s3blob.Joins.
func (m manifests) Joinable(ctx context.Context, after string, limit int) ([]string, error) {
	return m.records.Joinable(ctx, after, limit)
}

// Join implements s3blob.Joins.
func (m manifests) Join(ctx context.Context, blob string, epoch int64, object string) ([]string, error) {
	garbage, err := m.records.JoinManifest(ctx, blob, epoch, object)
	return garbage, unlisted(err)
}

func listing(m store.Manifest) s3blob.Listing {
	l := s3blob.Listing{Blob: m.Blob, Epoch: m.Epoch, State: s3blob.State(m.State), Size: m.Size, Changed: m.ChangedAt}
	for _, s := range m.Segments {
		l.Segments = append(l.Segments, s3blob.Segment(s))
	}
	return l
}

// unlisted says in the words of the bucket why the records refuse.
func unlisted(err error) error {
	for of, is := range map[error]error{store.ErrNotFound: s3blob.ErrNone, store.ErrConflict: s3blob.ErrShort, store.ErrFenced: s3blob.ErrFenced} {
		if errors.Is(err, of) {
			return is
		}
	}
	return err
}
