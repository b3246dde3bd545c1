package model_test

import (
	"fmt"
	"maps"

	"github.com/handout-rtc/handout/protocol"
)

// view is what one participant has been told by pushes, and has read when it
// connected: put together as docs/protocol.md says in section 3.
type view struct {
	at       protocol.Cursor
	shares   map[protocol.ShareID]protocol.Share
	members  map[protocol.ParticipantID]bool
	receipts map[place]protocol.Receipt
	sharing  protocol.Sharing
}

// place is whose receipt it is, of which share.
type place struct {
	share protocol.ShareID
	of    protocol.ParticipantID
}

func newView() *view {
	return &view{
		shares: make(map[protocol.ShareID]protocol.Share), members: make(map[protocol.ParticipantID]bool), receipts: make(map[place]protocol.Receipt),
	}
}

// hear takes an event in, and says what is wrong about it: it comes after a gap, tells
// the person what it must not know, or of a step that nothing takes.
func (w *world) hear(p *person, e protocol.Event) error {
	v := p.view
	if e.Seq > 0 {
		at := &v.at.Room
		if e.Stream == protocol.PersonalStream {
			at = &v.at.Personal
		}
		if e.Seq > *at+1 {
			return fmt.Errorf("number %d of the %s stream came after %d", e.Seq, e.Stream, *at)
		}
		if e.Stream == protocol.RoomStream && !p.grants.Receive {
			return fmt.Errorf("who may not receive was told number %d of the room's stream", e.Seq)
		}
		*at = max(*at, e.Seq)
	}
	for _, share := range e.Shares {
		if err := w.hearShare(p, e.Type, share); err != nil {
			return err
		}
	}
	for _, r := range e.Receipts {
		if f := w.byID(r.Share); f == nil || f.sender != p {
			return fmt.Errorf("was told of a receipt of %s", r.Share)
		}
		v.takeReceipt(r)
	}
	switch e.Type {
	case protocol.ParticipantJoined:
		v.members[e.Participant.ID] = true
	case protocol.ParticipantLeft:
		delete(v.members, e.Participant.ID)
	case protocol.SharingChanged:
		if e.Sharing.Rev >= v.sharing.Rev {
			v.sharing = *e.Sharing
		}
	case protocol.SharesCreated, protocol.SharesAvailable, protocol.SharesEnded, protocol.ReceiptsChanged, protocol.TransfersMoved:
	default:
		return fmt.Errorf("there is no reason for %s", e.Type)
	}
	return nil
}

// moves are the steps of a share: docs/protocol.md, section 4. From "" it is new.
var moves = map[protocol.ShareState]map[protocol.ShareState]bool{
	"":                 {protocol.Uploading: true, protocol.Available: true},
	protocol.Uploading: {protocol.Available: true, protocol.Cancelled: true, protocol.Failed: true},
	protocol.Available: {protocol.Revoked: true, protocol.Expired: true},
}

// states are those that each event can tell of.
var states = map[protocol.EventType]func(protocol.ShareState) bool{
	protocol.SharesCreated:   func(s protocol.ShareState) bool { return s == protocol.Uploading },
	protocol.SharesAvailable: func(s protocol.ShareState) bool { return s == protocol.Available },
	protocol.SharesEnded:     protocol.ShareState.Ended,
}

func (w *world) hearShare(p *person, told protocol.EventType, share protocol.Share) error {
	f := w.byID(share.ID)
	known := p.view.shares[share.ID]
	switch {
	case f == nil || !f.sees(p):
		return fmt.Errorf("was told of %s", share.ID)
	case !f.toRoom && p != f.sender && (len(share.To.List) != 1 || share.To.List[0] != p.id):
		return fmt.Errorf("was told that %s is for %v", f.name, share.To.List)
	case states[told] == nil || !states[told](share.State):
		return fmt.Errorf("%s tells that %s is %s", told, f.name, share.State)
	case share.Rev <= known.Rev:
		return nil // read before
	case !moves[known.State][share.State]:
		return fmt.Errorf("%s became %s when it was %q", f.name, share.State, known.State)
	}
	p.view.shares[share.ID] = share
	return nil
}

func (v *view) takeReceipt(r protocol.Receipt) {
	at := place{r.Share, r.Participant}
	if r.Rev >= v.receipts[at].Rev {
		v.receipts[at] = r
	}
}

// read takes a page in that was read.
func (v *view) read(page protocol.SharePage) {
	for _, share := range page.Shares {
		if v.shares[share.ID].Rev <= share.Rev {
			v.shares[share.ID] = share
		}
	}
	v.at = page.Seq
}

func (w *world) byID(id protocol.ShareID) *file {
	for _, f := range w.files {
		if f.id == id {
			return f
		}
	}
	return nil
}

// wrongShare says how a share that the person has read is not what the model says.
func (w *world) wrongShare(p *person, f *file, share protocol.Share) error {
	size, offset := int64(-1), share.Offset
	if share.Size != nil {
		size = *share.Size
	}
	if f.state.Ended() {
		offset = int64(len(f.data)) // how far it was then nobody says
	}
	to := protocol.Audience{Room: f.toRoom}
	switch {
	case f.toRoom:
	case p == f.sender:
		for _, r := range f.to {
			to.List = append(to.List, r.id)
		}
	default:
		to.List = []protocol.ParticipantID{p.id}
	}
	said := fmt.Sprint(share.Name, share.State, share.Reason, size, offset, share.SHA256, share.Sender.ID, share.To)
	must := fmt.Sprint(f.name, f.state, f.reason, f.size, len(f.data), f.sha, f.sender.id, to)
	if said != must {
		return fmt.Errorf("%s is told %s\n     the model says %s", p.id, said, must)
	}
	return nil
}

// wrongList says how all that the person has read of shares is not what the model says.
func (w *world) wrongList(p *person, list map[protocol.ShareID]protocol.Share) error {
	left := maps.Clone(list)
	for _, f := range w.files {
		if f.id == "" || !f.sees(p) {
			continue
		}
		share, listed := left[f.id]
		if !listed {
			return fmt.Errorf("%s is not listed to %s", f.name, p.id)
		}
		if err := w.wrongShare(p, f, share); err != nil {
			return err
		}
		delete(left, f.id)
	}
	for id := range left {
		return fmt.Errorf("%s is listed to %s", id, p.id)
	}
	return nil
}
