package share_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handout-rtc/handout/internal/limit"
	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

// TestChurnIsBounded makes and cancels until it is told to wait, and goes on when
// it has.
func TestChurnIsBounded(t *testing.T) {
	f, ctx := newFixture(t), context.Background()
	f.SetChurn(limit.Rate{PerSecond: 2, Burst: 4})
	size := int64(10)
	batch := func(files int, key string) share.Batch {
		return share.Batch{Drafts: make([]share.Draft, files), To: protocol.ToRoom(), Key: key}
	}
	churn := func(who protocol.ParticipantID, b share.Batch) error {
		for i := range b.Drafts {
			b.Drafts[i] = share.Draft{Name: "a.txt", Size: &size}
		}
		made, err := f.Offer(ctx, f.as(who), b)
		for _, each := range made {
			if err := f.End(ctx, f.as(who), each.ID); err != nil {
				t.Fatal(err)
			}
		}
		return err
	}
	for _, b := range []share.Batch{batch(1, "k"), batch(2, "")} {
		if err := churn("ana", b); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, churn("ana", batch(2, "")), protocol.CodeTooManyRequests) // all or none
	if err := churn("ana", batch(1, "k")); err != nil {
		t.Errorf("a repeated request counts again: %v", err)
	}
	if err := churn("ana", batch(1, "")); err != nil {
		t.Fatal(err)
	}
	_, err := f.OfferPartial(ctx, f.as("ana"), share.Draft{Size: &size})
	wantCode(t, err, protocol.CodeTooManyRequests)
	_, err = f.Draft(ctx, f.as("ana"), share.Batch{Drafts: []share.Draft{{Name: "a.txt", Size: &size}}, To: protocol.ToRoom()})
	wantCode(t, err, protocol.CodeTooManyRequests)
	if err := churn("ben", batch(3, "")); err != nil {
		t.Errorf("another participant has to wait too: %v", err)
	}
	f.clock.advance(time.Second)
	if err := churn("ana", batch(2, "")); err != nil {
		t.Errorf("after a second: %v", err)
	}
	wantCode(t, churn("ana", batch(1, "")), protocol.CodeTooManyRequests)
}

// TestABadRequestIsNotCounted: who asks for what cannot be has not asked too fast.
func TestABadRequestIsNotCounted(t *testing.T) {
	f := newFixture(t)
	tooMany := int64(1001)
	_, err := f.OfferPartial(context.Background(), f.as("ana"), share.Draft{Size: &tooMany})
	if wantCode(t, err, protocol.CodeFileTooLarge); f.Counted() != 0 {
		t.Error("a bad request is counted")
	}
}

// disk is one of so many bytes, on which the uploads of a fixture are promised.
type disk struct {
	mu       sync.Mutex
	free     int64
	promised int64
	looks    int // at it
}

func (d *disk) change(free, promised int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.free, d.promised = d.free+free, d.promised+promised
}

func (d *disk) space(least int64) *share.Space {
	return &share.Space{
		Free: func() (int64, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.looks++
			return d.free, nil
		},
		Promised: func(context.Context) (int64, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.promised, nil
		},
		Least: least,
	}
}

// TestNoMoreIsPromisedThanThereIs fills a disk by promises alone, down to the
// floor; what is promised is taken although the disk is short by then.
func TestNoMoreIsPromisedThanThereIs(t *testing.T) {
	f, ctx := newFixture(t), context.Background()
	d := &disk{free: 1500}
	f.Space = d.space(300)
	f.Space.Promised = f.records.Promised
	first := f.offer(t, 700, protocol.ToRoom())
	size := int64(501)
	offer := func(draft share.Draft) error {
		_, err := f.Offer(ctx, f.as("ana"), share.Batch{Drafts: []share.Draft{draft}, To: protocol.ToRoom()})
		return err
	}
	wantCode(t, offer(share.Draft{Name: "b", Size: &size}), protocol.CodeStorageFull)
	wantCode(t, offer(share.Draft{Name: "b"}), protocol.CodeStorageFull) // it may become a thousand
	second := f.offer(t, 500, protocol.ToRoom())
	one := int64(1)
	wantCode(t, offer(share.Draft{Name: "c", Size: &one}), protocol.CodeStorageFull)
	if err := f.Space.Ready(); err != nil {
		t.Errorf("the disk is short before anything is written: %v", err)
	}
	d.change(-1201, 0) // somebody else writes
	wantCode(t, f.Space.Ready(), protocol.CodeStorageFull)
	for id, n := range map[protocol.ShareID]int{first: 700, second: 500} {
		f.fill(t, id, n)
	}
	d.change(+2000, 0)
	if err := offer(share.Draft{Name: "c", Size: &one}); err != nil {
		t.Errorf("with space again: %v", err)
	}
	f.Space.Healthy = func() error { return errors.New("it has failed") }
	wantCode(t, offer(share.Draft{Name: "d", Size: &one}), protocol.CodeUnavailable)
	wantCode(t, f.Space.Ready(), protocol.CodeUnavailable)
}

// TestPromisesOfTheMomentCount promises between two looks at the disk, from many
// sides at once, and never more than there is.
func TestPromisesOfTheMomentCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{free: 10_000}
		space := d.space(0)
		var group sync.WaitGroup
		for range 40 {
			group.Go(func() {
				for range 50 {
					settle, err := space.Take(t.Context(), 100)
					if err != nil {
						wantFull(t, err)
						continue
					}
					time.Sleep(100 * time.Millisecond) // in the bubble: until its record is made
					d.change(0, 100)
					settle(true)
				}
			})
		}
		group.Wait()
		if d.promised != 10_000 {
			t.Errorf("%d bytes are promised of 10000", d.promised)
		}
	})
}

// TestWhatIsRefusedTakesNoSpace promises far more than the disk has, one after the
// other, to offers that something else refuses: others find all of it.
func TestWhatIsRefusedTakesNoSpace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{free: 10_000}
		space := d.space(0)
		for range 50 {
			settle, err := space.Take(t.Context(), 1000)
			if err != nil {
				t.Fatalf("a refused offer took space: %v", err)
			}
			settle(false)
		}
		if _, err := space.Take(t.Context(), 10_000); err != nil {
			t.Errorf("all that is free: %v", err)
		}
		if d.looks != 1 {
			t.Errorf("the disk was looked at %d times within a second, want once", d.looks)
		}
	})
}

func wantFull(t *testing.T, err error) {
	t.Helper()
	if protocol.CodeOf(err) != protocol.CodeStorageFull {
		t.Errorf("%v, want %s", err, protocol.CodeStorageFull)
	}
}
