package server_test

import (
	"fmt"
	"strings"
	"testing"
)

const noUpload = "/uploads/sh_aaaaaaaaaaaaaaaaaaaaaaaaaa"

// partial is a partial upload of Ana that has its bytes; its address is saved.
func partial(as, body string) step {
	return step{
		name: "partial " + as, method: "POST", path: "/uploads", as: "ana", body: body,
		header: tusHeader("Upload-Length", itoa(len(body)), "Upload-Concat", "partial", "Content-Type", "application/offset+octet-stream"),
		status: 201, wantHeader: map[string]string{"Upload-Offset": itoa(len(body)), "Upload-Expires": "*"}, save: map[string]string{as: "Location"},
	}
}

// final joins partial uploads of Ana; Location is saved as {up}.
func final(parts string, pairs ...string) step {
	return step{
		name: "final " + parts, method: "POST", path: "/uploads", as: "ana",
		header: tusHeader(append([]string{"Upload-Concat", "final;" + parts}, pairs...)...),
		status: 201, wantHeader: map[string]string{"Location": "*", "Tus-Resumable": "1.0.0"}, save: map[string]string{"up": "Location"},
	}
}

func notFinal(name, parts string, status int, code string, pairs ...string) step {
	return refused(name, "POST", "/uploads", tusHeader(append([]string{"Upload-Concat", "final;" + parts}, pairs...)...), "", status, code)
}

func TestConcatenation(t *testing.T) {
	listed := step{method: "GET", path: "/v1/rooms/{room}/shares", as: "ana", status: 200, save: map[string]string{"id": ".shares.0.id"}}
	nothing := step{name: "nobody hears of it", method: "GET", path: "/v1/rooms/{room}/shares", as: "ana", status: 200, wantHas: `"shares":[]`}
	content := func(want string) step {
		return step{name: "content", method: "GET", path: "/v1/shares/{id}/content", as: "ben", status: 200, wantBody: want}
	}
	tables := map[string][]step{
		"partial uploads are nobody's shares": {
			partial("a", "hello, "), nothing,
			{method: "HEAD", path: "{a}", as: "ana", header: tusHeader(), status: 200, wantHeader: map[string]string{"Upload-Concat": "partial", "Upload-Offset": "7", "Upload-Length": "7"}},
			{method: "HEAD", path: "{a}", as: "ben", header: tusHeader(), status: 404},
			{method: "HEAD", path: "{a}", as: "mod", header: tusHeader(), status: 404},
			{method: "GET", path: "/v1/shares/{share:a}", as: "ana", status: 404, code: "share-not-found"},
			{method: "GET", path: "/v1/shares/{share:a}", as: "ben", status: 404, code: "share-not-found"},
			{method: "GET", path: "/v1/shares/{share:a}/content", as: "ana", status: 404, code: "share-not-found"},
			{method: "GET", path: "/v1/shares/{share:a}/content", as: "ben", status: 404, code: "share-not-found"},
			{method: "POST", path: "/v1/shares/{share:a}/tickets", as: "ana", status: 404, code: "share-not-found"},
			{method: "DELETE", path: "/v1/shares/{share:a}", as: "mod", status: 404, code: "share-not-found"},
			{method: "DELETE", path: "{a}", as: "ana", header: tusHeader(), status: 204},
			{method: "HEAD", path: "{a}", as: "ana", header: tusHeader(), status: 410},
			notFinal("a cancelled one", "{a}", 410, "share-ended"),
		},
		"joined in the order of the list": {
			partial("a", "hello, "), partial("b", "world"), partial("c", ""),
			final("{b} {c} {a}", "Upload-Metadata", "filename "+b64("w.txt")),
			{method: "HEAD", path: "{up}", as: "ana", header: tusHeader(), status: 200, wantHeader: map[string]string{
				"Upload-Concat": "final;{b} {c} {a}", "Upload-Offset": "12", "Upload-Length": "12", "Upload-Metadata": "filename " + b64("w.txt"), "Upload-Expires": "-",
			}},
			refused("a final takes no bytes", "PATCH", "{up}", patchHeader("12"), "!", 403, "forbidden"),
			listed, content("worldhello, "),
			{name: "one share", method: "GET", path: "/v1/rooms/{room}/shares", as: "ben", status: 200, wantHas: `"name":"w.txt"`},
			{name: "a part says that it is complete", method: "HEAD", path: "{a}", as: "ana", header: tusHeader(), status: 200, wantHeader: map[string]string{"Upload-Offset": "7", "Upload-Concat": "partial"}},
			{name: "a lost answer", method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Concat", "final;{b} {c} {a}"), status: 201, wantHeader: map[string]string{"Location": "{up}"}},
			notFinal("in another order", "{a} {b}", 410, "share-ended"),
			notFinal("a part of it", "{a}", 410, "share-ended"),
			{method: "DELETE", path: "{a}", as: "ana", header: tusHeader(), status: 410, code: "share-ended"},
			{method: "DELETE", path: "{up}", as: "ana", header: tusHeader(), status: 204},
			notFinal("what was joined has ended", "{b} {c} {a}", 410, "share-ended"),
		},
		"addresses": {
			partial("a", "hello, "), partial("b", "world"),
			final("https://files.example{a} uploads/{share:b}"),
			listed, content("hello, world"),
		},
		"metadata is not inherited": {
			{method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Length", "0", "Upload-Concat", "partial", "Upload-Metadata", "filename "+b64("x")), status: 201, save: map[string]string{"a": "Location"}},
			final("{a}"),
			{method: "HEAD", path: "{up}", as: "ana", header: tusHeader(), status: 200, wantHeader: map[string]string{"Upload-Metadata": "-", "Upload-Offset": "0", "Upload-Length": "0"}},
			{method: "HEAD", path: "{a}", as: "ana", header: tusHeader(), status: 200, wantHeader: map[string]string{"Upload-Metadata": "filename " + b64("x")}},
			{name: "zero bytes are complete", method: "GET", path: "/v1/rooms/{room}/shares", as: "ben", status: 200, wantHas: `"state":"available"`},
		},
		"targeted": {
			partial("a", "hello"),
			final("{a}", "Upload-Metadata", "to "+b64("ben")),
			listed, content("hello"),
			{method: "GET", path: "/v1/shares/{id}", as: "cleo", status: 404, code: "share-not-found"},
			{method: "GET", path: "/v1/rooms/{room}/shares", as: "cleo", status: 200, wantHas: `"shares":[]`},
		},
		"a length that is told later": {
			{method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Defer-Length", "1", "Upload-Concat", "partial"), status: 201, save: map[string]string{"up": "Location"}},
			patch("0", "hel", "3"),
			notFinal("not before it is complete", "{up}", 409, "offset-mismatch"),
			{method: "PATCH", path: "{up}", as: "ana", header: patchHeader("3", "Upload-Length", "5"), body: "lo", status: 204, wantHeader: map[string]string{"Upload-Offset": "5"}},
			final("{up}"), listed, content("hello"),
		},
		"who may join what": {
			partial("a", "hello"), create("5"), {name: "the upload is no part", method: "HEAD", path: "{up}", as: "ana", header: tusHeader(), status: 200, wantHeader: map[string]string{"Upload-Concat": "-"}},
			notFinal("no partial one", "{up}", 400, "invalid-request"),
			notFinal("one that does not exist", "{a} "+noUpload, 404, "share-not-found"),
			notFinal("no id", "/uploads/x", 404, "share-not-found"),
			{name: "of another participant", method: "POST", path: "/uploads", as: "ben", header: tusHeader("Upload-Concat", "final;{a}"), status: 404, code: "share-not-found"},
			{name: "of another room", method: "POST", path: "/uploads", as: "zoe", header: tusHeader("Upload-Concat", "final;{a}"), status: 404, code: "share-not-found"},
			{name: "a moderator", method: "POST", path: "/uploads", as: "mod", header: tusHeader("Upload-Concat", "final;{a}"), status: 404, code: "share-not-found"},
			{name: "a viewer makes none", method: "POST", path: "/uploads", as: "vic", header: tusHeader("Upload-Concat", "partial", "Upload-Length", "5"), status: 403, code: "forbidden"},
			{name: "no token", method: "POST", path: "/uploads", header: tusHeader("Upload-Concat", "final;{a}"), status: 401, code: "unauthenticated"},
			notFinal("recipients", "{a}", 422, "unknown-recipient", "Upload-Metadata", "to "+b64("pt_nobody")),
			{name: "what was refused changed nothing", method: "HEAD", path: "{a}", as: "ana", header: tusHeader(), status: 200, wantHeader: map[string]string{"Upload-Offset": "5"}},
			final("{a}"),
		},
		"bad requests": {
			partial("a", "hello"),
			notFinal("with a length", "{a}", 400, "invalid-request", "Upload-Length", "5"),
			notFinal("with a deferred length", "{a}", 400, "invalid-request", "Upload-Defer-Length", "1"),
			refused("with bytes", "POST", "/uploads", tusHeader("Upload-Concat", "final;{a}"), "x", 400, "invalid-request"),
			notFinal("nothing", "", 400, "invalid-request"),
			notFinal("spaces", "  ", 400, "invalid-request"),
			notFinal("twice the same", "{a} {a}", 400, "invalid-request"),
			notFinal("no address of an upload", "/v1/shares/x", 400, "invalid-request"),
			notFinal("deeper", "{a}/b", 400, "invalid-request"),
			notFinal("a query", "{a}?x=1", 400, "invalid-request"),
			notFinal("another scheme", "ftp://host{a}", 400, "invalid-request"),
			notFinal("too many", noUpload+manyUploads(64), 400, "invalid-request"),
			notFinal("too long", strings.Repeat("x", 17<<10), 413, "request-too-large"),
			refused("another word", "POST", "/uploads", tusHeader("Upload-Concat", "Partial", "Upload-Length", "5"), "", 400, "invalid-request"),
			refused("twice", "POST", "/uploads", tusHeader("Upload-Concat", "partial\npartial", "Upload-Length", "5"), "", 400, "invalid-request"),
			refused("a part over the limit", "POST", "/uploads", tusHeader("Upload-Concat", "partial", "Upload-Length", "1048577"), "", 413, "file-too-large"),
			nothing,
			final("{a}"),
		},
		"the sum has a limit": {
			partial("a", strings.Repeat("a", 1<<20)), partial("b", "b"),
			notFinal("one byte too much", "{a} {b}", 413, "file-too-large"),
			final("{a}"), final("{b}"),
		},
	}
	for name, steps := range tables {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.run(t, r.fill(steps))
		})
	}
}

// manyUploads is a list of n addresses, all different.
func manyUploads(n int) string {
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, " /uploads/%d", i)
	}
	return list.String()
}

func TestSplit(t *testing.T) {
	split := func(count string) step {
		return step{
			name: "split in " + count, method: "POST", path: "/v1/shares/{id}/parts", as: "ana", body: `{"count":` + count + `}`, status: 200,
			save: map[string]string{"a": ".parts.0.uploadUrl", "b": ".parts.1.uploadUrl"},
		}
	}
	bad := func(name, as, body string, status int, code string) step {
		return step{name: name, method: "POST", path: "/v1/shares/{id}/parts", as: as, body: body, status: status, code: code}
	}
	offer := step{
		method: "POST", path: "/v1/rooms/{room}/shares", as: "ana", body: `{"files":[{"name":"w.txt","size":12}],"to":["ben"]}`, status: 201,
		save: map[string]string{"id": ".shares.0.id", "up": ".shares.0.uploadUrl"},
	}
	send := func(to, offset, body, after string) step {
		s := patch(offset, body, after)
		s.name, s.path = "part "+to, to
		return s
	}
	tables := map[string][]step{
		"the parts come in any order": {
			offer, patch("0", "hell", "4"), split("2"),
			{name: "it says how far it is", method: "POST", path: "/v1/shares/{id}/parts", as: "ana", body: `{"count":64}`, status: 200,
				wantBody: `{"parts":[{"offset":4,"size":4,"received":0,"uploadUrl":"{a}"},{"offset":8,"size":4,"received":0,"uploadUrl":"{b}"}]}` + "\n"},
			{name: "HEAD", method: "HEAD", path: "{up}", as: "ana", header: tusHeader(), status: 200, wantHeader: map[string]string{"Upload-Concat": "final;{a} {b}", "Upload-Length": "12", "Upload-Offset": "-"}},
			refused("only its parts take bytes", "PATCH", "{up}", patchHeader("4"), "o, world", 403, "forbidden"),
			send("{b}", "0", "or", "2"),
			{name: "a part cannot be taken out", method: "DELETE", path: "{b}", as: "ana", header: tusHeader(), status: 403, code: "forbidden"},
			{name: "nor joined to another file", method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Concat", "final;{b}"), status: 410, code: "share-ended"},
			send("{b}", "2", "ld", "4"), send("{a}", "0", "o, w", "4"),
			{name: "followed to its end", method: "GET", path: "/v1/shares/{id}/content", as: "ben", status: 200, wantBody: "hello, world"},
			{method: "HEAD", path: "{b}", as: "ana", header: tusHeader(), status: 200, wantHeader: map[string]string{"Upload-Offset": "4"}},
			{name: "a repeated last append", method: "PATCH", path: "{b}", as: "ana", header: patchHeader("4"), status: 204, wantHeader: map[string]string{"Upload-Offset": "4"}},
		},
		"its end is that of its parts": {
			offer, split("2"), send("{b}", "0", "world", "5"),
			{method: "DELETE", path: "/v1/shares/{id}", as: "ana", status: 204},
			{method: "HEAD", path: "{b}", as: "ana", header: tusHeader(), status: 410},
			bad("split again", "ana", `{"count":2}`, 410, "share-ended"),
		},
		"bad requests": {
			offer,
			bad("none", "ana", `{"count":0}`, 400, "invalid-request"),
			bad("too many", "ana", `{"count":65}`, 400, "invalid-request"),
			bad("no number", "ana", `{"count":"2"}`, 400, "invalid-request"),
			bad("no body", "ana", ``, 400, "invalid-request"),
			bad("more parts than bytes", "ana", `{"count":13}`, 409, "offset-mismatch"),
			bad("a recipient", "ben", `{"count":2}`, 403, "forbidden"),
			bad("somebody else", "cleo", `{"count":2}`, 404, "share-not-found"),
			patch("0", "hello, world", "12"),
			bad("nothing is left to send", "ana", `{"count":1}`, 409, "offset-mismatch"),
		},
		"no part of a part, none of an unknown length": {
			{method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Length", "5", "Upload-Concat", "partial"), status: 201, save: map[string]string{"up": "Location"}},
			{method: "POST", path: "/v1/shares/{share:up}/parts", as: "ana", body: `{"count":2}`, status: 400, code: "invalid-request"},
			{method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Defer-Length", "1"), status: 201, save: map[string]string{"up": "Location"}},
			{method: "POST", path: "/v1/shares/{share:up}/parts", as: "ana", body: `{"count":2}`, status: 409, code: "length-mismatch"},
		},
	}
	for name, steps := range tables {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.run(t, r.fill(steps))
		})
	}
}
