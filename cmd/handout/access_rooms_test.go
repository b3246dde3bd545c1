package main

import "strings"

// The rules of access to what is no single share: the room, and the application's
// own addresses.

// errand is a request that is about no share.
type errand struct {
	name   string
	method string
	path   string
	header map[string]string
	body   string
	// want is what the rules say to who is admitted to the room.
	want func(who) string
	// offers: it is refused while sharing is switched off for all but moderators.
	offers bool
	// ofApp is what the application is answered, and another one; "" where the
	// address is for participants alone.
	ofApp, ofOther string
}

// granted answers who has the grant, and 403 to others.
func granted(answer string, has func(who) bool) func(who) string {
	return func(w who) string {
		if has(w) {
			return answer
		}
		return "403"
	}
}

func anyone(answer string) func(who) string { return func(who) string { return answer } }

var (
	maySend      = func(w who) bool { return w.send }
	maySendToAll = func(w who) bool { return w.send && w.sendToAll }
	mayModerate  = func(w who) bool { return w.moderate }

	tusCreation       = map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "10"}
	tusToList         = map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Metadata": "to YmVu"} // ben
	tusPart           = map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Concat": "partial"}
	resumableCreation = map[string]string{"Upload-Complete": "?0"}
)

// errands are in an order in which none is in the way of the next.
var errands = []errand{
	{name: "offer to the room", method: "POST", path: "/v1/rooms/{room}/shares", body: `{"files":[{"name":"a","size":10}],"to":"room"}`, offers: true, ofApp: "201", ofOther: "404", want: granted("201", maySendToAll)},
	{name: "offer to a list", method: "POST", path: "/v1/rooms/{room}/shares", body: `{"files":[{"name":"a","size":10}],"to":["ben"]}`, offers: true, ofApp: "201", ofOther: "404", want: granted("201", maySend)},
	{name: "create by tus, for the room", method: "POST", path: "/uploads?room={room}", header: tusCreation, offers: true, ofApp: "201", ofOther: "404", want: granted("201", maySendToAll)},
	{name: "create by tus, for a list", method: "POST", path: "/uploads?room={room}", header: tusToList, offers: true, ofApp: "201", ofOther: "404", want: granted("201", maySend)},
	{name: "create a part", method: "POST", path: "/uploads?room={room}", header: tusPart, offers: true, ofApp: "201", ofOther: "404", want: granted("201", maySend)},
	{name: "create by Resumable Uploads, for the room", method: "POST", path: "/uploads?room={room}", header: resumableCreation, offers: true, ofApp: "201", ofOther: "404", want: granted("201", maySendToAll)},
	{name: "create by Resumable Uploads, for a list", method: "POST", path: "/uploads?room={room}&to=ben", header: resumableCreation, offers: true, ofApp: "201", ofOther: "404", want: granted("201", maySend)},
	{name: "see who is here", method: "GET", path: "/v1/rooms/{room}/participants", want: anyone("200")},
	{name: "see one's own receipts", method: "GET", path: "/v1/rooms/{room}/receipts", want: anyone("200")},
	{name: "write a message", method: "POST", path: "/v1/rooms/{room}/messages", body: `{"kind":"text","to":"room","body":"hello"}`, want: anyone("204")},
	{name: "remove somebody", method: "DELETE", path: "/v1/rooms/{room}/participants/guest", want: granted("204", mayModerate)},
	{name: "end somebody's shares", method: "DELETE", path: "/v1/rooms/{room}/participants/guest/shares", want: granted("204", mayModerate)},
	{name: "end one's own shares", method: "DELETE", path: "/v1/rooms/{room}/participants/{me}/shares", want: anyone("204")},
	{name: "switch sharing", method: "PUT", path: "/v1/rooms/{room}/sharing", body: `{"off":{off}}`, want: granted("200", mayModerate)},
	{name: "leave", method: "DELETE", path: "/v1/rooms/{room}/participants/{me}", want: anyone("204")},

	{name: "make a room", method: "POST", path: "/v1/rooms", body: `{"name":"n","owner_ref":"o"}`, ofApp: "200", ofOther: "200"},
	{name: "list one's rooms", method: "GET", path: "/v1/rooms", ofApp: "200", ofOther: "200"},
	{name: "read what one's rooms have used", method: "GET", path: "/v1/usage", ofApp: "200", ofOther: "200"},
	{name: "read the room", method: "GET", path: "/v1/rooms/{room}", ofApp: "200", ofOther: "404"},
	{name: "change the room", method: "PUT", path: "/v1/rooms/{room}", body: `{"name":"n","owner_ref":"o"}`, ofApp: "200", ofOther: "404"},
	{name: "list its users", method: "GET", path: "/v1/rooms/{room}/users", ofApp: "200", ofOther: "404"},
	{name: "list its files", method: "GET", path: "/v1/rooms/{room}/files", ofApp: "200", ofOther: "404"},
	{name: "read the receipts of its files", method: "GET", path: "/v1/rooms/{room}/shares/{share}/receipts", ofApp: "200", ofOther: "404"},
	{name: "make a token", method: "POST", path: "/v1/rooms/{room}/tokens", body: `{"name":"n","role":"viewer","user_ref":"u"}`, ofApp: "200", ofOther: "404"},
	{name: "end a file", method: "DELETE", path: "/v1/rooms/{room}/files/{share}", ofApp: "200", ofOther: "404"},
	{name: "remove a user", method: "DELETE", path: "/v1/rooms/{room}/users/guest", ofApp: "200", ofOther: "404"},
	{name: "register a webhook", method: "POST", path: "/v1/webhooks", body: `{"url":"http://127.0.0.1:1/"}`, ofApp: "200", ofOther: "200"},
	{name: "list one's webhooks", method: "GET", path: "/v1/webhooks", ofApp: "200", ofOther: "200"},
	{name: "change a webhook", method: "PUT", path: "/v1/webhooks/{webhook}", body: `{"events":["room.ended"]}`, ofApp: "200", ofOther: "404"},
	{name: "test a webhook", method: "POST", path: "/v1/webhooks/{webhook}/test", ofApp: "200", ofOther: "404"},
	{name: "see what a webhook did not take", method: "GET", path: "/v1/webhooks/{webhook}/deliveries", ofApp: "200", ofOther: "404"},
	{name: "remove a webhook", method: "DELETE", path: "/v1/webhooks/{webhook}", ofApp: "200", ofOther: "404"},
	{name: "end a room", method: "DELETE", path: "/v1/rooms/{spare}", ofApp: "200", ofOther: "404"},
}

// answer is what the rules say of an errand. Whose room the address names is asked
// of participants alone.
func (e errand) answer(w who, sharing bool) string {
	switch {
	case w.app == "own" && e.ofApp != "":
		return e.ofApp
	case w.app == "other" && e.ofOther != "":
		return e.ofOther
	case e.want == nil:
		return "401"
	}
	namesRoom := len(e.path) > 4 && e.path[:4] == "/v1/"
	if refused := refusal401(w, namesRoom); refused != "" {
		return refused
	}
	if w.elsewhere && e.header["Upload-Metadata"] != "" || w.elsewhere && strings.HasSuffix(e.path, "&to=ben") {
		return "422" // there is no such recipient in the sender's own room
	}
	if e.offers && !sharing && !w.moderate && !w.elsewhere {
		return "403"
	}
	return e.want(w)
}
