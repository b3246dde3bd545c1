package server_test

import (
	"testing"
)

// to switches sharing off for the roles in the list, as a moderator.
func to(list string) step {
	return step{name: "off " + list, method: "PUT", path: "/v1/rooms/{room}/sharing", as: "mod", body: `{"off": ` + list + `}`, status: 200, wantHas: `"off":` + list}
}

// everyCreation is a request for each way to make a share.
func everyCreation(as string) []step {
	tus := func(name, body string, header map[string]string) step {
		header["Tus-Resumable"] = "1.0.0"
		return step{name: name + " by " + as, method: "POST", path: "/uploads", as: as, header: header, body: body}
	}
	return []step{
		{name: "an offer by " + as, method: "POST", path: "/v1/rooms/{room}/shares", as: as, body: `{"files": [{"name": "a", "size": 5}], "to": "room"}`},
		{name: "an offer to one by " + as, method: "POST", path: "/v1/rooms/{room}/shares", as: as, body: `{"files": [{"name": "a", "size": 5}], "to": ["vic"]}`},
		tus("an upload", "", map[string]string{"Upload-Length": "5"}),
		tus("an upload of unknown length", "", map[string]string{"Upload-Defer-Length": "1"}),
		tus("a deposit", "hello", map[string]string{"Upload-Length": "5", "Content-Type": "application/offset+octet-stream"}),
		tus("a part", "", map[string]string{"Upload-Length": "5", "Upload-Concat": "partial"}),
		{name: "a resumable upload by " + as, method: "POST", path: "/uploads", as: as, header: map[string]string{"Upload-Complete": "?0"}},
		{name: "a resumable upload that is whole by " + as, method: "POST", path: "/uploads", as: as, header: map[string]string{"Upload-Complete": "?1"}, body: "hello"},
	}
}

func refusedAll(as string) []step {
	steps := everyCreation(as)
	for i := range steps {
		steps[i].status, steps[i].code = 403, "sharing-off"
	}
	return steps
}

func takenAll(as string) []step {
	steps := everyCreation(as)
	for i := range steps {
		steps[i].status = 201
	}
	steps[len(steps)-1].status = 200
	return steps
}

// TestSharingIsSwitchedOff: no way to make a share leads around the switch, and
// what was made before goes on.
func TestSharingIsSwitchedOff(t *testing.T) {
	r := newRig(t)
	begun := offered("hello", `["{ben}"]`)
	part := step{name: "a part", method: "POST", path: "/uploads", as: "ana", status: 201, body: "hello", save: map[string]string{"part": "Location"},
		header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "5", "Upload-Concat": "partial", "Content-Type": "application/offset+octet-stream"}}
	join := step{name: "joining it", method: "POST", path: "/uploads", as: "ana", status: 403, code: "sharing-off",
		header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Concat": "final;{part}"}}
	steps := []step{begun[0], part, to(`["participant"]`), join}
	steps = append(steps, refusedAll("ana")...)
	steps = append(steps, takenAll("mod")...)
	steps = append(steps,
		begun[1], // goes on
		step{method: "GET", path: "/v1/shares/{id}/content", as: "ben", status: 200, wantBody: "hello"},
		step{name: "late joiners read it", method: "GET", path: "/v1/rooms/{room}/participants", as: "vic", status: 200, wantHas: `"sharing":{"off":["participant"],"rev":1}`},
		to(`["moderator","participant","viewer"]`),
	)
	steps = append(steps, refusedAll("mod")...)
	steps = append(steps, to(`[]`), step{name: "a viewer still may not", method: "POST", path: "/v1/rooms/{room}/shares", as: "vic",
		body: `{"files": [{"name": "a", "size": 5}], "to": "room"}`, status: 403, code: "forbidden"})
	join.status, join.code = 201, ""
	r.run(t, r.fill(append(append(steps, join), takenAll("ana")...)))
}

func TestBadSwitches(t *testing.T) {
	r := newRig(t)
	put := func(as, body string, status int, code string) step {
		return step{name: as + " " + body, method: "PUT", path: "/v1/rooms/{room}/sharing", as: as, body: body, status: status, code: code}
	}
	r.run(t, r.fill([]step{
		put("ana", `{"off": []}`, 403, "forbidden"),
		put("vic", `{"off": ["moderator"]}`, 403, "forbidden"),
		put("ana", `{`, 403, "forbidden"),
		put("zoe", `{"off": []}`, 401, "unauthenticated"),
		put("", `{"off": []}`, 401, "unauthenticated"),
		put("mod", `{}`, 400, "invalid-request"),
		put("mod", `{"off": null}`, 400, "invalid-request"),
		put("mod", `{"off": "participant"}`, 400, "invalid-request"),
		put("mod", `{"off": ["participant", "everybody"]}`, 400, "invalid-request"),
		put("mod", `{"off": [], "cancelRunning": "yes"}`, 400, "invalid-request"),
		put("mod", `[]`, 400, "invalid-request"),
		{name: "nothing came of them", method: "GET", path: "/v1/rooms/{room}/participants", as: "vic", status: 200, wantHas: `"sharing":{"off":[],"rev":0}`},
		{name: "twice and out of order", method: "PUT", path: "/v1/rooms/{room}/sharing", as: "mod", body: `{"off": ["viewer", "participant", "viewer"]}`,
			status: 200, wantBody: `{"off":["participant","viewer"],"rev":1}` + "\n"},
	}))
}

// TestRunningUploadsAreCancelled: those of whom sharing is off for, parts included,
// and no others.
func TestRunningUploadsAreCancelled(t *testing.T) {
	r := newRig(t)
	part := step{name: "a part", method: "POST", path: "/uploads", as: "ana", status: 201, save: map[string]string{"part": "Location"},
		header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "5", "Upload-Concat": "partial"}}
	mods := step{name: "the moderator's", method: "POST", path: "/uploads", as: "mod", status: 201, save: map[string]string{"mods": "Location"},
		header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "5"}}
	whole := offered("whole", `"room"`)
	whole[0].save = map[string]string{"whole": ".shares.0.id", "up": ".shares.0.uploadUrl"}
	r.run(t, r.fill([]step{
		whole[0], whole[1], part, mods, offered("hello", `["{ben}"]`)[0],
		{name: "off and cancelled", method: "PUT", path: "/v1/rooms/{room}/sharing", as: "mod", status: 200,
			body: `{"off": ["participant", "viewer"], "cancelRunning": true}`},
		{name: "the upload has failed", method: "GET", path: "/v1/shares/{id}", as: "ben", status: 200, wantHas: `"state":"failed","reason":"sharing-off"`},
		{name: "what is complete stays", method: "GET", path: "/v1/shares/{whole}", as: "ben", status: 200, wantHas: `"state":"available"`},
		{name: "the part is gone", method: "PATCH", path: "{part}", as: "ana", status: 410, code: "share-ended", body: "hello",
			header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}},
		{name: "the moderator's goes on", method: "PATCH", path: "{mods}", as: "mod", status: 204, body: "hello",
			header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}},
	}))
}

// TestAModeratorEndsWhatItDoesNotSee: by an id that somebody who sees it has told,
// or all of one participant's; neither tells it more than it knew.
func TestAModeratorEndsWhatItDoesNotSee(t *testing.T) {
	r := newRig(t)
	second := offered("again", `["{ben}"]`)
	second[0].save = map[string]string{"second": ".shares.0.id", "up": ".shares.0.uploadUrl"}
	all := func(as, of string, status int, code string) step {
		return step{name: as + " withdraws all of " + of, method: "DELETE", path: "/v1/rooms/{room}/participants/" + of + "/shares", as: as, status: status, code: code}
	}
	steps := append(offered("hello", `["{ben}"]`),
		step{method: "DELETE", path: "/v1/shares/{id}", as: "mod", status: 204},
		step{name: "again", method: "DELETE", path: "/v1/shares/{id}", as: "mod", status: 204},
		step{name: "nobody has such an id", method: "DELETE", path: "/v1/shares/sh_aaaaaaaaaaaaaaaaaaaaaaaaaa", as: "mod", status: 404, code: "share-not-found"},
		step{method: "GET", path: "/v1/shares/{id}", as: "mod", status: 404, code: "share-not-found"},
		step{method: "GET", path: "/v1/shares/{id}/receipts", as: "mod", status: 404, code: "share-not-found"},
		step{method: "GET", path: "/v1/shares/{id}", as: "ben", status: 200, wantHas: `"state":"revoked","reason":"moderated"`},
	)
	steps = append(steps, second...)
	steps = append(steps,
		all("ben", "ana", 403, "forbidden"), all("vic", "ana", 403, "forbidden"), all("mod", "a%20b", 400, "invalid-request"),
		step{method: "GET", path: "/v1/shares/{second}", as: "ben", status: 200, wantHas: `"state":"available"`},
		all("mod", "cleo", 204, ""), all("mod", "nobody", 204, ""), all("mod", "ana", 204, ""), all("mod", "ana", 204, ""),
		step{method: "GET", path: "/v1/shares/{second}", as: "ben", status: 200, wantHas: `"state":"revoked","reason":"moderated"`},
	)
	own := offered("mine", `"room"`)
	steps = append(append(steps, own...), all("ana", "ana", 204, ""),
		step{name: "one's own are just withdrawn", method: "GET", path: "/v1/shares/{id}", as: "ben", status: 200, wantHas: `"state":"revoked","sha256"`})
	r.run(t, r.fill(steps))
}

// TestTheOperatorModerates by its own API.
func TestTheOperatorModerates(t *testing.T) {
	r := newRig(t)
	o := &office{Server: r.Server, saved: map[string]string{"room": string(r.room)}}
	const app = "app:" + testKey
	o.run(t, []call{
		{as: app, method: "GET", path: "/v1/rooms/{room}", status: 200, has: []string{`"sharing":{"off":[],"rev":0}`}},
		{name: "no role", as: app, method: "PUT", path: "/v1/rooms/{room}", body: `{"name":"other","sharing":{"off":["all"]}}`, status: 400, result: 400},
		{name: "no list", as: app, method: "PUT", path: "/v1/rooms/{room}", body: `{"name":"other","sharing":{}}`, status: 400, result: 400},
		{as: app, method: "GET", path: "/v1/rooms/{room}", status: 200, has: []string{`"name":"room"`}},
		{as: app, method: "PUT", path: "/v1/rooms/{room}", body: `{"sharing":{"off":["participant","viewer"]}}`, status: 200, has: []string{`"sharing":{"off":["participant","viewer"],"rev":1}`}},
		{as: app, method: "PUT", path: "/v1/rooms/{room}", body: `{"name":"renamed"}`, status: 200, has: []string{`"name":"renamed"`, `"rev":1`}},
		{name: "a room that begins so", as: app, method: "POST", path: "/video/v2/rooms", body: `{"name":"quiet","owner_ref":"o","sharing":{"off":["participant"]}}`,
			status: 200, has: []string{`"sharing":{"off":["participant"],"rev":1}`}},
	})
	r.run(t, r.fill(append(refusedAll("ana"), to(`[]`), offered("hello", `["{ben}"]`)[0])))
	o.run(t, []call{
		{as: app, method: "GET", path: "/v1/rooms/{room}/files", status: 200, save: map[string]string{"file": "files.0.id"}},
		{as: app, method: "DELETE", path: "/v1/rooms/" + string(r.other) + "/files/{file}", status: 404, result: 404},
		{as: "app:no", method: "DELETE", path: "/v1/rooms/{room}/files/{file}", status: 401, result: 401},
		{as: app, method: "DELETE", path: "/v1/rooms/{room}/files/{file}", status: 200},
		{as: app, method: "DELETE", path: "/video/v2/rooms/{room}/files/{file}/", status: 200},
		{as: app, method: "GET", path: "/v1/rooms/{room}/files", status: 200, has: []string{`"state":"cancelled","reason":"moderated"`}},
		{as: app, method: "DELETE", path: "/v1/rooms/{room}/users/ana", status: 200},
		{as: app, method: "DELETE", path: "/v1/rooms/rm_none/users/ana", status: 404, result: 40001},
		{as: app, method: "DELETE", path: "/v1/rooms/{room}/users/a%20b", status: 400, result: 400},
	})
	r.run(t, r.fill([]step{{name: "dropped", method: "GET", path: "/v1/rooms/{room}/shares", as: "ana", status: 401, code: "unauthenticated"}}))
}
