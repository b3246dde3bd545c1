package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
)

// The rows carry the numbers of the checklist for Resumable Uploads for HTTP
// that the project follows: R1 is creation, R4 its answer, and so on.

// fields is a header of version 8 of the draft, and of what else it says.
func fields(pairs ...string) map[string]string {
	header := map[string]string{"Upload-Draft-Interop-Version": "8"}
	for i := 0; i < len(pairs); i += 2 {
		header[pairs[i]] = pairs[i+1]
	}
	return header
}

// appending is the header of an append.
func appending(offset, complete string, pairs ...string) map[string]string {
	return fields(append([]string{"Upload-Offset", offset, "Upload-Complete", complete, "Content-Type", "application/partial-upload"}, pairs...)...)
}

func digest256(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

const testLimit = "max-size=1048576, max-age=*"

// start is a creation by Ana of what is not complete yet; Location is saved as {up}.
func start(body string, pairs ...string) step {
	return step{
		name: "start", method: "POST", path: "/uploads", as: "ana", header: fields(append([]string{"Upload-Complete", "?0"}, pairs...)...), body: body,
		status: 201, save: map[string]string{"up": "Location"},
		wantHeader: map[string]string{"Location": "/uploads/*", "Upload-Complete": "?0", "Upload-Limit": testLimit, "Upload-Offset": itoa(len(body)), "Upload-Draft-Interop-Version": "8"},
	}
}

func stands(offset, complete, length string) step {
	return step{
		name: "stands at " + offset, method: "HEAD", path: "{up}", as: "ana", header: fields(), status: 204,
		wantHeader: map[string]string{"Upload-Offset": offset, "Upload-Complete": complete, "Upload-Length": length, "Upload-Limit": testLimit, "Cache-Control": "no-store", "Location": "-"},
	}
}

func more(offset, body, after string) step {
	return step{
		name: "more at " + offset, method: "PATCH", path: "{up}", as: "ana", header: appending(offset, "?0"), body: body,
		status: 204, wantHeader: map[string]string{"Upload-Offset": after, "Upload-Complete": "?0", "Location": "-"},
	}
}

func last(offset, body, whole string) step {
	return step{
		name: "last at " + offset, method: "PATCH", path: "{up}", as: "ana", header: appending(offset, "?1"), body: body,
		status: 200, wantHas: `"state":"available"`,
		wantHeader: map[string]string{"Upload-Offset": itoa(len(whole)), "Upload-Complete": "?1", "Repr-Digest": digest256(whole), "Location": "-"},
	}
}

func declined(name, method, path string, header map[string]string, body string, status int, code, kind string) step {
	return step{
		name: name, method: method, path: path, as: "ana", header: header, body: body, status: status, code: code, kind: kind,
		wantHeader: map[string]string{"Upload-Limit": testLimit},
	}
}

func content(want string) step {
	return step{name: "its bytes", method: "GET", path: "{content}", as: "ana", status: 200, wantBody: want}
}

func TestResumable(t *testing.T) {
	const gone, inconsistent, mismatching = "share-ended", "inconsistent-upload-length", "mismatching-upload-offset"
	streamed := func(s step) step { s.stream = true; return s }
	listed := func(want string) step {
		return step{name: "in the list", method: "GET", path: "/v1/rooms/{room}/shares", as: "ana", status: 200, wantHas: want}
	}
	tables := map[string][]step{
		"R1 creation": {
			{name: "whole", method: "POST", path: "/uploads?to=ben", as: "ana", body: "hello", status: 200, wantHas: `"to":["ben"]`,
				header:     fields("Upload-Complete", "?1", "Content-Type", "text/plain", "Content-Disposition", `inline; filename="x.txt"; filename*=UTF-8''gr%C3%BC%C3%9Fe.txt`),
				wantHeader: map[string]string{"Location": "/uploads/*", "Upload-Complete": "?1", "Upload-Offset": "5", "Repr-Digest": digest256("hello")}, save: map[string]string{"up": "Location"}},
			content("hello"), stands("5", "?1", "5"),
			listed(`"name":"grüße.txt","type":"text/plain","size":5`),
			{name: "not to everybody", method: "GET", path: "{content}", as: "cleo", status: 404, code: "share-not-found"},
			streamed(step{name: "of no known length", method: "POST", path: "/uploads", as: "ana", header: fields("Upload-Complete", "?1"), body: "hello", status: 200, wantHas: `"to":"room"`, save: map[string]string{"up": "Location"}}),
			content("hello"), stands("5", "?1", "5"),
			{name: "of nothing", method: "POST", path: "/uploads", as: "ana", header: fields("Upload-Complete", "?1"), status: 200, wantHas: `"size":0`, save: map[string]string{"up": "Location"}},
			stands("0", "?1", "0"),
			declined("no boolean", "POST", "/uploads", fields("Upload-Complete", "1"), "hello", 400, "invalid-request", ""),
			declined("a boolean twice", "POST", "/uploads", fields("Upload-Complete", "?1\n?1"), "hello", 400, "invalid-request", ""),
			declined("none", "POST", "/uploads", fields(), "hello", 400, "invalid-request", ""),
			declined("to nobody", "POST", "/uploads?to=", fields("Upload-Complete", "?1"), "hello", 422, "empty-list", ""),
			declined("to a stranger", "POST", "/uploads?to=ben,pt_nobody", fields("Upload-Complete", "?1"), "hello", 422, "unknown-recipient", ""),
			declined("coded", "POST", "/uploads", fields("Upload-Complete", "?1", "Content-Encoding", "gzip"), "hello", 415, "unsupported-media-type", ""),
			{name: "no token", method: "POST", path: "/uploads", header: fields("Upload-Complete", "?1"), body: "hello", status: 401, code: "unauthenticated"},
			{name: "a viewer", method: "POST", path: "/uploads", as: "vic", header: fields("Upload-Complete", "?1"), body: "hello", status: 403, code: "forbidden"},
		},
		"R4 creation in steps": {
			start(""), stands("0", "?0", "-"), more("0", "hel", "3"), stands("3", "?0", "-"), last("3", "lo", "hello"), stands("5", "?1", "5"), content("hello"),
			start("hel", "Upload-Length", "5"), stands("3", "?0", "5"), last("3", "lo", "hello"), content("hello"),
		},
		"R5 the question": {
			start("hel"),
			{name: "by GET", method: "GET", path: "{up}", as: "ana", header: fields(), status: 204, wantHeader: map[string]string{"Upload-Offset": "3", "Upload-Complete": "?0", "Upload-Limit": testLimit}},
			declined("with an offset", "HEAD", "{up}", fields("Upload-Offset", "3"), "", 400, "", ""),
			declined("with a mark", "HEAD", "{up}", fields("Upload-Complete", "?0"), "", 400, "", ""),
			{name: "of an earlier version", method: "HEAD", path: "{up}", as: "ana", header: map[string]string{"Upload-Draft-Interop-Version": "6"}, status: 204,
				wantHeader: map[string]string{"Upload-Limit": "max-size=1048576, expires=*", "Upload-Draft-Interop-Version": "6"}},
			{name: "of an unknown version", method: "HEAD", path: "{up}", as: "ana", header: map[string]string{"Upload-Draft-Interop-Version": "99"}, status: 204,
				wantHeader: map[string]string{"Upload-Offset": "3", "Upload-Draft-Interop-Version": "-"}},
			{name: "by another", method: "HEAD", path: "{up}", as: "ben", header: fields(), status: 403, wantHeader: map[string]string{"Upload-Offset": "-"}},
			{name: "of none", method: "HEAD", path: "/uploads/sh_aaaaaaaaaaaaaaaaaaaaaaaaaa", as: "ana", header: fields(), status: 404},
		},
		"R6 the offset": {
			start("hel"),
			{name: "elsewhere", method: "PATCH", path: "{up}", as: "ana", header: appending("2", "?1"), body: "llo", status: 409, code: "offset-mismatch", kind: mismatching,
				wantHas: `"expected-offset":3,"provided-offset":2`, wantHeader: map[string]string{"Upload-Offset": "3", "Upload-Complete": "?0", "Upload-Limit": testLimit}},
			declined("of another type", "PATCH", "{up}", fields("Upload-Offset", "3", "Upload-Complete", "?1", "Content-Type", "text/plain"), "lo", 415, "unsupported-media-type", ""),
			declined("nowhere", "PATCH", "{up}", fields("Upload-Complete", "?1", "Content-Type", "application/partial-upload"), "lo", 400, "invalid-request", ""),
			declined("at no number", "PATCH", "{up}", appending(`"3"`, "?1"), "lo", 400, "invalid-request", ""),
			declined("below zero", "PATCH", "{up}", appending("-3", "?1"), "lo", 400, "invalid-request", ""),
			declined("unmarked", "PATCH", "{up}", fields("Upload-Offset", "3", "Content-Type", "application/partial-upload"), "lo", 400, "invalid-request", ""),
			stands("3", "?0", "-"), last("3", "lo", "hello"),
		},
		"R7 the length": {
			declined("two at once", "POST", "/uploads", fields("Upload-Complete", "?1", "Upload-Length", "6"), "hello", 400, "length-mismatch", inconsistent),
			declined("a first body beyond", "POST", "/uploads", fields("Upload-Complete", "?0", "Upload-Length", "4"), "hello", 400, "length-mismatch", inconsistent),
			declined("over the limit", "POST", "/uploads", fields("Upload-Complete", "?0", "Upload-Length", "1048577"), "", 413, "file-too-large", ""),
			declined("a body over the limit", "POST", "/uploads", fields("Upload-Complete", "?0"), strings.Repeat("x", 1<<20+1), 413, "file-too-large", ""),
			start("hel", "Upload-Length", "5"),
			declined("another", "PATCH", "{up}", appending("3", "?0", "Upload-Length", "6"), "l", 400, "length-mismatch", inconsistent),
			declined("another, by the end", "PATCH", "{up}", appending("3", "?1"), "lo!", 400, "length-mismatch", inconsistent),
			declined("another, by an early end", "PATCH", "{up}", appending("3", "?1"), "l", 400, "length-mismatch", inconsistent),
			stands("3", "?0", "5"),
			streamed(declined("an early end that nobody foresaw", "PATCH", "{up}", appending("3", "?1"), "l", 400, "length-mismatch", inconsistent)),
			stands("4", "?0", "5"), last("4", "o", "hello"),
			start("hel"),
			{name: "said later", method: "PATCH", path: "{up}", as: "ana", header: appending("3", "?0", "Upload-Length", "5"), status: 204, wantHeader: map[string]string{"Upload-Offset": "3"}},
			stands("3", "?0", "5"),
			declined("more bytes than that", "PATCH", "{up}", appending("3", "?0"), "lo!", 400, "length-mismatch", inconsistent),
			{name: "end it", method: "HEAD", path: "{up}", as: "ana", header: fields(), status: 410, wantHeader: map[string]string{"Upload-Offset": "-"}},
			declined("for good", "PATCH", "{up}", appending("3", "?1"), "lo", 410, gone, ""),
			listed(`"state":"failed","reason":"length-mismatch"`),
			start("hel", "Upload-Length", "5"),
			streamed(declined("nor unannounced", "PATCH", "{up}", appending("3", "?0"), "lo!", 400, "length-mismatch", inconsistent)),
			{name: "which ends it too", method: "HEAD", path: "{up}", as: "ana", header: fields(), status: 410},
			start("hel"),
			streamed(declined("over the limit in the end", "PATCH", "{up}", appending("3", "?1"), strings.Repeat("x", 1<<20), 413, "request-too-large", "")),
			stands("1048576", "?0", "-"),
		},
		"R9 completion": {
			start("hello", "Upload-Length", "5"), stands("5", "?0", "5"), listed(`"state":"uploading"`),
			more("5", "", "5"), stands("5", "?0", "5"),
			last("5", "", "hello"), content("hello"), listed(`"rev":2`),
			last("5", "", "hello"), listed(`"rev":2`),
			declined("but not more", "PATCH", "{up}", appending("5", "?1"), "!", 400, "length-mismatch", inconsistent),
			streamed(declined("however it comes", "PATCH", "{up}", appending("5", "?0"), "!", 400, "length-mismatch", inconsistent)),
			declined("nor nothing more", "PATCH", "{up}", appending("5", "?0"), "", 400, "upload-complete", "completed-upload"),
			{name: "nor the last again", method: "PATCH", path: "{up}", as: "ana", header: appending("3", "?0"), body: "lo", status: 409, code: "offset-mismatch", kind: mismatching,
				wantHeader: map[string]string{"Upload-Offset": "5", "Upload-Complete": "-"}},
			stands("5", "?1", "5"), content("hello"),
		},
		"R10 OPTIONS": {
			{method: "OPTIONS", path: "/uploads", status: 200, wantHeader: map[string]string{"Upload-Limit": "max-size=1048576, max-age=600", "Accept-Patch": "application/partial-upload, application/offset+octet-stream", "Tus-Version": "1.0.0"}},
			{name: "preflight", method: "OPTIONS", path: "/uploads", header: map[string]string{
				"Origin": "https://app.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-digest,content-disposition,upload-complete,upload-draft-interop-version",
			}, status: 200, wantHeader: map[string]string{"Access-Control-Allow-Headers": "authorization,content-digest,content-disposition,upload-complete,upload-draft-interop-version"}},
		},
		"R11 cancellation": {
			start("hel"),
			{name: "by another", method: "DELETE", path: "{up}", as: "ben", header: fields(), status: 403, code: "forbidden"},
			{name: "of no dialect", method: "DELETE", path: "{up}", as: "ana", status: 204},
			declined("goes on", "PATCH", "{up}", appending("3", "?1"), "lo", 410, gone, ""),
			declined("again", "DELETE", "{up}", fields(), "", 410, gone, ""),
			start("hel"), last("3", "lo", "hello"),
			{name: "of what is complete", method: "DELETE", path: "{up}", as: "ana", header: fields(), status: 204},
			{name: "revokes it", method: "GET", path: "{content}", as: "ana", status: 410, code: gone},
		},
		"R15 digests": {
			start("hel", "Content-Digest", digest256("hel")),
			declined("another", "PATCH", "{up}", appending("3", "?1", "Content-Digest", digest256("l0")), "lo", 400, "checksum-mismatch", ""),
			declined("no digest", "PATCH", "{up}", appending("3", "?1", "Content-Digest", "sha-256=1"), "lo", 400, "invalid-request", ""),
			declined("a short one", "PATCH", "{up}", appending("3", "?1", "Content-Digest", "sha-256=:aGk=:"), "lo", 400, "invalid-request", ""),
			declined("no dictionary", "PATCH", "{up}", appending("3", "?1", "Content-Digest", "sha-256=:"), "lo", 400, "invalid-request", ""),
			stands("3", "?0", "5"),
			{name: "of an unknown kind", method: "PATCH", path: "{up}", as: "ana", header: appending("3", "?0", "Content-Digest", "unixsum=30637"), body: "l", status: 204},
			{name: "the right one", method: "PATCH", path: "{up}", as: "ana", header: appending("4", "?1", "Content-Digest", digest256("o")), body: "o", status: 200},
			content("hello"),
			start("hel", "Upload-Length", "5"),
			streamed(declined("of more than the length", "PATCH", "{up}", appending("3", "?0", "Content-Digest", digest256("lo!")), "lo!", 400, "length-mismatch", inconsistent)),
			{method: "HEAD", path: "{up}", as: "ana", header: fields(), status: 410},
		},
		"R16 two dialects": {
			start("hello", "Upload-Length", "5"),
			{name: "of neither", method: "HEAD", path: "{up}", as: "ana", status: 200, wantHeader: map[string]string{"Upload-Offset": "5", "Upload-Length": "5", "Upload-Complete": "?0", "Upload-Limit": testLimit, "Tus-Resumable": "1.0.0", "Upload-Expires": "*"}},
			{name: "of neither, by GET", method: "GET", path: "{up}", as: "ana", status: 200, wantHeader: map[string]string{"Upload-Offset": "5", "Upload-Complete": "?0", "Upload-Limit": testLimit}},
			refused("asked by tus", "HEAD", "{up}", tusHeader(), "", 403, "forbidden"),
			refused("added to by tus", "PATCH", "{up}", patchHeader("5"), "", 403, "forbidden"),
			{name: "in parts", method: "POST", path: "/v1/shares/{share:up}/parts", as: "ana", body: `{"count":1}`, status: 403, code: "forbidden"},
			stands("5", "?0", "5"), last("5", "", "hello"),
			create("5"),
			declined("asked otherwise", "HEAD", "{up}", fields(), "", 403, "forbidden", ""),
			declined("added to otherwise", "PATCH", "{up}", appending("0", "?1"), "hello", 403, "forbidden", ""),
			{name: "of neither", method: "HEAD", path: "{up}", as: "ana", status: 200, wantHeader: map[string]string{"Upload-Offset": "0", "Upload-Complete": "?0"}},
			{name: "all in one", method: "POST", path: "/uploads", as: "ana", header: fields("Tus-Resumable", "1.0.0", "Upload-Complete", "?1", "Upload-Length", "5"), status: 201, wantHeader: map[string]string{"Upload-Complete": "-", "Upload-Expires": "*"}, save: map[string]string{"up": "Location"}},
			patch("0", "hello", "5"),
			{name: "complete for both", method: "HEAD", path: "{up}", as: "ana", status: 200, wantHeader: map[string]string{"Upload-Complete": "?1"}},
		},
		"one key, one upload": {
			start("", "Idempotency-Key", "k"), more("0", "hel", "3"),
			{name: "again", method: "POST", path: "/uploads", as: "ana", header: fields("Upload-Complete", "?0", "Idempotency-Key", "k"), status: 201, wantHeader: map[string]string{"Location": "{up}", "Upload-Offset": "3"}},
			{name: "again, with bytes", method: "POST", path: "/uploads", as: "ana", header: fields("Upload-Complete", "?0", "Idempotency-Key", "k"), body: "hel", status: 409, code: "offset-mismatch", kind: mismatching,
				wantHeader: map[string]string{"Location": "{up}", "Upload-Offset": "3", "Upload-Complete": "?0"}},
			refused("by tus", "POST", "/uploads", tusHeader("Upload-Defer-Length", "1", "Idempotency-Key", "k"), "", 422, "key-reused"),
			last("3", "lo", "hello"),
			{name: "when it is complete", method: "POST", path: "/uploads", as: "ana", header: fields("Upload-Complete", "?0", "Idempotency-Key", "k"), body: "hel", status: 200, wantHeader: map[string]string{"Upload-Complete": "?1"}},
		},
	}
	for name, steps := range tables {
		t.Run(name, func(t *testing.T) {
			rig := newRig(t)
			rig.run(t, rig.fill(steps))
		})
	}
}
