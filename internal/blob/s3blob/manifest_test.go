package s3blob

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// manifests keeps listings in memory, by the rules of a Manifest.
type manifests struct {
	mu  sync.Mutex
	all map[string]Listing // guarded by mu
	// after, if set, is called when a change is made, before it is answered: an error
	// of it is the answer.
	after func(change string) error
}

func newManifests() *manifests { return &manifests{all: make(map[string]Listing)} }

func (m *manifests) answer(change string) error {
	if m.after == nil {
		return nil
	}
	return m.after(change)
}

func (m *manifests) Begin(_ context.Context, blob string, offset int64) (Listing, []string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.all[blob]
	switch {
	case !ok && offset > 0, ok && l.State != Staged && (offset > 0 || l.Size > 0):
		return Listing{}, nil, ErrNone
	case l.Size < offset:
		return Listing{}, nil, ErrShort
	}
	kept, garbage := []Segment(nil), []string(nil)
	for _, s := range l.Segments {
		if s.Start >= offset {
			garbage = append(garbage, s.Object)
			continue
		}
		if s.Start+s.Length > offset {
			s.Length, s.Sealed = offset-s.Start, false
		}
		kept = append(kept, s)
	}
	l = Listing{Blob: blob, Epoch: l.Epoch + 1, Size: offset, Changed: time.Now(), Segments: kept}
	m.all[blob] = l
	l.Segments = slices.Clone(l.Segments)
	return l, garbage, m.answer("begin")
}

func (m *manifests) Extend(_ context.Context, blob string, epoch int64, add []Segment, commit bool) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.all[blob]
	switch {
	case !ok || l.Epoch != epoch || l.State == Retired:
		return nil, ErrFenced
	case l.State == Committed:
		return nil, nil
	}
	garbage := l.put(add)
	if commit {
		l.State = Committed
	}
	m.all[blob] = l
	return garbage, m.answer("extend")
}

// put puts segments in the place of those from the first on.
func (l *Listing) put(add []Segment) (garbage []string) {
	if len(add) == 0 {
		return nil
	}
	var kept []Segment
	for _, s := range l.Segments {
		if s.Start < add[0].Start {
			kept = append(kept, s)
		} else if !slices.ContainsFunc(add, func(a Segment) bool { return a.Object == s.Object }) {
			garbage = append(garbage, s.Object)
		}
	}
	l.Segments = append(kept, add...)
	size := l.Size
	l.Size = 0
	for _, s := range l.Segments {
		if s.Start != l.Size || s.Length <= 0 {
			panic("a gap in the segments")
		}
		l.Size += s.Length
	}
	if l.Size < size {
		panic("bytes are given up")
	}
	return garbage
}

func (m *manifests) Read(_ context.Context, blob string) (Listing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.all[blob]
	if !ok {
		return l, ErrNone
	}
	l.Segments = slices.Clone(l.Segments)
	return l, nil
}

func (m *manifests) Retire(_ context.Context, blob string) (Listing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.all[blob]
	if !ok {
		return l, ErrNone
	}
	l.State = Retired
	m.all[blob] = l
	return l, nil
}

func (m *manifests) Forget(_ context.Context, blob string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, blob)
	return nil
}

func (m *manifests) List(_ context.Context, after string, limit int) (found []Listing, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, blob := range slices.Sorted(maps.Keys(m.all)) {
		if blob > after && len(found) < limit {
			l := m.all[blob]
			l.Segments = nil
			found = append(found, l)
		}
	}
	return found, nil
}

func (m *manifests) Joinable(_ context.Context, after string, limit int) (found []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, blob := range slices.Sorted(maps.Keys(m.all)) {
		if l := m.all[blob]; blob > after && l.State == Committed && len(l.Segments) > 1 && len(found) < limit {
			found = append(found, blob)
		}
	}
	return found, nil
}

func (m *manifests) Join(_ context.Context, blob string, epoch int64, object string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.all[blob]
	if !ok || l.Epoch != epoch || l.State != Committed {
		return nil, ErrFenced
	}
	garbage := l.put([]Segment{{Length: l.Size, Object: object, Sealed: true}})
	m.all[blob] = l
	return garbage, m.answer("join")
}
