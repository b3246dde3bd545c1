package share_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

func keyed(key string, to protocol.Audience, names ...string) share.Batch {
	b := share.Batch{Key: key, To: to}
	for _, name := range names {
		size := int64(5)
		b.Drafts = append(b.Drafts, share.Draft{Name: name, Size: &size})
	}
	return b
}

func ids(shares []store.Share) (all []protocol.ShareID) {
	for _, s := range shares {
		all = append(all, s.ID)
	}
	return all
}

func sameIDs(t *testing.T, got, want []store.Share) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d shares, want %d", len(got), len(want))
	}
	for i, id := range ids(got) {
		if id != want[i].ID {
			t.Errorf("share %d is %s, want %s", i, id, want[i].ID)
		}
	}
}

func TestAnOfferMadeAgainGetsItsShares(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	batch := keyed("key", list("ben"), "a", "b")
	first, err := f.Offer(ctx, f.as("ana"), batch)
	if err != nil {
		t.Fatal(err)
	}
	// What would refuse it now did not when it was made.
	if _, err := f.records.Leave(ctx, f.room, "ben", f.clock.now()); err != nil {
		t.Fatal(err)
	}
	silenced := f.as("ana")
	silenced.Send = false
	if err := f.End(ctx, f.as("ana"), first[1].ID); err != nil {
		t.Fatal(err)
	}
	again, err := f.Offer(ctx, silenced, batch)
	if err != nil {
		t.Fatal(err)
	}
	sameIDs(t, again, first)
	if again[0].State != protocol.Uploading || again[1].State != protocol.Cancelled {
		t.Errorf("they are %s and %s", again[0].State, again[1].State)
	}
	_, err = f.Offer(ctx, f.as("ana"), keyed("other", list("ben"), "a", "b"))
	wantCode(t, err, protocol.CodeUnknownRecipient)
}

func TestAKeyIsForOneRequestOfOneSender(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	made, err := f.Offer(ctx, f.as("ana"), keyed("key", list("ben"), "a"))
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]share.Batch{
		"another name":      keyed("key", list("ben"), "b"),
		"one more":          keyed("key", list("ben"), "a", "b"),
		"none":              keyed("key", list("ben")),
		"another recipient": keyed("key", list("cleo"), "a"),
		"the room":          keyed("key", protocol.ToRoom(), "a"),
	} {
		if _, err := f.Offer(ctx, f.as("ana"), other); protocol.CodeOf(err) != protocol.CodeKeyReused {
			t.Errorf("%s: %v", name, err)
		}
	}
	bens, err := f.Offer(ctx, f.as("ben"), keyed("key", list("ben"), "a"))
	if err != nil || bens[0].ID == made[0].ID {
		t.Errorf("somebody else's request of the same key: %v, %v", ids(bens), err)
	}
	page, err := f.List(ctx, f.as("ana"), protocol.Cursor{})
	if err != nil || len(page.Shares) != 1 {
		t.Errorf("%d shares, %v", len(page.Shares), err)
	}
}

func TestAnOfferIsRememberedAsLongAsItsShares(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	batch := keyed("key", protocol.ToRoom(), "a", "b")
	made, err := f.Offer(ctx, f.as("ana"), batch)
	if err != nil {
		t.Fatal(err)
	}
	forget := func(id protocol.ShareID) {
		t.Helper()
		if err := f.End(ctx, f.as("ana"), id); err != nil {
			t.Fatal(err)
		}
		f.clock.advance(time.Second)
		if n, err := f.records.Forget(ctx, f.clock.now()); n != 1 || err != nil {
			t.Fatalf("forgot %d shares, %v", n, err)
		}
	}
	forget(made[0].ID)
	_, err = f.Offer(ctx, f.as("ana"), batch)
	wantCode(t, err, protocol.CodeShareEnded)
	forget(made[1].ID)
	anew, err := f.Offer(ctx, f.as("ana"), batch)
	if err != nil || anew[0].ID == made[0].ID {
		t.Errorf("a key that is forgotten is not free: %v, %v", ids(anew), err)
	}
}

func TestTheSameOfferManyTimesAtOnce(t *testing.T) {
	f := newFixture(t)
	replies := make([][]store.Share, 16)
	var group sync.WaitGroup
	for i := range replies {
		group.Go(func() {
			made, err := f.Offer(context.Background(), f.as("ana"), keyed("key", protocol.ToRoom(), "a", "b"))
			if err != nil {
				t.Error(err)
			}
			replies[i] = made
		})
	}
	group.Wait()
	for _, made := range replies {
		sameIDs(t, made, replies[0])
	}
}
