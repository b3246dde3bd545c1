package share_test

import (
	"sync"
	"testing"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

// TestWhatIsOfferedAfterRulesGoesByThem: however many offers are under way, and
// although nobody tells the service of the change.
func TestWhatIsOfferedAfterRulesGoesByThem(t *testing.T) {
	f := newFixture(t)
	size := int64(1)
	offer := func() error {
		made, err := f.Offer(t.Context(), f.as("ana"), share.Batch{Drafts: []share.Draft{{Name: "a.exe", Size: &size}}, To: protocol.ToRoom()})
		if err == nil {
			err = f.End(t.Context(), f.as("ana"), made[0].ID)
		}
		return err
	}
	for range 3 {
		if err := offer(); err != nil {
			t.Fatal(err)
		}
		if _, err := f.records.SetRules(t.Context(), f.room, protocol.Rules{Deny: []string{".exe"}}, limits, f.clock.now()); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if code := protocol.CodeOf(offer()); code != protocol.CodeTypeNotAllowed {
					t.Errorf("it is answered with %q", code)
				}
			})
		}
		group.Wait()
		if _, err := f.records.SetRules(t.Context(), f.room, protocol.Rules{}, limits, f.clock.now()); err != nil {
			t.Fatal(err)
		}
		f.RulesChanged(f.room)
	}
}

// TestWhatIsThereOutlivesNewRules: files and uploads stay, under the limits and for the
// time that they were accepted for.
func TestWhatIsThereOutlivesNewRules(t *testing.T) {
	f := newFixture(t)
	there, running := f.deliver(t, "hello", protocol.ToRoom()), f.offer(t, 10, protocol.ToRoom())
	before, err := f.records.Share(t.Context(), there)
	if err != nil {
		t.Fatal(err)
	}
	strict := protocol.Rules{Limits: map[string]int64{"fileSize": 1, "roomShares": 1, "roomBytes": 1, "lifetimeSeconds": 1}, Allow: []string{"image/*"}, Send: []string{}}
	if _, err := f.records.SetRules(t.Context(), f.room, strict, limits, f.clock.now()); err != nil {
		t.Fatal(err)
	}
	f.RulesChanged(f.room)
	f.fill(t, running, 10)
	after, err := f.records.Share(t.Context(), there)
	if err != nil || after.State != protocol.Available || !after.ExpiresAt.Equal(before.ExpiresAt) {
		t.Errorf("%s until %s, before until %s, %v", after.State, after.ExpiresAt, before.ExpiresAt, err)
	}
}

// TestARoomsLifetimeIsThatOfItsFiles, of those that are offered by it.
func TestARoomsLifetimeIsThatOfItsFiles(t *testing.T) {
	f := newFixture(t)
	if _, err := f.records.SetRules(t.Context(), f.room, protocol.Rules{Limits: map[string]int64{"lifetimeSeconds": 60}}, limits, f.clock.now()); err != nil {
		t.Fatal(err)
	}
	record, err := f.records.Share(t.Context(), f.offer(t, 1, protocol.ToRoom()))
	if err != nil || record.ExpiresAt.Sub(record.CreatedAt).Seconds() != 60 {
		t.Errorf("it is kept until %s, from %s, %v", record.ExpiresAt, record.CreatedAt, err)
	}
}
