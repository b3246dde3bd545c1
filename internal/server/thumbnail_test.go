package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/protocol"
)

const aPicture = "\x89PNG\r\n\x1a\n and more"

// offerOf is a request of Ana's for shares; files is their JSON.
func offerOf(name, files string, status int, code string) step {
	return step{
		name: name, method: "POST", path: "/v1/rooms/{room}/shares", as: "ana", body: `{"files": [` + files + `], "to": ["ben"]}`, status: status, code: code,
		save: map[string]string{},
	}
}

func asks(name, as, path string, status int, code string) step {
	return step{name: name, method: "GET", path: path, as: as, status: status, code: code}
}

func TestFilesInFolders(t *testing.T) {
	listed := func(as, has string) step {
		return step{name: as + " reads the list", method: "GET", path: "/v1/rooms/{room}/shares", as: as, status: 200, wantHas: has}
	}
	path := func(path string, status int, code string) step {
		return offerOf("path "+path, `{"name": "a.txt", "size": 5, "path": "`+path+`"}`, status, code)
	}
	tus := func(relative string, status int, code string) step {
		return step{
			name: "relativePath " + relative, method: "POST", path: "/uploads", as: "ana", status: status, code: code,
			header: tusHeader("Upload-Length", "5", "Upload-Metadata", "filename "+b64("a.txt")+",relativePath "+b64(relative)), save: map[string]string{},
		}
	}
	cleaned := path(` photos\u202e /2024`, 201, "")
	cleaned.wantHas = `"name":"a.txt","path":"photos/2024"`
	uppy := tus("/photos/2024/a.txt", 201, "")
	uppy.save["up"] = "Location"
	for name, steps := range map[string][]step{
		"they say where they lie":   {cleaned, listed("ana", `"path":"photos/2024"`), listed("ben", `"path":"photos/2024"`)},
		"by tus, as Uppy says it":   {uppy, listed("ben", `"path":"photos/2024"`), head("0"), tus("null", 201, ""), tus("a.txt", 201, "")},
		"the saved file is without": {uppy, patch("0", "hello", "5"), {method: "GET", path: "{content}", as: "ben", status: 200, wantHeader: map[string]string{"Content-Disposition": `attachment; filename="a.txt"; filename*=UTF-8''a.txt`}}},
		"a bad one makes nothing": {
			path("../x", 400, "invalid-request"), path("/x", 400, "invalid-request"), path("a//b", 400, "invalid-request"), path(strings.Repeat("a/", 32)+"a", 400, "invalid-request"),
			path(strings.Repeat("x", 200)+"/"+strings.Repeat("x", 200)+"/"+strings.Repeat("x", 200), 400, "invalid-request"),
			offerOf("one of two", `{"name": "a", "size": 5}, {"name": "b", "size": 5, "path": ".."}`, 400, "invalid-request"),
			tus("a/../b/c", 400, "invalid-request"), tus("//etc/passwd", 400, "invalid-request"), listed("ana", `"shares":[]`),
		},
	} {
		t.Run(name, func(t *testing.T) {
			rig := newRig(t)
			rig.run(t, rig.fill(steps))
		})
	}
}

func TestThumbnails(t *testing.T) {
	large := b64(strings.Repeat("x", protocol.MaxThumbnailBytes+1))
	picture := func(thumbnail string) string {
		return `{"name": "a.png", "size": 5, "thumbnail": "` + thumbnail + `"}`
	}
	offered := offerOf("offered", picture(b64(aPicture))+`, {"name": "b", "size": 5}`, 201, "")
	offered.save["id"], offered.save["bare"] = ".shares.0.id", ".shares.1.id"
	at := "/v1/shares/{id}/thumbnail"
	shown := step{method: "GET", path: at, as: "ben", status: 200, wantBody: aPicture, wantHeader: map[string]string{
		"Content-Type": "image/png", "ETag": `"thumbnail-{id}"`, "Cache-Control": "private, no-cache", "Vary": "*", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "sandbox; default-src 'none'", "Cross-Origin-Resource-Policy": "same-origin", "Content-Length": itoa(len(aPicture)),
	}}
	hides := func(what string) step {
		return step{name: "the list of " + what, method: "GET", path: "/v1/rooms/{room}/shares", as: "ben", status: 200, wantHas: `"to":["ben"],"thumbnail":true`}
	}
	meta := tusHeader("Upload-Length", "5", "Upload-Metadata", "thumbnail "+b64(aPicture)+",filename "+b64("a.png"))
	create := func(header map[string]string, body string) step {
		return step{method: "POST", path: "/uploads", as: "ana", header: header, body: body, status: 201, save: map[string]string{"up": "Location"}}
	}
	tusThumbnail := func(name, encoded string, status int, code string) step {
		return step{name: name, method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Length", "5", "Upload-Metadata", "thumbnail "+encoded), status: status, code: code}
	}
	whole := tusHeader("Upload-Length", "5", "Content-Type", "application/offset+octet-stream", "Upload-Metadata", meta["Upload-Metadata"])
	for name, steps := range map[string][]step{
		"who may download may see it": {
			offered, shown, hides("shares"),
			{name: "asked again", method: "GET", path: at, as: "ben", header: map[string]string{"If-None-Match": `"thumbnail-{id}"`}, status: 304},
			{name: "its head", method: "HEAD", path: at, as: "ana", status: 200, wantHeader: map[string]string{"Content-Length": itoa(len(aPicture))}},
			{name: "no part of it", method: "GET", path: at, as: "ana", header: map[string]string{"Range": "bytes=0-1"}, status: 200, wantBody: aPicture},
			asks("another participant", "cleo", at, 404, "share-not-found"), asks("a moderator who is no recipient", "mod", at, 404, "share-not-found"),
			asks("somebody elsewhere", "zoe", at, 404, "share-not-found"), asks("no token", "", at, 401, "unauthenticated"),
			asks("a share without one", "ben", "/v1/shares/{bare}/thumbnail", 404, "not-found"),
		},
		"it goes with its share": {
			offered, {method: "DELETE", path: "/v1/shares/{id}", as: "ana", status: 204}, asks("a share that has ended", "ben", at, 410, "share-ended"),
			{method: "GET", path: "/v1/shares/{id}", as: "ben", status: 200, wantHas: `"to":["ben"],"createdAt"`},
		},
		"by tus": {
			create(meta, ""), {method: "HEAD", path: "{up}", as: "ana", header: tusHeader(), status: 200, wantHeader: map[string]string{"Upload-Metadata": "filename " + b64("a.png")}},
			{method: "GET", path: "{thumbnail}", as: "ben", status: 200, wantBody: aPicture},
		},
		"by tus, with all bytes": {create(whole, "hello"), {method: "GET", path: "{thumbnail}", as: "ben", status: 200, wantBody: aPicture}},
		"a part has none":        {create(tusHeader("Upload-Length", "5", "Upload-Concat", "partial", "Upload-Metadata", meta["Upload-Metadata"]+",relativePath "+b64("../x")), ""), asks("of a part", "ana", "{thumbnail}", 404, "share-not-found")},
		"a bad one makes nothing": {
			offerOf("too large", picture(large), 413, "request-too-large"), offerOf("no picture", picture(b64("<svg>")), 415, "unsupported-media-type"),
			offerOf("no base64", picture("%%%"), 400, "invalid-request"),
			offerOf("too many", strings.Repeat(picture(b64(aPicture+strings.Repeat("x", 16000)))+",", 8)+picture(b64(aPicture+strings.Repeat("x", 16000))), 413, "request-too-large"),
			tusThumbnail("too large by tus", large, 413, "request-too-large"), tusThumbnail("much too large by tus", b64(strings.Repeat("x", 26<<10)), 413, "request-too-large"),
			tusThumbnail("no picture by tus", b64("hello"), 415, "unsupported-media-type"), tusThumbnail("no base64 by tus", "%%%", 400, "invalid-request"),
			tusThumbnail("twice by tus", b64(aPicture)+",thumbnail "+b64(aPicture), 400, "invalid-request"),
			{method: "GET", path: "/v1/rooms/{room}/shares", as: "ana", status: 200, wantHas: `"shares":[]`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			rig := newRig(t)
			rig.run(t, rig.fill(steps))
		})
	}
}

// TestAnOfferWithThumbnailsMadeAgain: what it asked for is the same only with the
// same pictures.
func TestAnOfferWithThumbnailsMadeAgain(t *testing.T) {
	offer := func(name, thumbnail string, status int, code string) step {
		s := offerOf(name, `{"name": "a", "size": 5, "thumbnail": "`+b64(thumbnail)+`"}`, status, code)
		s.header = map[string]string{"Idempotency-Key": "k"}
		return s
	}
	first := offer("first", aPicture, http.StatusCreated, "")
	first.save["id"] = ".shares.0.id"
	again := offer("again", aPicture, http.StatusCreated, "")
	again.wantHas = `"id":"{id}"`
	rig := newRig(t)
	rig.run(t, rig.fill([]step{first, again, offer("another picture", aPicture+"!", 422, "key-reused")}))
}
