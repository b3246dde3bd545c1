package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/handout-rtc/handout/internal/store"
)

const aBlob = "sh_blob"

func sealed(start, length int64, object string) store.Segment {
	return store.Segment{Start: start, Length: length, Object: object, Sealed: true}
}

func short(start, length int64, object string) store.Segment {
	return store.Segment{Start: start, Length: length, Object: object}
}

var segmentTests = map[string]func(*world){
	"SegmentsAreAddedInOrder": func(w *world) {
		m := w.beginBlob(0)
		w.same("the first epoch", m, store.Manifest{Blob: aBlob, Epoch: 1})
		w.extend(m.Epoch, false, sealed(0, 4, "a"), sealed(4, 3, "b"))
		w.extend(m.Epoch, false, short(7, 1, "c"))
		w.segments(store.ManifestStaged, 8, sealed(0, 4, "a"), sealed(4, 3, "b"), short(7, 1, "c"))
		for _, wrong := range []store.Segment{sealed(9, 1, "gap"), sealed(5, 4, "within"), sealed(8, 0, "empty")} {
			if _, err := w.ExtendManifest(w.Context(), aBlob, m.Epoch, []store.Segment{wrong}, false); err == nil {
				w.Errorf("%+v was added", wrong)
			}
		}
		if _, err := w.ExtendManifest(w.Context(), aBlob, m.Epoch, []store.Segment{sealed(4, 2, "less")}, false); err == nil {
			w.Error("bytes were given up")
		}
		w.same("garbage", w.extend(m.Epoch, true, sealed(7, 3, "d")), []string{"c"})
		w.segments(store.ManifestCommitted, 10, sealed(0, 4, "a"), sealed(4, 3, "b"), sealed(7, 3, "d"))
	},
	"SegmentsMayBeAddedAgain": func(w *world) {
		m := w.beginBlob(0)
		for range 2 {
			w.same("garbage", w.extend(m.Epoch, false, sealed(0, 4, "a"), short(4, 1, "b")), []string(nil))
		}
		for range 2 {
			w.same("garbage of a commit", w.extend(m.Epoch, true), []string(nil))
		}
		w.segments(store.ManifestCommitted, 5, sealed(0, 4, "a"), short(4, 1, "b"))
	},
	"TheLastWriterAloneAdds": func(w *world) {
		first := w.beginBlob(0)
		w.extend(first.Epoch, false, sealed(0, 4, "a"))
		second := w.beginBlob(4)
		w.same("the segments that there are", second.Segments, []store.Segment{sealed(0, 4, "a")})
		for _, commit := range []bool{false, true} {
			_, err := w.ExtendManifest(w.Context(), aBlob, first.Epoch, []store.Segment{sealed(4, 4, "late")}, commit)
			w.wantErr(err, store.ErrFenced)
		}
		w.extend(second.Epoch, true, sealed(4, 2, "b"))
		_, err := w.ExtendManifest(w.Context(), aBlob, first.Epoch, nil, true)
		w.wantErr(err, store.ErrFenced)
		w.segments(store.ManifestCommitted, 6, sealed(0, 4, "a"), sealed(4, 2, "b"))
	},
	"WhoBeginsCutsOff": func(w *world) {
		_, _, err := w.BeginManifest(w.Context(), aBlob, 1)
		w.wantErr(err, store.ErrNotFound)
		m := w.beginBlob(0)
		w.extend(m.Epoch, false, sealed(0, 4, "a"), sealed(4, 4, "b"), short(8, 1, "c"))
		_, _, err = w.BeginManifest(w.Context(), aBlob, 10)
		w.wantErr(err, store.ErrConflict)
		m, garbage, err := w.BeginManifest(w.Context(), aBlob, 5)
		w.must(err)
		w.same("garbage", garbage, []string{"c"})
		w.same("what stays", m.Segments, []store.Segment{sealed(0, 4, "a"), short(4, 1, "b")})
		w.segments(store.ManifestStaged, 5, sealed(0, 4, "a"), short(4, 1, "b"))
		m, garbage, err = w.BeginManifest(w.Context(), aBlob, 0)
		w.must(err)
		w.same("garbage of all", garbage, []string{"a", "b"})
		w.extend(m.Epoch, true)
		w.beginBlob(0) // an empty one, whose record was not written
		w.segments(store.ManifestStaged, 0)
		w.extend(m.Epoch+1, true, sealed(0, 1, "z"))
		_, _, err = w.BeginManifest(w.Context(), aBlob, 0)
		w.wantErr(err, store.ErrNotFound)
		_, _, err = w.BeginManifest(w.Context(), aBlob, 1)
		w.wantErr(err, store.ErrNotFound)
	},
	"WhatIsRetiredIsNobodys": func(w *world) {
		_, err := w.RetireManifest(w.Context(), aBlob)
		w.wantErr(err, store.ErrNotFound)
		m := w.beginBlob(0)
		w.extend(m.Epoch, false, sealed(0, 4, "a"))
		w.must(w.ForgetManifest(w.Context(), aBlob)) // it is not retired: nothing happens
		for range 2 {
			retired, err := w.RetireManifest(w.Context(), aBlob)
			w.must(err)
			w.same("what held it", retired.Segments, []store.Segment{sealed(0, 4, "a")})
		}
		_, err = w.ExtendManifest(w.Context(), aBlob, m.Epoch, []store.Segment{sealed(4, 4, "b")}, true)
		w.wantErr(err, store.ErrFenced)
		_, _, err = w.BeginManifest(w.Context(), aBlob, 4)
		w.wantErr(err, store.ErrNotFound)
		w.segments(store.ManifestRetired, 4, sealed(0, 4, "a"))
		for range 2 {
			w.must(w.ForgetManifest(w.Context(), aBlob))
		}
		_, err = w.Manifest(w.Context(), aBlob)
		w.wantErr(err, store.ErrNotFound)
		_, err = w.ExtendManifest(w.Context(), aBlob, m.Epoch, nil, true)
		w.wantErr(err, store.ErrFenced)
	},
	"ManifestsAreListed": func(w *world) {
		var want []string
		for i := range 9 {
			blob := fmt.Sprintf("sh_%d", i)
			want = append(want, blob)
			m, _, err := w.BeginManifest(w.Context(), blob, 0)
			w.must(err)
			add := []store.Segment{sealed(0, 2, blob+"a"), sealed(2, 3, blob+"b")}[:i%3]
			_, err = w.ExtendManifest(w.Context(), blob, m.Epoch, add, i%2 == 0)
			w.must(err)
		}
		var got []string
		for after := ""; ; {
			page, err := w.Manifests(w.Context(), after, 4)
			w.must(err)
			for _, m := range page {
				got, after = append(got, m.Blob), m.Blob
				if m.ChangedAt.IsZero() || m.Segments != nil {
					w.Errorf("%+v", m)
				}
			}
			if len(page) < 4 {
				break
			}
		}
		w.same("listed", got, want)
		joinable, err := w.Joinable(w.Context(), "", 10)
		w.must(err)
		w.same("joinable", joinable, []string{"sh_2", "sh_8"})
		joinable, err = w.Joinable(w.Context(), "sh_2", 10)
		w.must(err)
		w.same("joinable after", joinable, []string{"sh_8"})
	},
	"ABlobIsJoinedOnce": func(w *world) {
		m := w.beginBlob(0)
		w.extend(m.Epoch, false, sealed(0, 4, "a"), sealed(4, 6, "b"))
		_, err := w.JoinManifest(w.Context(), aBlob, m.Epoch, "whole")
		w.wantErr(err, store.ErrFenced) // it is staged
		w.extend(m.Epoch, true)
		_, err = w.JoinManifest(w.Context(), aBlob, m.Epoch+1, "whole")
		w.wantErr(err, store.ErrFenced)
		for _, want := range [][]string{{"a", "b"}, nil} {
			garbage, err := w.JoinManifest(w.Context(), aBlob, m.Epoch, "whole")
			w.must(err)
			w.same("garbage", garbage, want)
			w.segments(store.ManifestCommitted, 10, sealed(0, 10, "whole"))
		}
	},
	"OfManyWritersOneGoesOn": func(w *world) {
		w.beginBlob(0)
		var all sync.WaitGroup
		var added atomic.Int64
		for i := range 8 {
			all.Go(func() {
				m, _, err := w.BeginManifest(w.Context(), aBlob, 0)
				if err != nil {
					w.Error(err)
					return
				}
				if _, err := w.ExtendManifest(w.Context(), aBlob, m.Epoch, []store.Segment{sealed(0, 4, fmt.Sprint(i))}, false); err == nil {
					added.Add(1)
				}
			})
		}
		all.Wait()
		m, err := w.Manifest(w.Context(), aBlob)
		w.must(err)
		w.same("epoch", m.Epoch, int64(9))
		w.same("size is that of the segments", m.Size, int64(4*len(m.Segments)))
		w.same("count", m.Count, len(m.Segments))
		if added.Load() == 0 {
			w.Error("the last writer added nothing")
		}
	},
}

func (w *world) beginBlob(offset int64) store.Manifest {
	w.Helper()
	m, _, err := w.BeginManifest(w.Context(), aBlob, offset)
	w.must(err)
	return m
}

func (w *world) extend(epoch int64, commit bool, add ...store.Segment) []string {
	w.Helper()
	garbage, err := w.ExtendManifest(w.Context(), aBlob, epoch, add, commit)
	w.must(err)
	return garbage
}

// segments looks at the whole manifest.
func (w *world) segments(state store.ManifestState, size int64, want ...store.Segment) {
	w.Helper()
	m, err := w.Manifest(w.Context(), aBlob)
	w.must(err)
	w.same("segments", m.Segments, want)
	w.same("state", m.State, state)
	w.same("size", m.Size, size)
	w.same("count", m.Count, len(want))
	if m.ChangedAt.IsZero() {
		w.Error("it has no time")
	}
}
