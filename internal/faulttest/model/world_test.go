package model_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// The limits that the machine's server has, so low that they are met.
const (
	maxFile   = 64 << 10 // bytes
	maxOpen   = 5        // uploads of one participant
	maxShares = 14       // live ones of a room
)

// world is a room as docs/protocol.md says that it must be by now.
type world struct {
	room    protocol.RoomID
	people  []*person
	files   []*file
	off     []string
	rev     int64 // of the switch
	keys    []*keyed
	tickets []*ticket
}

// person is somebody with a token: for the room, or, if it is a stranger, for another.
type person struct {
	id       protocol.ParticipantID
	role     token.Role
	grants   token.Grants
	token    string
	stranger bool

	in      bool // on the roster
	dropped bool
	ear     *ear // its push connection; nil for none
	view    *view
	marks   []mark
}

// file is a share.
type file struct {
	name     string // also that of the share, so a report can be read
	id       protocol.ShareID
	sender   *person
	toRoom   bool
	to       []*person
	size     int64 // -1 while it is not known
	data     []byte
	state    protocol.ShareState
	reason   protocol.Code
	sha      string
	marked   bool // by Resumable Uploads for HTTP
	receipts map[*person]*receipt
}

// receipt is one beyond offered.
type receipt struct {
	state  protocol.ReceiptState
	reason string
	rev    int64
}

// keyed is a request that made files under an Idempotency-Key.
type keyed struct {
	by    *person
	key   string
	again request
	bytes piece // that it brings
	files []*file
}

// ticket is one that has not been used.
type ticket struct {
	file *file
	by   *person
	url  string
}

// mark is a cursor, and what its owner knew of the shares when it had read up to it.
type mark struct {
	seq   protocol.Cursor
	known map[protocol.ShareID]protocol.Share
}

// verdict is what an answer must be. An empty code is not looked at.
type verdict struct {
	status int
	code   protocol.Code
}

var (
	fine            = verdict{}
	unauthenticated = verdict{401, protocol.CodeUnauthenticated}
	forbidden       = verdict{403, protocol.CodeForbidden}
	sharingOff      = verdict{403, protocol.CodeSharingOff}
	notFound        = verdict{404, protocol.CodeShareNotFound}
	gone            = verdict{410, protocol.CodeShareEnded}
	invalid         = verdict{400, protocol.CodeInvalidRequest}
	emptyList       = verdict{422, protocol.CodeEmptyList}
)

// class is what the room's switch counts the participant as.
func (p *person) class() string {
	switch {
	case p.grants.Moderate:
		return protocol.RoleModerator
	case p.role == token.Viewer:
		return protocol.RoleViewer
	}
	return protocol.RoleParticipant
}

// receives reports whether the file is for the person.
func (f *file) receives(p *person) bool {
	return !p.stranger && p.grants.Receive && (f.toRoom || slices.Contains(f.to, p))
}

// sees reports whether the person may know of the file.
func (f *file) sees(p *person) bool { return p == f.sender || f.receives(p) }

// mayRoom says what the person is answered that asks something of the room.
func (w *world) mayRoom(p *person) verdict {
	if p.stranger || p.dropped {
		return unauthenticated
	}
	return fine
}

// maySee says what the person is answered that wants to know of the file, if it may not.
func (w *world) maySee(p *person, f *file) verdict {
	switch {
	case p.dropped:
		return unauthenticated
	case p.stranger, !f.sees(p):
		return notFound
	}
	return fine
}

// mayWrite is maySee for who speaks to the upload, in one of the dialects.
func (w *world) mayWrite(p *person, f *file, marked bool) verdict {
	if no := w.maySee(p, f); no != fine {
		return no
	}
	if p != f.sender || !p.grants.Send || f.marked != marked {
		return forbidden
	}
	return fine
}

// mayEnd is maySee for who takes the file back.
func (w *world) mayEnd(p *person, f *file) verdict {
	switch {
	case p.dropped:
		return unauthenticated
	case !p.stranger && p.grants.Moderate:
		return fine
	}
	if no := w.maySee(p, f); no != fine {
		return no
	}
	if p != f.sender {
		return forbidden
	}
	return fine
}

// mayOffer says what the person is answered that offers so many files. whole is for
// files that come whole with the request: they are no open uploads.
func (w *world) mayOffer(p *person, toRoom bool, to []*person, files int, whole bool) verdict {
	live, open := 0, 0
	for _, f := range w.files {
		if !f.state.Ended() {
			live++
		}
		if f.state == protocol.Uploading && f.sender == p {
			open++
		}
	}
	switch {
	case p.dropped:
		return unauthenticated
	case !p.grants.Send, toRoom && !p.grants.SendToAll:
		return forbidden
	case !toRoom && len(to) == 0:
		return emptyList
	case !toRoom && slices.ContainsFunc(to, func(r *person) bool { return !r.in || !r.grants.Receive }):
		return verdict{422, protocol.CodeUnknownRecipient}
	case files == 0:
		return emptyList
	case slices.Contains(w.off, p.class()):
		return sharingOff
	case live+files > maxShares:
		return verdict{429, protocol.CodeRoomFull}
	case !whole && open+files > maxOpen:
		return verdict{429, protocol.CodeTooManyUploads}
	}
	return fine
}

// add makes the file one of the world.
func (w *world) add(f *file) *file {
	f.state, f.receipts = protocol.Uploading, make(map[*person]*receipt)
	w.files = append(w.files, f)
	return f
}

// complete makes an upload available.
func (f *file) complete() {
	sum := sha256.Sum256(f.data)
	f.state, f.sha, f.size = protocol.Available, hex.EncodeToString(sum[:]), int64(len(f.data))
}

// settle completes an upload by tus that has all its bytes, as the server does when
// it looks: its length may have come with an append that was refused.
func (f *file) settle() {
	if f.state == protocol.Uploading && !f.marked && int64(len(f.data)) == f.size {
		f.complete()
	}
}

// withdraw is what becomes of a file that somebody ends.
func (f *file) withdraw(by *person) {
	switch f.state {
	case protocol.Uploading:
		f.state = protocol.Cancelled
	case protocol.Available:
		f.state = protocol.Revoked
	default:
		return
	}
	if by != f.sender {
		f.reason = protocol.CodeModerated
	}
}

// fail ends an upload.
func (f *file) fail(reason protocol.Code) {
	if f.state == protocol.Uploading {
		f.state, f.reason = protocol.Failed, reason
	}
}

// steps are those that a receipt may take: docs/protocol.md, section 7.
var steps = map[protocol.ReceiptState][]protocol.ReceiptState{
	"offered":     {"seen", "downloading", "received", "declined", "cancelled", "failed"},
	"seen":        {"downloading", "received", "declined", "cancelled", "failed"},
	"downloading": {"received", "declined", "cancelled", "failed"},
	"declined":    {"downloading", "received"},
	"cancelled":   {"downloading", "received", "declined"},
	"failed":      {"downloading", "received", "declined"},
}

// step lets the receipt of a recipient take a step, if it may, and returns it.
func (f *file) step(p *person, to protocol.ReceiptState, reason string) receipt {
	now := receipt{state: protocol.ReceiptOffered}
	if r := f.receipts[p]; r != nil {
		now = *r
	}
	if slices.Contains(steps[now.state], to) {
		now = receipt{to, reason, now.rev + 1}
		f.receipts[p] = &now
	}
	return now
}
