package server_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
)

// The rows carry the numbers of the tus checklist that the project follows
// (docs/protocol.md, section 5): T1 is the version, T2 OPTIONS, and so on.

func tusHeader(pairs ...string) map[string]string {
	header := map[string]string{"Tus-Resumable": "1.0.0"}
	for i := 0; i < len(pairs); i += 2 {
		header[pairs[i]] = pairs[i+1]
	}
	return header
}

func patchHeader(offset string, pairs ...string) map[string]string {
	return tusHeader(append([]string{"Upload-Offset", offset, "Content-Type", "application/offset+octet-stream"}, pairs...)...)
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func sum1(s string) string {
	sum := sha1.Sum([]byte(s))
	return "sha1 " + base64.StdEncoding.EncodeToString(sum[:])
}

func sum256(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256 " + base64.StdEncoding.EncodeToString(sum[:])
}

// create is a creation by Ana; Location is saved as {up}.
func create(length string, pairs ...string) step {
	return step{
		name: "create " + length, method: "POST", path: "/uploads", as: "ana",
		header: tusHeader(append([]string{"Upload-Length", length}, pairs...)...),
		status: 201, wantHeader: map[string]string{"Location": "*", "Tus-Resumable": "1.0.0", "Upload-Expires": expiry(length)}, save: map[string]string{"up": "Location"},
	}
}

// expiry is whether a new upload has a time by which it must go on: one of no
// bytes is complete.
func expiry(length string) string {
	if length == "0" {
		return "-"
	}
	return "*"
}

func head(offset string) step {
	return step{
		name: "head at " + offset, method: "HEAD", path: "{up}", as: "ana", header: tusHeader(),
		status: 200, wantHeader: map[string]string{"Upload-Offset": offset, "Cache-Control": "no-store", "Tus-Resumable": "1.0.0"},
	}
}

func patch(offset, body, after string) step {
	return step{
		name: "patch at " + offset, method: "PATCH", path: "{up}", as: "ana", header: patchHeader(offset), body: body,
		status: 204, wantHeader: map[string]string{"Upload-Offset": after},
	}
}

func refused(name, method, path string, header map[string]string, body string, status int, code string) step {
	return step{
		name: name, method: method, path: path, as: "ana", header: header, body: body, status: status, code: code,
		wantHeader: map[string]string{"Tus-Resumable": "1.0.0"},
	}
}

func TestTus(t *testing.T) {
	meta := "filename " + b64("hello.txt") + ",filetype " + b64("text/plain")
	tables := map[string][]step{
		"T1 the version": {
			refused("none", "POST", "/uploads", map[string]string{"Upload-Length": "5"}, "", 412, "unsupported-tus-version"),
			refused("another", "POST", "/uploads", map[string]string{"Upload-Length": "5", "Tus-Resumable": "0.2.2"}, "", 412, "unsupported-tus-version"),
			{method: "POST", path: "/uploads", as: "ana", header: map[string]string{"Tus-Resumable": "2"}, status: 412, code: "unsupported-tus-version", wantHeader: map[string]string{"Tus-Version": "1.0.0"}},
			create("5"),
			refused("an append of none", "PATCH", "{up}", map[string]string{"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}, "hello", 412, "unsupported-tus-version"),
			refused("an end of another", "DELETE", "{up}", map[string]string{"Tus-Resumable": "1.0.1"}, "", 412, "unsupported-tus-version"),
			{name: "a question of none", method: "HEAD", path: "{up}", as: "ana", status: 200, wantHeader: map[string]string{"Upload-Offset": "0", "Tus-Resumable": "1.0.0"}},
			refused("no such method", "PUT", "{up}", tusHeader(), "", 405, "method-not-allowed"),
			refused("nothing to get", "GET", "{up}", tusHeader(), "", 404, "not-found"),
			refused("nor here", "PUT", "/uploads", tusHeader(), "", 405, "method-not-allowed"),
			refused("nothing to make below", "POST", "/uploads/", tusHeader("Upload-Length", "5"), "", 405, "method-not-allowed"),
			refused("nor below an upload", "PATCH", "{up}/0", patchHeader("0"), "hello", 405, "method-not-allowed"),
			{name: "nor by a preflight", method: "OPTIONS", path: "{up}/0", status: 200, wantHeader: map[string]string{"Tus-Resumable": "1.0.0"}},
			{name: "without a token", method: "HEAD", path: "{up}", status: 401, wantHeader: map[string]string{"Tus-Resumable": "1.0.0"}},
			{name: "beside them", method: "GET", path: "/uploadsx", status: 404, code: "not-found", wantHeader: map[string]string{"Tus-Resumable": "-"}},
		},
		"T2 OPTIONS": {
			{method: "OPTIONS", path: "/uploads", status: 200, wantHeader: map[string]string{
				"Tus-Version": "1.0.0", "Tus-Resumable": "1.0.0", "Tus-Max-Size": "1048576", "Tus-Checksum-Algorithm": "sha1,sha256",
				"Tus-Extension": "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation",
			}},
			{method: "OPTIONS", path: "/uploads", header: map[string]string{"Tus-Resumable": "0.1"}, status: 200, wantHeader: map[string]string{"Tus-Version": "1.0.0"}},
			{name: "preflight", method: "OPTIONS", path: "/uploads/x", header: map[string]string{
				"Origin": "https://app.example", "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization,tus-resumable,upload-offset",
			}, status: 200, wantHeader: map[string]string{"Access-Control-Allow-Origin": "https://app.example", "Access-Control-Allow-Methods": "PATCH", "Access-Control-Allow-Credentials": "-"}},
			{name: "preflight of a stranger", method: "OPTIONS", path: "/uploads/x", header: map[string]string{
				"Origin": "https://evil.example", "Access-Control-Request-Method": "PATCH",
			}, status: 200, wantHeader: map[string]string{"Access-Control-Allow-Origin": "-"}},
		},
		"T3 integers": {
			refused("signed", "POST", "/uploads", tusHeader("Upload-Length", "+1"), "", 400, "invalid-request"),
			refused("negative", "POST", "/uploads", tusHeader("Upload-Length", "-0"), "", 400, "invalid-request"),
			refused("exponent", "POST", "/uploads", tusHeader("Upload-Length", "1e3"), "", 400, "invalid-request"),
			refused("too large for 63 bits", "POST", "/uploads", tusHeader("Upload-Length", "9223372036854775808"), "", 400, "invalid-request"),
			refused("empty", "POST", "/uploads", tusHeader("Upload-Length", ""), "", 400, "invalid-request"),
			refused("twice", "POST", "/uploads", tusHeader("Upload-Length", "5\n5"), "", 400, "invalid-request"),
			create("5"),
			refused("a signed offset", "PATCH", "{up}", patchHeader("+0"), "hello", 400, "invalid-request"),
			refused("a negative offset", "PATCH", "{up}", patchHeader("-0"), "hello", 400, "invalid-request"),
			refused("an empty offset", "PATCH", "{up}", patchHeader(""), "hello", 400, "invalid-request"),
			refused("two offsets", "PATCH", "{up}", patchHeader("0\n0"), "hello", 400, "invalid-request"),
			refused("an offset of 64 bits", "PATCH", "{up}", patchHeader("18446744073709551616"), "hello", 400, "invalid-request"),
			refused("a length that is none", "PATCH", "{up}", patchHeader("0", "Upload-Length", "5.0"), "hello", 400, "invalid-request"),
			head("0"),
			refused("2^62", "POST", "/uploads", tusHeader("Upload-Length", "4611686018427387904"), "", 413, "file-too-large"),
		},
		"T4 method override": {
			create("5"),
			{method: "POST", path: "{up}", as: "ana", header: patchHeader("0", "X-HTTP-Method-Override", "PATCH"), body: "hello", status: 204, wantHeader: map[string]string{"Upload-Offset": "5"}},
			{name: "only POST means another", method: "HEAD", path: "{up}", as: "ana", header: tusHeader("X-HTTP-Method-Override", "DELETE"), status: 200, wantHeader: map[string]string{"Upload-Offset": "5"}},
			{method: "POST", path: "{up}", as: "ana", header: tusHeader("X-HTTP-Method-Override", "DELETE"), status: 204},
			{method: "HEAD", path: "{up}", as: "ana", header: tusHeader("X-HTTP-Method-Override", "DELETE"), status: 410},
			{name: "HEAD by POST is answered whole", method: "POST", path: "/uploads/sh_aaaaaaaaaaaaaaaaaaaaaaaaaa", as: "ana", header: tusHeader("X-HTTP-Method-Override", "HEAD"), status: 404, code: "share-not-found"},
			{name: "an unknown method creates nothing", method: "POST", path: "/uploads", as: "ana", header: tusHeader("X-HTTP-Method-Override", "PUT", "Upload-Length", "5"), status: 405, code: "method-not-allowed"},
		},
		"T5 HEAD": {
			create("5", "Upload-Metadata", meta),
			{method: "HEAD", path: "{up}", as: "ana", header: tusHeader(), status: 200, wantHeader: map[string]string{
				"Upload-Offset": "0", "Upload-Length": "5", "Upload-Metadata": meta, "Cache-Control": "no-store", "Upload-Defer-Length": "-", "Upload-Expires": "*",
			}},
			patch("0", "hello", "5"),
			{name: "when complete", method: "HEAD", path: "{up}", as: "ana", header: tusHeader(), status: 200, wantHeader: map[string]string{"Upload-Offset": "5", "Upload-Length": "5", "Upload-Expires": "-"}},
			{name: "unknown", method: "HEAD", path: "/uploads/sh_aaaaaaaaaaaaaaaaaaaaaaaaaa", as: "ana", header: tusHeader(), status: 404, wantHeader: map[string]string{"Upload-Offset": "-"}},
			{name: "malformed", method: "HEAD", path: "/uploads/..%2f..%2fhandout.db", as: "ana", header: tusHeader(), status: 404},
			{name: "of another participant", method: "HEAD", path: "{up}", as: "ben", header: tusHeader(), status: 403, wantHeader: map[string]string{"Upload-Offset": "-"}},
			{name: "of another room", method: "HEAD", path: "{up}", as: "zoe", header: tusHeader(), status: 404},
		},
		"T6 PATCH": {
			create("5"),
			refused("media type", "PATCH", "{up}", tusHeader("Upload-Offset", "0", "Content-Type", "text/plain"), "hello", 415, "unsupported-media-type"),
			refused("no offset", "PATCH", "{up}", tusHeader("Content-Type", "application/offset+octet-stream"), "hello", 400, "invalid-request"),
			refused("wrong offset", "PATCH", "{up}", patchHeader("1"), "ello", 409, "offset-mismatch"),
			head("0"),
			refused("unknown", "PATCH", "/uploads/sh_aaaaaaaaaaaaaaaaaaaaaaaaaa", patchHeader("0"), "hello", 404, "share-not-found"),
			patch("0", "he", "2"), patch("2", "llo", "5"), head("5"),
		},
		"T7 never past the length": {
			create("5"),
			refused("declared", "PATCH", "{up}", patchHeader("0"), "hello!", 413, "request-too-large"),
			head("0"), patch("0", "he", "2"),
			{name: "cut", method: "PATCH", path: "{up}", as: "ana", header: patchHeader("2"), body: "llo, and more", stream: true, status: 204, wantHeader: map[string]string{"Upload-Offset": "5"}},
			head("5"),
			{method: "GET", path: "{content}", as: "ana", status: 200, wantBody: "hello"},
		},
		"T8 a repeated last append": {
			create("5"), patch("0", "hello", "5"), patch("5", "", "5"), head("5"),
			{name: "it is complete once", method: "GET", path: "/v1/rooms/{room}/shares", as: "ana", status: 200, wantHas: `"rev":2`},
			refused("with bytes", "PATCH", "{up}", patchHeader("0"), "hello", 409, "offset-mismatch"),
		},
		"T10 creation": {
			refused("no length", "POST", "/uploads", tusHeader(), "", 400, "invalid-request"),
			refused("both lengths", "POST", "/uploads", tusHeader("Upload-Length", "1", "Upload-Defer-Length", "1"), "", 400, "invalid-request"),
			refused("bad defer", "POST", "/uploads", tusHeader("Upload-Defer-Length", "2"), "", 400, "invalid-request"),
			refused("over the limit", "POST", "/uploads", tusHeader("Upload-Length", "1048577"), "", 413, "file-too-large"),
			{name: "a host that is not ours", method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Length", "5", "X-Forwarded-Host", "evil.example"), status: 201, wantHeader: map[string]string{"Location": "/uploads/*"}},
			create("0"), head("0"),
			{name: "zero bytes are complete", method: "GET", path: "/v1/rooms/{room}/shares", as: "ana", status: 200, wantHas: `"state":"available"`},
			{name: "no token", method: "POST", path: "/uploads", header: tusHeader("Upload-Length", "5"), status: 401, code: "unauthenticated"},
			{name: "a viewer", method: "POST", path: "/uploads", as: "vic", header: tusHeader("Upload-Length", "5"), status: 403, code: "forbidden"},
		},
		"T11 metadata": {
			refused("empty key", "POST", "/uploads", tusHeader("Upload-Length", "1", "Upload-Metadata", "a aGk=,"), "", 400, "invalid-request"),
			refused("key twice", "POST", "/uploads", tusHeader("Upload-Length", "1", "Upload-Metadata", "a aGk=,a aGk="), "", 400, "invalid-request"),
			refused("not base64", "POST", "/uploads", tusHeader("Upload-Length", "1", "Upload-Metadata", "filename %%%"), "", 400, "invalid-request"),
			refused("too large", "POST", "/uploads", tusHeader("Upload-Length", "1", "Upload-Metadata", "a "+b64(strings.Repeat("x", 7000))), "", 413, "request-too-large"),
			refused("too many keys", "POST", "/uploads", tusHeader("Upload-Length", "1", "Upload-Metadata", manyKeys(33)), "", 400, "invalid-request"),
			refused("a key beyond ASCII", "POST", "/uploads", tusHeader("Upload-Length", "1", "Upload-Metadata", "näme aGk="), "", 400, "invalid-request"),
			refused("two values", "POST", "/uploads", tusHeader("Upload-Length", "1", "Upload-Metadata", "a aGk= aGk="), "", 400, "invalid-request"),
			create("5", "Upload-Metadata", "is_confidential,filename "+b64("../../x\r\nSet-Cookie: a=b")),
			{method: "HEAD", path: "{up}", as: "ana", header: tusHeader(), status: 200, wantHeader: map[string]string{"Upload-Metadata": "is_confidential,filename " + b64("../../x\r\nSet-Cookie: a=b"), "Set-Cookie": "-"}},
			{method: "GET", path: "/v1/rooms/{room}/shares", as: "ben", status: 200, wantHas: `"name":"xSet-Cookie: a=b"`},
			{name: "an unknown recipient", method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Length", "5", "Upload-Metadata", "to "+b64("pt_nobody")), status: 422, code: "unknown-recipient"},
			{name: "an empty list", method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Length", "5", "Upload-Metadata", "to"), status: 422, code: "empty-list"},
		},
		"T12 deferred length": {
			{method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Defer-Length", "1"), status: 201, save: map[string]string{"up": "Location"}},
			{method: "HEAD", path: "{up}", as: "ana", header: tusHeader(), status: 200, wantHeader: map[string]string{"Upload-Defer-Length": "1", "Upload-Length": "-", "Upload-Offset": "0"}},
			patch("0", "hel", "3"),
			refused("below the offset", "PATCH", "{up}", patchHeader("3", "Upload-Length", "2"), "", 409, "length-mismatch"),
			{method: "PATCH", path: "{up}", as: "ana", header: patchHeader("3", "Upload-Length", "5"), body: "l", status: 204, wantHeader: map[string]string{"Upload-Offset": "4"}},
			refused("changed", "PATCH", "{up}", patchHeader("4", "Upload-Length", "6"), "o", 409, "length-mismatch"),
			patch("4", "o", "5"),
			{method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Defer-Length", "1"), status: 201, save: map[string]string{"up": "Location"}},
			patch("0", "hello", "5"),
			refused("over the limit", "PATCH", "{up}", patchHeader("5", "Upload-Length", "1048577"), "", 413, "file-too-large"),
			{name: "said when all is there", method: "PATCH", path: "{up}", as: "ana", header: patchHeader("5", "Upload-Length", "5"), status: 204, wantHeader: map[string]string{"Upload-Offset": "5", "Upload-Expires": "-"}},
			{method: "GET", path: "{content}", as: "ana", status: 200, wantBody: "hello"},
		},
		"T13 creation with upload": {
			{method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Length", "5", "Content-Type", "application/offset+octet-stream"), body: "hel", status: 201, wantHeader: map[string]string{"Upload-Offset": "3", "Upload-Expires": "*"}, save: map[string]string{"up": "Location"}},
			head("3"), patch("3", "lo", "5"),
			{name: "another media type is no data", method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Length", "5", "Content-Type", "text/plain"), body: "hel", status: 201, save: map[string]string{"up": "Location"}},
			head("0"),
			refused("body beyond the length", "POST", "/uploads", tusHeader("Upload-Length", "2", "Content-Type", "application/offset+octet-stream"), "hello", 413, "request-too-large"),
			{name: "all of it", method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Length", "5", "Content-Type", "application/offset+octet-stream"), body: "hello", status: 201, wantHeader: map[string]string{"Upload-Offset": "5", "Upload-Expires": "-"}, save: map[string]string{"up": "Location"}},
			{method: "GET", path: "{content}", as: "ana", status: 200, wantBody: "hello"},
			{name: "a checksum that differs", method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Length", "5", "Content-Type", "application/offset+octet-stream", "Upload-Checksum", sum1("other")), body: "hello", status: 460, code: "checksum-mismatch", wantHeader: map[string]string{"Location": "/uploads/*"}, save: map[string]string{"up": "Location"}},
			head("0"),
		},
		"T14 expiration": {
			create("5"),
			{method: "PATCH", path: "{up}", as: "ana", header: patchHeader("0"), body: "h", status: 204, wantHeader: map[string]string{"Upload-Expires": "*"}},
			{method: "PATCH", path: "{up}", as: "ana", header: patchHeader("1"), body: "ello", status: 204, wantHeader: map[string]string{"Upload-Expires": "-"}},
		},
		"T15 checksum": {
			create("10"),
			{name: "sha1", method: "PATCH", path: "{up}", as: "ana", header: patchHeader("0", "Upload-Checksum", sum1("hello")), body: "hello", status: 204, wantHeader: map[string]string{"Upload-Offset": "5"}},
			refused("mismatch", "PATCH", "{up}", patchHeader("5", "Upload-Checksum", sum256("world")), "w0rld", 460, "checksum-mismatch"),
			head("5"),
			refused("unknown algorithm", "PATCH", "{up}", patchHeader("5", "Upload-Checksum", "crc32 "+b64("1234")), "world", 400, "invalid-request"),
			refused("bad base64", "PATCH", "{up}", patchHeader("5", "Upload-Checksum", "sha1 %%"), "world", 400, "invalid-request"),
			refused("wrong length", "PATCH", "{up}", patchHeader("5", "Upload-Checksum", "sha1 "+b64("short")), "world", 400, "invalid-request"),
			head("5"),
			{name: "sha256", method: "PATCH", path: "{up}", as: "ana", header: patchHeader("5", "Upload-Checksum", sum256("world")), body: "world", status: 204, wantHeader: map[string]string{"Upload-Offset": "10"}},
		},
		"T17 termination": {
			create("5"),
			{method: "DELETE", path: "{up}", as: "ben", header: tusHeader(), status: 403, code: "forbidden"},
			{method: "DELETE", path: "{up}", as: "ana", header: tusHeader(), status: 204},
			{method: "HEAD", path: "{up}", as: "ana", header: tusHeader(), status: 410, wantHeader: map[string]string{"Upload-Offset": "-"}},
			refused("after the end", "PATCH", "{up}", patchHeader("0"), "hello", 410, "share-ended"),
			refused("again", "DELETE", "{up}", tusHeader(), "", 410, "share-ended"),
			create("5"), patch("0", "hello", "5"),
			{name: "of what is complete", method: "DELETE", path: "{up}", as: "ana", header: tusHeader(), status: 204},
			{name: "revokes it", method: "GET", path: "{content}", as: "ana", status: 410, code: "share-ended"},
		},
		"T19 other origins": {
			{method: "HEAD", path: "/uploads/sh_aaaaaaaaaaaaaaaaaaaaaaaaaa", as: "ana", header: tusHeader("Origin", "https://app.example"), status: 404, wantHeader: map[string]string{
				"Access-Control-Allow-Origin": "https://app.example", "Access-Control-Allow-Credentials": "-",
				"Access-Control-Expose-Headers": "Upload-Offset, Location, Upload-Length, Tus-Version, Tus-Resumable, Tus-Max-Size, Tus-Extension, Tus-Checksum-Algorithm, Upload-Metadata, Upload-Defer-Length, Upload-Concat, Upload-Expires, Upload-Complete, Upload-Limit, Upload-Draft-Interop-Version, Etag, Content-Range, Content-Disposition, Accept-Ranges, Repr-Digest, Retry-After",
			}},
		},
	}
	for name, steps := range tables {
		t.Run(name, func(t *testing.T) {
			rig := newRig(t)
			for i := range steps {
				steps[i].path = strings.ReplaceAll(steps[i].path, "{room}", string(rig.room))
			}
			rig.run(t, steps)
		})
	}
}

// manyKeys is a metadata header of so many keys.
func manyKeys(n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = "k" + itoa(i)
	}
	return strings.Join(keys, ",")
}
