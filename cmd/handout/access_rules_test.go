package main

// The rules of access, in few words, beside the server's own: docs/access.md is
// written from these, and the server is held against docs/access.md.

// who is somebody who sends a request, and what the rules go by.
type who struct {
	name string
	// refused is what every request of a participant is answered with; "" lets the
	// other fields say.
	refused string
	// elsewhere: it is admitted, to another room.
	elsewhere bool
	sender    bool // of the share in question
	listed    bool // as a recipient of the share for a list

	send, receive, sendToAll, moderate bool // grants

	app string // the application that it is, "own" or "other"; "" for everybody else
}

var everybody = []who{
	{name: "sender", sender: true, send: true, receive: true, sendToAll: true},
	{name: "sender, without grants now", sender: true},
	{name: "recipient", listed: true, send: true, receive: true, sendToAll: true},
	{name: "recipient, viewer", listed: true, receive: true},
	{name: "recipient, without `receive` now", listed: true, send: true},
	{name: "recipient, moderator", listed: true, send: true, receive: true, sendToAll: true, moderate: true},
	{name: "moderator", send: true, receive: true, sendToAll: true, moderate: true},
	{name: "participant", send: true, receive: true, sendToAll: true},
	{name: "participant, `send` alone", send: true},
	{name: "moderator of another room", elsewhere: true, send: true, receive: true, sendToAll: true, moderate: true},
	{name: "moderator of another application's room", elsewhere: true, send: true, receive: true, sendToAll: true, moderate: true},
	{name: "token of another application for this room", refused: "404"},
	{name: "token for a room that is none", refused: "404"},
	{name: "recipient, removed from the room", refused: "401"},
	{name: "expired token", refused: "401"},
	{name: "forged token", refused: "401"},
	{name: "no token", refused: "401"},
	{name: "the application", refused: "401", app: "own"},
	{name: "another application", refused: "401", app: "other"},
}

// The kinds of shares, by whom they are for and how their bytes come.
const (
	forList  = "list"
	forRoom  = "room"
	partKind = "part" // a partial upload: nobody's share yet
)

// states are those of a share, in the order of the tables.
var states = []string{"uploading", "available", "revoked", "expired", "cancelled", "failed"}

// A right is what a verb needs.
type right int

const (
	see   right = iota // be the sender, or a recipient who may receive
	write              // be the sender, who may send
	end                // be the sender, or moderate: also what one may not see
	say                // see it and not be the sender
)

// verb is one request about a share.
type verb struct {
	name   string
	needs  right
	inRoom bool // its address names the room
	told   bool // it tells of oneself: no matter of the application's
	kinds  []string
	// then is what who may is answered, by the share's state; absent for a state
	// that the kind does not have.
	then map[string]string
	// refusedAs replaces the status where the answer is of another form.
	refusedAs map[string]string
	// spoils: success changes the share.
	spoils bool
}

// same is the answer in every state.
func same(answer string) map[string]string {
	all := map[string]string{}
	for _, state := range states {
		all[state] = answer
	}
	return all
}

// while is the answer while the share lives, and the one after its end.
func while(uploading, available, ended string) map[string]string {
	all := same(ended)
	all["uploading"], all["available"] = uploading, available
	return all
}

var (
	shares   = []string{forList, forRoom}
	receipts = map[string]string{"404": "share-not-found", "403": "forbidden"}
	// A partial upload is never available by itself, and so never withdrawn.
	ofPart = func(uploading, ended string) map[string]string {
		return map[string]string{"uploading": uploading, "cancelled": ended, "failed": ended}
	}
)

var verbs = []verb{
	{name: "GET /v1/shares/{id}", needs: see, kinds: shares, then: same("200")},
	{name: "GET /v1/shares/{id}/content", needs: see, kinds: shares, then: while("206", "206", "410")},
	{name: "HEAD /v1/shares/{id}/content", needs: see, kinds: shares, then: while("200", "200", "410")},
	{name: "GET /v1/shares/{id}/thumbnail", needs: see, kinds: shares, then: while("200", "200", "410")},
	{name: "POST /v1/shares/{id}/tickets", needs: see, kinds: shares, then: while("201", "201", "410")},
	{name: "GET /v1/rooms/{room}/shares", needs: see, inRoom: true, kinds: shares, then: same("listed"), refusedAs: map[string]string{"404": "not listed"}},
	{name: "GET /v1/shares/{id}/receipts", needs: see, kinds: shares, then: same("200")},
	{name: "POST /v1/rooms/{room}/receipts, seen", needs: say, inRoom: true, told: true, kinds: shares, then: while("taken", "taken", "share-ended"), refusedAs: receipts},
	{name: "POST /v1/rooms/{room}/receipts, received", needs: say, inRoom: true, told: true, kinds: shares, refusedAs: receipts, then: map[string]string{
		"uploading": "checksum-mismatch", "available": "taken", "revoked": "taken", "expired": "taken", "cancelled": "checksum-mismatch", "failed": "checksum-mismatch",
	}},
	{name: "DELETE /v1/shares/{id}", needs: end, kinds: shares, then: same("204"), spoils: true},
	{name: "POST /v1/shares/{id}/parts", needs: write, kinds: shares, then: while("200", "409", "410"), spoils: true},
	{name: "HEAD /uploads/{id}, tus", needs: write, kinds: shares, then: while("200", "200", "410")},
	{name: "PATCH /uploads/{id}, tus", needs: write, kinds: shares, then: while("204", "409", "410"), spoils: true},
	{name: "DELETE /uploads/{id}, tus", needs: write, kinds: shares, then: while("204", "204", "410"), spoils: true},
	{name: "HEAD /uploads/{id}, tus, of one by the other dialect", needs: write, kinds: shares, then: same("403")},
	{name: "PATCH /uploads/{id}, tus, of one by the other dialect", needs: write, kinds: shares, then: same("403")},
	{name: "HEAD /uploads/{id}, resumable", needs: write, kinds: shares, then: while("204", "204", "410")},
	{name: "GET /uploads/{id}, resumable", needs: write, kinds: shares, then: while("204", "204", "410")},
	{name: "PATCH /uploads/{id}, resumable", needs: write, kinds: shares, then: while("204", "409", "410"), spoils: true},
	{name: "DELETE /uploads/{id}, resumable", needs: write, kinds: shares, then: while("204", "204", "410"), spoils: true},
	{name: "HEAD /uploads/{id}, resumable, of one by the other dialect", needs: write, kinds: shares, then: same("403")},
	{name: "PATCH /uploads/{id}, resumable, of one by the other dialect", needs: write, kinds: shares, then: same("403")},

	{name: "GET /v1/shares/{id}, of a part", needs: see, kinds: []string{partKind}, then: ofPart("404", "404")},
	{name: "HEAD /v1/shares/{id}/content, of a part", needs: see, kinds: []string{partKind}, then: ofPart("404", "404")},
	{name: "GET /v1/shares/{id}/thumbnail, of a part", needs: see, kinds: []string{partKind}, then: ofPart("404", "404")},
	{name: "POST /v1/shares/{id}/tickets, of a part", needs: see, kinds: []string{partKind}, then: ofPart("404", "404")},
	{name: "DELETE /v1/shares/{id}, of a part", needs: end, kinds: []string{partKind}, then: ofPart("204", "204"), spoils: true},
	{name: "HEAD /uploads/{id}, tus, of a part", needs: write, kinds: []string{partKind}, then: ofPart("200", "410")},
	{name: "PATCH /uploads/{id}, tus, of a part", needs: write, kinds: []string{partKind}, then: ofPart("204", "410"), spoils: true},
	{name: "DELETE /uploads/{id}, tus, of a part", needs: write, kinds: []string{partKind}, then: ofPart("204", "410"), spoils: true},
	{name: "POST /uploads, tus, final of a part", needs: write, kinds: []string{partKind}, then: ofPart("409", "410")},
}

// want is what the rules say of one cell; "" if there is no such case.
func (v verb) want(w who, kind, state string) string {
	then := v.then[state]
	if then == "" {
		return ""
	}
	answer := refusal401(w, v.inRoom)
	if w.app != "" && !v.told {
		answer = ""
	}
	if answer == "" {
		answer = v.decide(w, kind, then)
	}
	if as, ok := v.refusedAs[answer]; ok && w.refused == "" && w.app == "" {
		return as
	}
	return answer
}

// refusal401 is what is said to who is not admitted to the room of the address.
func refusal401(w who, inRoom bool) string {
	if w.refused == "" && w.elsewhere && inRoom {
		return "401"
	}
	return w.refused
}

// decide: what you may not know of is not there, and what you may know of tells
// you what you lack.
func (v verb) decide(w who, kind, then string) string {
	knows := w.sender || w.receive && (kind == forRoom || kind == forList && w.listed)
	if (v.needs == end && w.moderate || w.app == "own") && kind != partKind {
		knows = true
	}
	if w.elsewhere || !knows {
		return "404"
	}
	permitted := true
	switch v.needs {
	case write:
		permitted = w.sender && w.send
	case end:
		permitted = w.sender || w.moderate || w.app == "own"
	case say:
		permitted = !w.sender
	}
	if !permitted {
		return "403"
	}
	return then
}

// ticketAnswers are what a download with a ticket is answered with. Who brings it
// is not asked.
var ticketAnswers = map[string]map[string]string{
	"of a recipient":                   while("206", "206", "410"),
	"of the sender":                    while("206", "206", "410"),
	"of the application":               while("206", "206", "410"),
	"of who was removed from the room": while("401", "401", "410"),
	"of somebody who is no recipient":  same("404"),
	"of a recipient, used before":      same("404"),
	"of another share":                 same("404"),
	"over its time":                    same("404"),
	"made up":                          same("404"),
}
