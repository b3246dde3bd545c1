package server_test

import (
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// offered creates one share of Ana's and uploads body; its id is saved as {id}.
func offered(body, to string) []step {
	return []step{
		{
			name: "offer", method: "POST", path: "/v1/rooms/{room}/shares", as: "ana", status: 201,
			body:    `{"files": [{"name": "hello \"world\"; ä.html", "size": ` + itoa(len(body)) + `, "type": "text/html"}], "to": ` + to + `}`,
			wantHas: `"uploadUrl":"/uploads/sh_`, save: map[string]string{"id": ".shares.0.id", "up": ".shares.0.uploadUrl"},
		},
		patch("0", body, itoa(len(body))),
	}
}

const helloSum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

func TestShares(t *testing.T) {
	deliver := offered("hello", `"room"`)
	get := func(as string, header map[string]string, status int, body string) step {
		return step{name: "content for " + as, method: "GET", path: "/v1/shares/{id}/content", as: as, header: header, status: status, wantBody: body}
	}
	tables := map[string][]step{
		"a download carries what makes it safe": append(deliver[:2:2],
			step{method: "GET", path: "/v1/shares/{id}/content", as: "ben", status: 200, wantBody: "hello", wantHeader: map[string]string{
				"ETag":                    `"` + helloSum + `"`,
				"Repr-Digest":             "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:",
				"Content-Type":            "application/octet-stream",
				"Content-Length":          "5",
				"Accept-Ranges":           "bytes",
				"X-Content-Type-Options":  "nosniff",
				"Content-Security-Policy": "sandbox; default-src 'none'",
				"Content-Disposition":     `attachment; filename="hello__world____.html"; filename*=UTF-8''hello%20%22world%22%3B%20%C3%A4.html`,
				"Referrer-Policy":         "no-referrer",
			}},
			step{method: "HEAD", path: "/v1/shares/{id}/content", as: "ben", status: 200, wantHeader: map[string]string{"Content-Length": "5"}},
			step{method: "GET", path: "/v1/shares/{id}", as: "ben", status: 200, wantHas: `"sha256":"` + helloSum + `"`},
			get("ana", nil, 200, "hello"),
		),
		"ranges": append(deliver[:2:2],
			get("ben", map[string]string{"Range": "bytes=1-3"}, 206, "ell"),
			get("ben", map[string]string{"Range": "bytes=3-", "If-Range": `"` + helloSum + `"`}, 206, "lo"),
			get("ben", map[string]string{"Range": "bytes=3-", "If-Range": `"other"`}, 200, "hello"),
			get("ben", map[string]string{"Range": "bytes=-2"}, 206, "lo"),
			get("ben", map[string]string{"Range": "bytes=0-1,2-3,0-4"}, 200, "hello"),
			step{name: "beyond the end", method: "GET", path: "/v1/shares/{id}/content", as: "ben", header: map[string]string{"Range": "bytes=5-"}, status: 416, code: "range-not-satisfiable", wantHeader: map[string]string{
				"Content-Range": "bytes */5", "Content-Disposition": "-", "ETag": "-", "Repr-Digest": "-",
			}},
			step{name: "backwards", method: "GET", path: "/v1/shares/{id}/content", as: "ben", header: map[string]string{"Range": "bytes=3-1"}, status: 416, code: "range-not-satisfiable"},
			step{name: "HEAD beyond the end", method: "HEAD", path: "/v1/shares/{id}/content", as: "ben", header: map[string]string{"Range": "bytes=5-"}, status: 416},
			get("ben", map[string]string{"If-None-Match": `"` + helloSum + `"`}, 304, ""),
		),
		"before, after and for others": {
			offered("hello", `["{ben}"]`)[0],
			{name: "still uploading", method: "HEAD", path: "/v1/shares/{id}/content", as: "ben", status: 200, wantHeader: map[string]string{"Content-Length": "5", "Repr-Digest": "-"}},
			{name: "a ticket at once", method: "POST", path: "/v1/shares/{id}/tickets", as: "ben", status: 201},
			patch("0", "hello", "5"),
			get("ben", nil, 200, "hello"),
			{name: "not a recipient", method: "GET", path: "/v1/shares/{id}/content", as: "cleo", status: 404, code: "share-not-found"},
			{name: "no record either", method: "GET", path: "/v1/shares/{id}", as: "cleo", status: 404, code: "share-not-found"},
			{name: "no end either", method: "DELETE", path: "/v1/shares/{id}", as: "cleo", status: 404, code: "share-not-found"},
			{name: "no ticket either", method: "POST", path: "/v1/shares/{id}/tickets", as: "cleo", status: 404, code: "share-not-found"},
			{name: "nor does a moderator see it who is not addressed", method: "GET", path: "/v1/shares/{id}", as: "mod", status: 404, code: "share-not-found"},
			{name: "a moderator of another room ends nothing", method: "DELETE", path: "/v1/shares/{id}", as: "zoe", status: 404, code: "share-not-found"},
			{name: "another room", method: "GET", path: "/v1/shares/{id}/content", as: "zoe", status: 404, code: "share-not-found"},
			{name: "not in the list", method: "GET", path: "/v1/rooms/{room}/shares", as: "cleo", status: 200, wantHas: `"shares":[]`},
			{name: "no token", method: "GET", path: "/v1/shares/{id}/content", status: 401, code: "unauthenticated", wantHeader: map[string]string{"WWW-Authenticate": `Bearer realm="handout"`}},
			{name: "the recipient may not end it", method: "DELETE", path: "/v1/shares/{id}", as: "ben", status: 403, code: "forbidden"},
			{name: "the sender may", method: "DELETE", path: "/v1/shares/{id}", as: "ana", status: 204},
			{name: "and again", method: "DELETE", path: "/v1/shares/{id}", as: "ana", status: 204},
			{name: "then it is gone", method: "GET", path: "/v1/shares/{id}/content", as: "ben", status: 410, code: "share-ended"},
			{name: "and says so", method: "GET", path: "/v1/shares/{id}", as: "ben", status: 200, wantHas: `"state":"revoked"`},
		},
		"a moderator ends a broadcast": append(deliver[:2:2],
			step{method: "DELETE", path: "/v1/shares/{id}", as: "mod", status: 204},
			step{method: "GET", path: "/v1/shares/{id}/content", as: "ben", status: 410, code: "share-ended"},
		),
		"tickets": append(deliver[:2:2],
			step{method: "POST", path: "/v1/shares/{id}/tickets", as: "ben", status: 201, save: map[string]string{"ticket": ".url"}},
			step{name: "begins one download", method: "GET", path: "{ticket}", status: 200, wantBody: "hello"},
			step{name: "and no second", method: "GET", path: "{ticket}", status: 404, code: "ticket-invalid"},
			step{name: "made up", method: "GET", path: "/v1/shares/{id}/content?ticket=dt_aaaaaaaaaaaaaaaaaaaaaaaaaa", status: 404, code: "ticket-invalid"},
		),
		"since": append(deliver[:2:2],
			step{method: "GET", path: "/v1/rooms/{room}/shares", as: "ben", status: 200, save: map[string]string{"seq": ".seq"}, wantHas: `"{id}"`},
			step{method: "GET", path: "/v1/rooms/{room}/shares?since={seq}", as: "ben", status: 200, wantHas: `"shares":[]`},
			step{method: "GET", path: "/v1/rooms/{room}/shares?since=x", as: "ben", status: 400, code: "invalid-request"},
			step{method: "GET", path: "/v1/rooms/{room}/shares?since=-1", as: "ben", status: 400, code: "invalid-request"},
		),
		"bad offers": {
			bad(`{"files": [], "to": "room"}`, 422, "empty-list"),
			bad(`{"files": [{"name": "a", "size": 5}]}`, 400, "invalid-request"),
			bad(`{"files": [{"name": "a", "size": 5}], "to": "everybody"}`, 400, "invalid-request"),
			bad(`{"files": [{"name": "a", "size": 5}], "to": 7}`, 400, "invalid-request"),
			bad(`{"files": [{"name": "a", "size": 5}], "to": []}`, 422, "empty-list"),
			bad(`{"files": [{"name": "a", "size": 5}], "to": ["nobody"]}`, 422, "unknown-recipient"),
			bad(`{"files": [{"name": "a"}], "to": "room"}`, 400, "invalid-request"),
			bad(`{"files": [{"name": "a", "size": 0}], "to": "room"}`, 422, "empty-file"),
			bad(`{"files": [{"name": "a", "size": -1}], "to": "room"}`, 400, "invalid-request"),
			bad(`{"files": [{"name": "a", "size": "5"}], "to": "room"}`, 400, "invalid-request"),
			bad(`{"files": [{"name": "a", "size": 1.5}], "to": "room"}`, 400, "invalid-request"),
			bad(`{"files": [{"name": "a", "size": 4611686018427387904}], "to": "room"}`, 413, "file-too-large"),
			bad(`{"files": [{"name": 7, "size": 5}], "to": "room"}`, 400, "invalid-request"),
			bad(`{"files": {}, "to": "room"}`, 400, "invalid-request"),
			bad(`[]`, 400, "invalid-request"), bad(`{`, 400, "invalid-request"), bad(`{} {}`, 400, "invalid-request"),
			bad(`{"x": "`+strings.Repeat("x", 600<<10)+`"}`, 413, "request-too-large"),
			{name: "nothing came of them", method: "GET", path: "/v1/rooms/{room}/shares", as: "ana", status: 200, wantHas: `"shares":[]`},
		},
		"rooms and tokens": {
			{name: "no token", method: "GET", path: "/v1/rooms/{room}/shares", status: 401, code: "unauthenticated"},
			{name: "a forged one", method: "GET", path: "/v1/rooms/{room}/shares", as: "forged", status: 401, code: "unauthenticated"},
			{name: "an expired one", method: "GET", path: "/v1/rooms/{room}/shares", as: "expired", status: 401, code: "token-expired"},
			{name: "another room's", method: "GET", path: "/v1/rooms/{room}/shares", as: "zoe", status: 401, code: "unauthenticated"},
			{name: "no such room", method: "GET", path: "/v1/rooms/rm_aaaaaaaaaaaaaaaaaaaaaaaaaa/shares", as: "zoe", status: 401, code: "unauthenticated"},
			{name: "a viewer sends", method: "POST", path: "/v1/rooms/{room}/shares", as: "vic", body: `{"files": [{"name": "a", "size": 5}], "to": "room"}`, status: 403, code: "forbidden"},
			{name: "no such address", method: "GET", path: "/v1/nothing", status: 404, code: "not-found"},
			{name: "no such method", method: "PUT", path: "/v1/shares/x", status: 405, code: "method-not-allowed"},
			{name: "roster", method: "GET", path: "/v1/rooms/{room}/participants", as: "ben", status: 200, wantHas: `"id":"cleo"`},
		},
	}
	for name, steps := range tables {
		t.Run(name, func(t *testing.T) {
			rig := newRig(t)
			rig.run(t, rig.fill(steps))
		})
	}
}

func bad(body string, status int, code string) step {
	return step{name: body[:min(len(body), 60)], method: "POST", path: "/v1/rooms/{room}/shares", as: "ana", body: body, status: status, code: code}
}

func TestContentDispositionReadsBack(t *testing.T) {
	rig := newRig(t)
	rig.run(t, rig.fill(offered("hello", `"room"`)))
	response := rig.get(t, "ben", "/v1/rooms/"+string(rig.room)+"/shares")
	id := pick(t, response, readAll(t, response), ".shares.0.id")
	response = rig.get(t, "ben", "/v1/shares/"+id+"/content")
	readAll(t, response)
	_, params, err := mime.ParseMediaType(response.Header.Get("Content-Disposition"))
	if err != nil || params["filename"] != `hello "world"; ä.html` {
		t.Errorf("the name reads back as %q, %v", params["filename"], err)
	}
}

// TestAStalledSenderIsTakenOver holds an append open on a real connection and
// asks for the offset by another one.
func TestAStalledSenderIsTakenOver(t *testing.T) {
	rig := newRig(t)
	saved := map[string]string{}
	response, body := rig.send(t, rig.fill(offered("hello", `"room"`))[0], saved)
	path := pick(t, response, body, ".shares.0.uploadUrl")

	stalled, err := net.Dial("tcp", strings.TrimPrefix(rig.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer stalled.Close()
	io.WriteString(stalled, "PATCH "+path+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+rig.tokens["ana"]+
		"\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 5\r\n\r\nhel")
	rig.until(t, "the first bytes are taken in", func() bool { return rig.received(t) == 3 })

	began := time.Now()
	rig.run(t, []step{
		{method: "HEAD", path: path, as: "ana", header: tusHeader(), status: 200, wantHeader: map[string]string{"Upload-Offset": "3"}},
		{method: "PATCH", path: path, as: "ana", header: patchHeader("3"), body: "lo", status: 204, wantHeader: map[string]string{"Upload-Offset": "5"}},
	})
	if took := time.Since(began); took > rig.handover {
		t.Errorf("the takeover took %v", took)
	}
	answer, err := io.ReadAll(stalled)
	if err != nil || !strings.Contains(string(answer), "409 Conflict") || !strings.Contains(string(answer), "upload-preempted") {
		t.Errorf("the stalled request was answered %q, %v", answer, err)
	}
}

// TestTheEndCutsADownload revokes a share while a slow reader receives it.
func TestTheEndCutsADownload(t *testing.T) {
	rig := newRig(t)
	big := strings.Repeat("0123456789abcdef", 60_000)
	steps := rig.fill(offered(big, `"room"`))
	saved := map[string]string{}
	response, body := rig.send(t, steps[0], saved)
	id, path := pick(t, response, body, ".shares.0.id"), pick(t, response, body, ".shares.0.uploadUrl")
	steps[1].path = path
	rig.run(t, steps[1:])

	connection, err := net.Dial("tcp", strings.TrimPrefix(rig.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	connection.(*net.TCPConn).SetReadBuffer(4 << 10) // small, so that the server has to wait
	io.WriteString(connection, "GET /v1/shares/"+id+"/content HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+rig.tokens["ben"]+"\r\n\r\n")
	first := make([]byte, 100)
	if _, err := io.ReadFull(connection, first); err != nil {
		t.Fatal(err)
	}
	rig.run(t, []step{{method: "DELETE", path: "/v1/shares/" + id, as: "ana", status: 204}})
	rest, _ := io.ReadAll(connection) // reset or closed: either ends it
	if len(rest) >= len(big) {
		t.Errorf("the reader still got %d bytes", len(rest))
	}
}

func readAll(t *testing.T, response *http.Response) []byte {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
