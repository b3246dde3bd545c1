package faulttest

import (
	"github.com/handout-rtc/handout/protocol"
)

// checkBytes: whatever was recorded, kept or given to anybody is what was sent.
func (l *ledger) checkBytes() {
	for _, s := range l.sightings {
		o := l.shares[s.share.ID]
		if o == nil || s.share.SHA256 == "" {
			continue
		}
		if s.share.SHA256 != o.SHA256 {
			l.violated("I3", []int{o.at, s.at}, "%s was sent with SHA-256 %s and is told to have %s", s.share.ID, o.SHA256, s.share.SHA256)
		}
		if s.share.Size == nil || *s.share.Size != o.File.Size {
			l.violated("I3", []int{o.at, s.at}, "%s is told to have another size than the %d that were sent", s.share.ID, o.File.Size)
		}
	}
	for _, c := range l.calls {
		if o := l.shares[c.share()]; o != nil && c.body != nil {
			l.checkBody(c, o)
		}
	}
	for at, e := range l.entries {
		if e.Job == nil || e.Job.What != "receive" || e.Job.Outcome != Completed {
			continue
		}
		if o := l.shares[e.Job.Share]; o != nil && e.Job.SHA256 != o.SHA256 {
			l.violated("I3", []int{o.at, at}, "%s was sent with SHA-256 %s and received with %s", e.Job.Share, o.SHA256, e.Job.SHA256)
		}
	}
	l.checkDisk()
}

// checkBody holds one answer with content against the file: the bytes that came are
// those of their place, and one that ended well is not half a file.
func (l *ledger) checkBody(c *call, o *offer) {
	b, evidence := c.body, []int{o.at, c.began, c.bodyAt}
	switch {
	case b.From != c.request.From && b.From != 0:
		l.violated("I3", evidence, "bytes of %s from %d were asked for, and they came from %d", o.share, c.request.From, b.From)
	case b.From+b.Bytes > o.File.Size:
		l.violated("I3", evidence, "%s has %d bytes, and %d came", o.share, o.File.Size, b.From+b.Bytes)
	case b.SHA256 != o.File.sum(b.From, b.Bytes):
		l.violated("I3", evidence, "the bytes %d to %d of %s are not those that were sent", b.From, b.From+b.Bytes, o.share)
	case b.Err == "" && c.request.Until == "" && b.From+b.Bytes != o.File.Size:
		l.violated("I4", evidence, "an answer with %s ended as if it were whole, at %d of %d bytes", o.share, b.From+b.Bytes, o.File.Size)
	}
	if b.From < c.request.From {
		l.violated("I3", evidence, "bytes of %s before %d, which was asked for, were sent again from %d", o.share, c.request.From, b.From)
	}
}

// checkDisk: what is kept as a complete file is what was sent, and every share that
// is available has such a file.
func (l *ledger) checkDisk() {
	if l.facts == nil {
		return
	}
	kept := make(map[protocol.ShareID]Blob)
	for _, b := range l.facts.Blobs {
		if b.Committed {
			kept[b.Key] = b
		}
		if o := l.shares[b.Key]; o != nil && b.Committed && o.share == b.Key && b.SHA256 != o.SHA256 {
			l.violated("I3", []int{o.at}, "%s was sent with SHA-256 %s and is kept with %s", b.Key, o.SHA256, b.SHA256)
		}
	}
	for _, r := range l.facts.Shares {
		if r.State != protocol.Available {
			continue
		}
		if b, there := kept[r.ID]; !there || b.SHA256 != r.SHA256 {
			l.violated("I3", nil, "%s is available with SHA-256 %s, and the disk has %q", r.ID, r.SHA256, b.SHA256)
		}
	}
}

// checkCommits: nobody is told that a file is available before it is, whole.
func (l *ledger) checkCommits() {
	covered := l.callsOf()
	told := make(map[protocol.ShareID]bool)
	for _, s := range l.sightings {
		o := l.shares[s.share.ID]
		if o == nil || s.share.State != protocol.Available {
			continue
		}
		if s.share.SHA256 == "" || s.share.Size == nil || s.share.Offset != *s.share.Size {
			l.violated("I4", []int{s.at}, "%s is told to be available without being whole", s.share.ID)
		}
		if sent := o.sentBefore(s.at, covered[o]); !told[s.share.ID] && sent < o.File.Size {
			l.violated("I4", []int{o.at, s.at}, "%s is told to be available when %d of its %d bytes had been sent", s.share.ID, sent, o.File.Size)
		}
		told[s.share.ID] = true
	}
}

// callsOf returns what was asked for the sake of each file, in that order:
// creations that were not answered too, where the same key was answered once.
func (l *ledger) callsOf() map[*offer][]*call {
	keys := make(map[string]*offer)
	for _, c := range l.calls {
		if o := l.shares[c.made()]; o != nil && c.request.Key != "" {
			keys[c.request.Key] = o
		}
	}
	all := make(map[*offer][]*call)
	for _, c := range l.calls {
		o := l.shares[c.share()]
		if o == nil {
			o = l.shares[c.made()]
		}
		if o == nil {
			o = keys[c.request.Key]
		}
		if o != nil {
			all[o] = append(all[o], c)
		}
	}
	return all
}

// sentBefore is how many bytes of the file had been sent before a position, at
// most: by the share itself, and by each of its parts.
func (o *offer) sentBefore(at int, calls []*call) (sum int64) {
	ends := make(map[protocol.ShareID]int64)
	for _, c := range calls {
		if c.began >= at {
			break
		}
		id, end := c.share(), c.request.Length
		if id == "" {
			id = c.made()
		}
		if id == "" { // a creation whose answer was lost
			id = o.share
		}
		if c.request.Offset != nil {
			end += *c.request.Offset
		}
		ends[id] = max(ends[id], end)
	}
	for _, end := range ends {
		sum += end
	}
	return sum
}
