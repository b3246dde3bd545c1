package server_test

import (
	"strings"
	"testing"
)

const (
	pngHead = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	exeHead = "MZ\x90\x00\x03\x00\x00\x00"
)

// laidDown is the step by which the application lays down rules.
func laidDown(rules string) step {
	return step{name: "rules " + rules, method: "PUT", path: "/v1/rooms/{room}", header: map[string]string{"Authorization": theApp},
		body: `{"rules":` + rules + `}`, status: 200, wantHas: `"rules":{`}
}

// everyWayIn offers a file of that name, type and content in every way there is, by
// Ana to Ben. Each must be answered with status and code, at the offer or, with late,
// once its bytes are there.
func everyWayIn(name, kind, body string, late bool, status int, code string) []step {
	tus := map[string]string{"Tus-Resumable": "1.0.0", "Upload-Metadata": "to YmVu,filename " + b64(name) + ",filetype " + b64(kind)}
	with := func(header map[string]string, more ...string) map[string]string {
		all := map[string]string{}
		for key, value := range header {
			all[key] = value
		}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	const octets = "application/offset+octet-stream"
	length := "2000" // beyond what the body has: it goes on as an upload
	offered, ended, endedCode := status, status, code
	if late {
		offered, code = 201, ""
	}
	good := status == 0
	if good {
		offered, ended = 201, 204
	}
	steps := []step{
		{name: "offer", method: "POST", path: "/v1/rooms/{room}/shares", as: "ana", status: offered, code: code,
			body: `{"files":[{"name":"` + name + `","type":"` + kind + `","size":2000}],"to":["ben"]}`},
		{name: "tus", method: "POST", path: "/uploads", as: "ana", header: with(tus, "Upload-Length", length), status: offered, code: code},
		{name: "a draft of the IETF", method: "POST", path: "/uploads?to=ben", as: "ana", status: offered, code: code,
			header: map[string]string{"Upload-Complete": "?0", "Content-Disposition": `inline; filename="` + name + `"`, "Content-Type": kind}},
		{name: "by the application", method: "POST", path: "/uploads?room={room}&userRef=u-ben", status: offered, code: code,
			header: with(tus, "Upload-Length", length, "Authorization", theApp)},
	}
	if !late && !good {
		return steps
	}
	content := body + strings.Repeat("\x00", 2000-len(body))
	whole := map[bool]int{true: 201, false: ended}[good]
	pushed := map[bool]int{true: 200, false: ended}[good]
	return append(steps, []step{
		{name: "deposit", method: "POST", path: "/uploads", as: "ana", header: with(tus, "Upload-Length", length, "Content-Type", octets), body: content, status: whole, code: endedCode},
		{name: "tus, to go on", method: "POST", path: "/uploads", as: "ana", header: with(tus, "Upload-Length", length), status: 201, save: map[string]string{"upload": "Location"}},
		{name: "tus, its bytes", method: "PATCH", path: "{upload}", as: "ana", header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": octets}, body: content, status: ended, code: endedCode},
		{name: "IETF, whole", method: "POST", path: "/uploads?to=ben", as: "ana", body: content, status: pushed, code: endedCode,
			header: map[string]string{"Upload-Complete": "?1", "Content-Disposition": `inline; filename="` + name + `"`, "Content-Type": kind}},
		{name: "pushed by the application", method: "POST", path: "/uploads?room={room}&userRef=u-ben&name=" + name, body: content, status: pushed, code: endedCode,
			header: map[string]string{"Authorization": theApp, "Content-Type": kind}},
		{name: "a part", method: "POST", path: "/uploads", as: "ana", body: content, status: 201, save: map[string]string{"part": "Location"},
			header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": length, "Upload-Concat": "partial", "Content-Type": octets}},
		{name: "parts joined", method: "POST", path: "/uploads", as: "ana", header: with(tus, "Upload-Concat", "final;{part}"), status: whole, code: endedCode},
	}...)
}

// TestTypesAreHeldInEveryWayIn: by name and declared type at the offer, and by content
// once it is there.
func TestTypesAreHeldInEveryWayIn(t *testing.T) {
	r := newRig(t)
	var steps []step
	steps = append(steps, laidDown(`{"allow":["image/*",".pdf"],"deny":[".svg"]}`))
	steps = append(steps, everyWayIn("a.exe", "application/x-msdownload", exeHead, false, 415, "type-not-allowed")...)
	steps = append(steps, everyWayIn("a.svg", "image/svg+xml", "<svg>", false, 415, "type-not-allowed")...)
	steps = append(steps, everyWayIn("a.png", "image/png", exeHead, true, 415, "type-not-allowed")...)
	r.run(t, r.fill(steps))
	steps = append([]step{laidDown(`{}`)}, everyWayIn("a.exe", "application/x-msdownload", exeHead, true, 0, "")...)
	steps = append(steps, laidDown(`{"allow":["image/*"]}`))
	steps = append(steps, everyWayIn("a.png", "image/png", pngHead, true, 0, "")...)
	r.run(t, r.fill(steps))
}

// TestARefusedUploadHasFailed: its recipients are told why, and its bytes are gone.
func TestARefusedUploadHasFailed(t *testing.T) {
	r := newRig(t)
	r.run(t, r.fill([]step{
		laidDown(`{"allow":["image/*"]}`),
		{name: "creation", method: "POST", path: "/uploads", as: "ana", status: 201, save: map[string]string{"upload": "Location"},
			header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "8", "Upload-Metadata": "filetype " + b64("image/png")}},
		{name: "its bytes", method: "PATCH", path: "{upload}", as: "ana", header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
			body: exeHead, status: 415, code: "type-not-allowed"},
		{name: "again", method: "HEAD", path: "{upload}", as: "ana", header: map[string]string{"Tus-Resumable": "1.0.0"}, status: 410},
		{method: "GET", path: "/v1/shares/{share:upload}", as: "ben", status: 200, wantHas: `"state":"failed","reason":"type-not-allowed"`},
		{method: "GET", path: "{content}", as: "ben", status: 410, code: "share-ended"},
	}))
}

// TestWhoMaySend: the rules take away what a token grants, and are not the
// application's to keep.
func TestWhoMaySend(t *testing.T) {
	r := newRig(t)
	offer := func(as, to string, status int, code string) step {
		return step{name: "offer by " + as + " to " + to, method: "POST", path: "/v1/rooms/{room}/shares", as: as,
			body: `{"files":[{"name":"a","size":1}],"to":` + to + `}`, status: status, code: code}
	}
	push := step{name: "push", method: "POST", path: "/uploads?room={room}", header: map[string]string{"Authorization": theApp}, body: "x", status: 200}
	r.run(t, r.fill([]step{
		laidDown(`{"sendToAll":["moderator"]}`),
		offer("ana", `"room"`, 403, "forbidden"), offer("ana", `["ben"]`, 201, ""), offer("mod", `"room"`, 201, ""), push,
		laidDown(`{"send":["moderator"]}`),
		offer("ana", `["ben"]`, 403, "forbidden"), offer("mod", `"room"`, 201, ""),
		{name: "a part", method: "POST", path: "/uploads", as: "ana", header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "8", "Upload-Concat": "partial"}, status: 403, code: "forbidden"},
		laidDown(`{"send":[]}`),
		offer("mod", `["ben"]`, 403, "forbidden"), push,
		laidDown(`{}`),
		offer("ana", `"room"`, 201, ""),
	}))
}

// TestRoomLimits: each is that of the room, in the ways that it concerns.
func TestRoomLimits(t *testing.T) {
	r := newRig(t)
	tus := map[string]string{"Tus-Resumable": "1.0.0"}
	deferred := map[string]string{"Tus-Resumable": "1.0.0", "Upload-Defer-Length": "1"}
	offer := func(files string, status int, code string) step {
		return step{name: files, method: "POST", path: "/v1/rooms/{room}/shares", as: "ana", body: `{"files":[` + files + `],"to":"room"}`, status: status, code: code}
	}
	r.run(t, r.fill([]step{
		laidDown(`{"limits":{"fileSize":10,"filesPerRequest":2,"lifetimeSeconds":60}}`),
		offer(`{"name":"a","size":11}`, 413, "file-too-large"),
		offer(`{"name":"a","size":1},{"name":"b","size":1},{"name":"c","size":1}`, 400, "invalid-request"),
		{name: "pushed", method: "POST", path: "/uploads?room={room}", header: map[string]string{"Authorization": theApp}, body: "12345678901", status: 413, code: "file-too-large"},
		{name: "of no length", method: "POST", path: "/uploads", as: "ana", header: deferred, status: 201, save: map[string]string{"upload": "Location"}},
		{name: "its length", method: "PATCH", path: "{upload}", as: "ana", status: 413, code: "file-too-large",
			header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "11", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}},
		{name: "more than that", method: "PATCH", path: "{upload}", as: "ana", body: "12345678901", status: 413, code: "request-too-large",
			header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}},
		{name: "two parts of six", method: "POST", path: "/uploads", as: "ana", body: "123456", status: 201, save: map[string]string{"one": "Location"},
			header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "6", "Upload-Concat": "partial", "Content-Type": "application/offset+octet-stream"}},
		{name: "the other", method: "POST", path: "/uploads", as: "ana", body: "123456", status: 201, save: map[string]string{"two": "Location"},
			header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "6", "Upload-Concat": "partial", "Content-Type": "application/offset+octet-stream"}},
		{name: "joined", method: "POST", path: "/uploads", as: "ana", header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Concat": "final;{one} {two}"}, status: 413, code: "file-too-large"},
		{name: "as it is told", method: "GET", path: "/v1/rooms/{room}/participants", as: "ben", status: 200, wantHas: `"rules":{"limits":{"fileSize":10,"filesPerRequest":2,"lifetimeSeconds":60},"rev":1},"limits":{"fileSize":10,`},

		laidDown(`{"limits":{"openUploads":1,"roomShares":2}}`), // with the one of no length
		offer(`{"name":"a","size":1}`, 429, "too-many-uploads"),
		{name: "taken back", method: "DELETE", path: "{upload}", as: "ana", header: tus, status: 204},
		{name: "a part", method: "DELETE", path: "{one}", as: "ana", header: tus, status: 204},
		{name: "a part", method: "DELETE", path: "{two}", as: "ana", header: tus, status: 204},
		{name: "deposit", method: "POST", path: "/uploads?room={room}", header: map[string]string{"Authorization": theApp}, body: "x", status: 200},
		offer(`{"name":"a","size":1}`, 201, ""),
		{name: "a third", method: "POST", path: "/uploads", as: "ben", header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "1", "Content-Type": "application/offset+octet-stream"}, body: "x", status: 429, code: "room-full"},
		laidDown(`{"limits":{"roomBytes":3}}`),
		offer(`{"name":"a","size":4}`, 429, "room-full"),
		laidDown(`{}`),
		offer(`{"name":"a","size":100000}`, 201, ""),
	}))
}

// TestLimitsAreToldOfTheRoom: who is known is told what holds in its room, of what it
// might upload, and of an upload what that was made with; a stranger what the server
// takes at most.
func TestLimitsAreToldOfTheRoom(t *testing.T) {
	r := newRig(t)
	told := func(name, method, path, as string, header map[string]string, status int, limit, size string) step {
		return step{name: name, method: method, path: path, as: as, header: header, status: status, wantHeader: map[string]string{"Upload-Limit": limit, "Tus-Max-Size": size}}
	}
	asked := func(as string, header map[string]string, limit, size string) step {
		return told("asked by "+as, "OPTIONS", "/uploads?room={room}", as, header, 200, limit, size)
	}
	const whole, narrow, opened = "max-size=1048576, max-age=600", "max-size=10, max-age=60", "max-size=10, max-age=*"
	made := told("made", "POST", "/uploads", "ana", fields("Upload-Complete", "?0"), 201, opened, "-")
	made.save = map[string]string{"up": "Location"}
	r.run(t, r.fill([]step{
		asked("ana", nil, whole, "1048576"),
		laidDown(`{"limits":{"fileSize":10,"lifetimeSeconds":60}}`),
		asked("ana", nil, narrow, "10"),
		asked("", map[string]string{"Authorization": theApp}, narrow, "10"),
		asked("zoe", nil, whole, "1048576"), asked("", nil, whole, "1048576"), asked("forged", nil, whole, "1048576"),
		{name: "refused", method: "POST", path: "/uploads", as: "ana", header: fields(), status: 400, code: "invalid-request", wantHeader: map[string]string{"Upload-Limit": narrow}},
		{name: "too large", method: "POST", path: "/uploads", as: "ana", header: fields("Upload-Complete", "?0"), body: "12345678901", status: 413, code: "file-too-large", wantHeader: map[string]string{"Upload-Limit": narrow}},
		made,
		laidDown(`{}`),
		asked("ana", nil, whole, "1048576"),
		told("as it was made", "HEAD", "{up}", "ana", fields(), 204, opened, "-"),
	}))
}

// TestRulesOfTheOperator: what is no rule is refused and changes nothing.
func TestRulesOfTheOperator(t *testing.T) {
	o := newOffice(t, nil)
	calls := []call{
		{as: dev, method: "POST", path: "/v1/rooms", body: `{"name":"n","owner_ref":"o","settings":{"rules":1},"rules":{"limits":{"fileSize":10},"allow":[" .PDF","image/*",".pdf"],"send":["viewer","moderator"]}}`,
			status: 200, has: []string{`"rules":{"limits":{"fileSize":10},"allow":[".pdf","image/*"],"send":["moderator","viewer"],"rev":1}`, `"settings":{"rules":1}`}, save: map[string]string{"room": "room.room_id"}},
	}
	for _, bad := range []string{
		`[]`, `"none"`, `{"allowed":[]}`, `{"limits":{"fileSize":0}}`, `{"limits":{"fileSize":-1}}`, `{"limits":{"fileSize":1048577}}`, `{"limits":{"fileSize":"1"}}`, `{"limits":{"fileSize":1.5}}`,
		`{"limits":{"filesize":1}}`, `{"limits":{"messageBytes":1}}`, `{"limits":[1]}`, `{"allow":["pdf"]}`, `{"allow":["."]}`, `{"allow":["*/*"]}`, `{"allow":["image/"]}`, `{"allow":["image/png; q=1"]}`,
		`{"deny":["./x"]}`, `{"deny":[1]}`, `{"allow":[` + strings.Repeat(`".a",`, 64) + `".b"]}`, `{"send":["owner"]}`, `{"send":["operator"]}`, `{"sendToAll":"moderator"}`, `{"rev":7}`,
	} {
		calls = append(calls, call{name: bad, as: dev, method: "PUT", path: "/v1/rooms/{room}", body: `{"name":"changed","rules":` + bad + `}`, status: 400, result: 400, has: []string{`"code":"invalid-request"`}},
			call{name: "a new room with " + bad, as: dev, method: "POST", path: "/v1/rooms", body: `{"name":"another","owner_ref":"o","rules":` + bad + `}`, status: 400, result: 400})
	}
	o.run(t, append(calls, []call{
		{as: dev, method: "GET", path: "/v1/rooms/{room}", status: 200, has: []string{`"name":"n"`, `"allow":[".pdf","image/*"]`, `"rev":1`}},
		{as: dev, method: "GET", path: "/v1/rooms", status: 200, has: []string{`"total":1`}},
		{name: "others stay", as: dev, method: "PUT", path: "/v1/rooms/{room}", body: `{"name":"m"}`, status: 200, has: []string{`"rev":1`, `"allow"`}},
		{name: "the same", as: dev, method: "PUT", path: "/v1/rooms/{room}", body: `{"rules":{"limits":{"fileSize":10},"allow":[".pdf","image/*"],"send":["moderator","viewer"]}}`, status: 200, has: []string{`"rev":1`}},
		{name: "none", as: dev, method: "PUT", path: "/v1/rooms/{room}", body: `{"rules":{}}`, status: 200, has: []string{`"rules":{"rev":2}`}},
	}...))
}
