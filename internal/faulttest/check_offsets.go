package faulttest

import (
	"github.com/handout-rtc/handout/protocol"
)

// ack is the highest offset that was acknowledged, and where.
type ack struct {
	offset int64
	at     int
}

// acks collects what was acknowledged of each upload, in the order of the journal.
type acks map[protocol.ShareID][]ack

// before is the highest offset of an upload that was known at a position.
func (a acks) before(id protocol.ShareID, at int) (best ack, known bool) {
	for _, one := range a[id] {
		if one.at >= at {
			break
		}
		if !known || one.offset > best.offset {
			best, known = one, true
		}
	}
	return best, known
}

// acknowledged reads the offsets that answers have told.
func (l *ledger) acknowledged() acks {
	all := make(acks)
	for at, e := range l.entries {
		if e.Answer == nil || e.Answer.Offset == nil || e.Answer.Status/100 != 2 {
			continue
		}
		c := l.byCall[e.Answer.Call]
		if c == nil {
			continue
		}
		id := c.share()
		if made := c.made(); made != "" {
			id = made
		}
		all[id] = append(all[id], ack{*e.Answer.Offset, at})
	}
	return all
}

// checkOffsets: what was acknowledged is there when it is asked for, and no offset
// goes back.
func (l *ledger) checkOffsets() {
	all := l.acknowledged()
	for _, c := range l.calls {
		if c.answer == nil || !c.uploads() {
			continue
		}
		had, known := all.before(c.share(), c.began)
		if !known {
			continue
		}
		evidence := []int{had.at, c.began, c.ended}
		if c.answer.Offset != nil && c.answer.Status/100 == 2 && *c.answer.Offset < had.offset {
			l.violated("I2", evidence, "the offset of %s went back from %d to %d", c.share(), had.offset, *c.answer.Offset)
		}
		if gone(c.answer.Status) && !l.endedBefore(c.share(), c.ended) && !l.rules.MayLose {
			l.violated("I1", evidence, "%d bytes of %s were acknowledged, and it is gone", had.offset, c.share())
		}
	}
	for _, s := range l.sightings {
		had, known := all.before(s.share.ID, s.since)
		if known && !s.share.State.Ended() && s.share.Offset < had.offset {
			l.violated("I2", []int{had.at, s.at}, "the offset of %s went back from %d to %d", s.share.ID, had.offset, s.share.Offset)
		}
	}
}

func gone(status int) bool { return status == 404 || status == 410 }

// endedBefore reports whether somebody had asked for the share's end by then.
func (l *ledger) endedBefore(id protocol.ShareID, at int) bool {
	asked, known := l.mayEnd[id]
	if o := l.shares[id]; !known && o != nil { // a part ends with its file
		asked, known = l.mayEnd[o.share]
	}
	return known && asked < at
}

// checkResent: what was acknowledged is not sent again, and of the rest no more
// than one append for each fault.
func (l *ledger) checkResent() {
	all := l.acknowledged()
	type sent struct {
		to, again int64
		first     int
	}
	uploads := make(map[protocol.ShareID]*sent)
	for _, c := range l.calls {
		if c.request.Method != "PATCH" || c.request.Offset == nil {
			continue
		}
		id, from := c.share(), *c.request.Offset
		if had, known := all.before(id, c.began); known && from < had.offset {
			l.violated("I1", []int{had.at, c.began}, "bytes from %d of %s were sent again, of %d that were acknowledged", from, id, had.offset)
		}
		u := uploads[id]
		if u == nil {
			u = &sent{first: c.began}
			uploads[id] = u
		}
		to := from + c.taken()
		u.again += max(0, min(u.to, to)-from)
		u.to = max(u.to, to)
		allowed := l.rules.Resent * int64(l.faultsBetween(u.first, c.began))
		if l.rules.Resent > 0 && u.again > allowed {
			l.violated("I1", []int{c.began, c.ended}, "%d bytes of %s were sent again, more than one append for each fault", u.again, id)
		}
	}
}

// taken is how many bytes of the request's body were sent, as far as is known.
func (c *call) taken() int64 {
	switch {
	case c.answer != nil:
		return c.answer.Sent
	case c.broken != nil:
		return c.broken.Sent
	}
	return 0
}

// checkKept: at the end there is what was acknowledged, in the records and on the
// disk; and a file that was known to be complete has not failed since.
func (l *ledger) checkKept() {
	complete := make(map[protocol.ShareID]int)
	for _, s := range l.sightings {
		id := s.share.ID
		if at, known := complete[id]; known && !l.rules.MayLoseFiles && s.share.Reason == string(protocol.CodeStorageFailed) {
			l.violated("I1", []int{at, s.at}, "%s was complete, and its bytes are lost", id)
		}
		if _, known := complete[id]; !known && s.share.State == protocol.Available {
			complete[id] = s.at
		}
	}
	if l.facts == nil {
		return
	}
	blobs := make(map[protocol.ShareID]Blob)
	for _, b := range l.facts.Blobs {
		blobs[b.Key] = b
	}
	all := l.acknowledged()
	for _, r := range l.facts.Shares {
		had, known := all.before(r.ID, len(l.entries))
		at, wasComplete := complete[r.ID]
		switch {
		case wasComplete && !l.rules.MayLoseFiles && r.Reason == protocol.CodeStorageFailed:
			l.violated("I1", []int{at}, "%s was complete, and the record says that its bytes are lost", r.ID)
		case r.State == protocol.Failed && known && had.offset > 0 && !l.endedBefore(r.ID, len(l.entries)) && !l.rules.MayLose:
			l.violated("I1", []int{had.at}, "%d bytes of %s were acknowledged, and the record says that it failed: %s", had.offset, r.ID, r.Reason)
		case r.State.Ended():
		case known && r.Offset < had.offset && !r.Partial:
			l.violated("I1", []int{had.at}, "%d bytes of %s were acknowledged, and the record says %d", had.offset, r.ID, r.Offset)
		case blobs[r.ID].Size < r.Offset:
			l.violated("I1", []int{had.at}, "the record of %s says %d bytes, and the disk has %d", r.ID, r.Offset, blobs[r.ID].Size)
		}
	}
}
