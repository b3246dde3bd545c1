package client

import (
	"context"
	"net/url"
	"strconv"

	"github.com/handout-rtc/handout/protocol"
)

// follower keeps the model true. A push is a hint: it is applied when it is the next
// of its stream, and when it is not, the store is read again.
type follower struct {
	api   *api
	room  protocol.RoomID
	model *model

	cursor   protocol.Cursor
	receipts int64 // number of the personal stream up to which receipts are known
	fresh    bool  // nothing was read yet

	pushed chan protocol.Event
	again  chan struct{} // has place for one: read, whatever was pushed
	synced chan struct{} // closed after the first reading
}

// mostPushed is how many events wait to be applied. What is beyond is read instead.
const mostPushed = 256

func newFollower(a *api, room protocol.RoomID, m *model) *follower {
	return &follower{
		api: a, room: room, model: m, fresh: true,
		pushed: make(chan protocol.Event, mostPushed), again: make(chan struct{}, 1), synced: make(chan struct{}),
	}
}

// push takes an event; it does not block.
func (f *follower) push(e protocol.Event) {
	select {
	case f.pushed <- e:
	default:
		f.resync()
	}
}

// resync has the store read; it does not block.
func (f *follower) resync() {
	select {
	case f.again <- struct{}{}:
	default:
	}
}

// run follows until the context ends, or the server will not let us read.
func (f *follower) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.again:
			if err := f.read(ctx); err != nil {
				return err
			}
		case e := <-f.pushed:
			if f.next(e) {
				continue
			}
			if err := f.read(ctx); err != nil {
				return err
			}
			f.next(e)
		}
	}
}

// next applies an event that is the next of its stream, or of none. It reports
// whether one before it is missing.
func (f *follower) next(e protocol.Event) bool {
	seen := &f.cursor.Room
	if e.Stream == protocol.PersonalStream {
		seen = &f.cursor.Personal
	}
	switch {
	case e.Type == protocol.StreamMoved: // the server may have lost a push
		return e.Head != 0 && e.Head <= *seen
	case e.Seq > *seen+1:
		return false
	case e.Seq == *seen+1:
		*seen = e.Seq
		f.receipts = max(f.receipts, f.cursor.Personal)
	case e.Seq != 0:
		return true // it was read
	}
	f.apply(e)
	return true
}

func (f *follower) apply(e protocol.Event) {
	switch e.Type {
	case protocol.ParticipantJoined:
		f.model.joined(*e.Participant)
	case protocol.ParticipantLeft:
		f.model.left(e.Participant.ID)
	case protocol.SharesCreated, protocol.SharesAvailable, protocol.SharesEnded:
		f.model.applyShares(e.Shares)
	case protocol.SharingChanged:
		f.model.applySharing(*e.Sharing)
	case protocol.RulesChanged:
		f.model.applyRules(*e.Rules, *e.Limits)
	case protocol.ReceiptsChanged:
		f.model.applyReceipts(e.Receipts)
	}
}

// read reads what changed since the cursor, in the order that docs/protocol.md gives.
func (f *follower) read(ctx context.Context) error {
	if err := f.readShares(ctx); err != nil {
		return err
	}
	var roster protocol.Roster
	if err := f.api.call(ctx, "GET", roomPath(f.room, "/participants"), nil, &roster); err != nil {
		return err
	}
	f.model.roster(roster.Participants)
	f.model.applySharing(roster.Sharing)
	f.model.applyRules(roster.Rules, roster.Limits)
	if err := f.readReceipts(ctx); err != nil {
		return err
	}
	if f.fresh {
		f.fresh = false
		close(f.synced)
	}
	return nil
}

func (f *follower) readShares(ctx context.Context) error {
	var fromStart map[protocol.ShareID]bool
	for more := true; more; {
		var page protocol.SharePage
		path := roomPath(f.room, "/shares?since="+url.QueryEscape(f.cursor.String()))
		if err := f.api.call(ctx, "GET", path, nil, &page); err != nil {
			return err
		}
		if page.Reset {
			fromStart, f.receipts = make(map[protocol.ShareID]bool), 0
		}
		for _, s := range page.Shares {
			if fromStart != nil {
				fromStart[s.ID] = true
			}
		}
		f.model.applyShares(page.Shares)
		f.cursor, more = page.Seq, page.More
	}
	if fromStart != nil {
		f.model.keepShares(fromStart)
	}
	return nil
}

func (f *follower) readReceipts(ctx context.Context) error {
	for more := true; more; {
		var page protocol.ReceiptPage
		path := roomPath(f.room, "/receipts?since="+strconv.FormatInt(f.receipts, 10))
		if err := f.api.call(ctx, "GET", path, nil, &page); err != nil {
			return err
		}
		f.model.applyReceipts(page.Receipts)
		f.receipts, more = page.Seq, page.More
	}
	return nil
}
