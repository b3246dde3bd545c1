package server_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/internal/limit"
	"github.com/handout-rtc/handout/internal/server"
	"github.com/handout-rtc/handout/token"
)

// basic is the header of an application.
func basic(app, key string) string { return "Basic " + b64(app+":"+key) }

var theApp = basic("app", testKey)

// asApp adds the application's credentials to steps that have none.
func asApp(steps []step) []step {
	for i, s := range steps {
		header := map[string]string{}
		if s.as == "" {
			header["Authorization"] = theApp
		}
		for name, value := range s.header {
			header[name] = value
		}
		steps[i].header = header
	}
	return steps
}

// twoApps has an application beside the rig's, which has no room.
func twoApps(b *build) {
	b.Keys = token.NewRing(token.Keys{"app": {[]byte(testKey)}, "other": {[]byte("the-key-of-the-other")}})
}

// TestTheApplicationSharesInItsRoom: in every way that a participant can, and
// recipients see a file like any other, from a sender that is nobody in the room.
func TestTheApplicationSharesInItsRoom(t *testing.T) {
	r := newRig(t)
	pushed := `{"id":"@operator","name":"Front desk"}`
	r.run(t, r.fill(asApp([]step{
		{name: "push", method: "POST", path: "/uploads?room={room}&senderName=%20Front%20desk&userRef=u-ben&to=cleo&name=a.txt", body: "hello",
			header: map[string]string{"Content-Type": "text/plain"}, status: 200, wantHas: `"sender":` + pushed, save: map[string]string{"id": ".id"},
			wantHeader: map[string]string{"Repr-Digest": "sha-256=*", "Location": "/uploads/*"}},
		{name: "its recipients", method: "GET", path: "/v1/shares/{id}", status: 200, wantHas: `"to":["cleo","ben"]`},
		{name: "as one of them sees it", method: "GET", path: "/v1/shares/{id}", as: "ben", status: 200, wantHas: `"to":["ben"]`},
		{method: "GET", path: "/v1/shares/{id}/content", as: "ben", status: 200, wantBody: "hello"},
		{name: "somebody else", method: "GET", path: "/v1/shares/{id}", as: "ana", status: 404, code: "share-not-found"},
		{name: "who has it", method: "GET", path: "/v1/shares/{id}/receipts", status: 200, wantHas: `"participant":"cleo"`},

		{name: "of a name by default", method: "POST", path: "/uploads?room={room}", body: "hello", header: map[string]string{"Content-Disposition": `attachment; filename="b.txt"`},
			status: 200, wantHas: `"sender":{"id":"@operator","name":"app"},"to":"room"`, save: map[string]string{"all": ".id"}},
		{name: "to all", method: "GET", path: "/v1/rooms/{room}/shares", as: "vic", status: 200, wantHas: `"id":"{all}"`},

		{name: "by tus", method: "POST", path: "/uploads?room={room}&userRef=u-ben&senderName=Desk", status: 201,
			header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "5"}, save: map[string]string{"upload": "Location"}},
		{name: "by tus, on", method: "PATCH", path: "{upload}", body: "hel", status: 204,
			header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}},
		{name: "by tus, where", method: "HEAD", path: "{upload}", status: 200, header: map[string]string{"Tus-Resumable": "1.0.0"}, wantHeader: map[string]string{"Upload-Offset": "3"}},
		{name: "not by a participant", method: "HEAD", path: "{upload}", as: "ben", status: 403, header: map[string]string{"Tus-Resumable": "1.0.0"}},
		{name: "by tus, to the end", method: "PATCH", path: "{upload}", body: "lo", status: 204,
			header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Offset": "3", "Content-Type": "application/offset+octet-stream"}},
		{method: "GET", path: "{content}", as: "ben", status: 200, wantBody: "hello"},

		{name: "offered first", method: "POST", path: "/v1/rooms/{room}/shares", body: `{"files":[{"name":"c","size":3}],"senderName":"Desk","toUserRefs":["u-ben"]}`,
			status: 201, wantHas: `"name":"Desk"},"to":["ben"]`, save: map[string]string{"offered": ".shares.0.id"}},
		{name: "taken back", method: "DELETE", path: "/v1/shares/{offered}", status: 204},
		{name: "by its own will", method: "GET", path: "/v1/shares/{offered}", as: "ben", status: 200, wantHas: `"state":"cancelled","sender"`},
	})))
}

// TestTheApplicationReachesWhatIsShared: downloads, tickets, ends, lists.
func TestTheApplicationReachesWhatIsShared(t *testing.T) {
	r := newRig(t)
	r.run(t, r.fill(asApp([]step{
		{name: "Ana shares with Ben", method: "POST", path: "/uploads", as: "ana", body: "hello world", status: 201, save: map[string]string{"upload": "Location"},
			header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "11", "Content-Type": "application/offset+octet-stream", "Upload-Metadata": "to YmVu"}},
		{method: "GET", path: "{content}", status: 200, wantBody: "hello world", wantHeader: map[string]string{"Repr-Digest": "sha-256=:uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=:"}},
		{name: "a range", method: "GET", path: "{content}", header: map[string]string{"Range": "bytes=6-"}, status: 206, wantBody: "world"},
		{name: "there is no receipt of it", method: "GET", path: "/v1/shares/{share:upload}/receipts", status: 200, wantHas: `"participant":"ben","name":"ben","state":"offered"`},
		{name: "nor for Ana", method: "GET", path: "/v1/shares/{share:upload}/receipts", as: "ana", status: 200, wantHas: `{"receipts":[{"share":"{share:upload}","participant":"ben"`},
		{method: "POST", path: "/v1/shares/{share:upload}/tickets", status: 201, save: map[string]string{"ticket": ".url"}},
		{method: "GET", path: "{ticket}", as: "forged", status: 200, wantBody: "hello world"},
		{name: "not another's upload", method: "HEAD", path: "{upload}", header: map[string]string{"Tus-Resumable": "1.0.0"}, status: 403},
		{method: "GET", path: "/v1/rooms/{room}/shares", status: 200, wantHas: `"to":["ben"]`},
		{name: "behind all", method: "GET", path: "/v1/rooms/{room}/shares?after=sh_zzz", status: 200, wantBody: "{\"shares\":[]}\n"},
		{method: "DELETE", path: "/v1/shares/{share:upload}", status: 204},
		{method: "GET", path: "/v1/shares/{share:upload}", as: "ben", status: 200, wantHas: `"reason":"moderated"`},
		{method: "GET", path: "{content}", status: 410, code: "share-ended"},
	})))
}

// TestTheApplicationIsRefused where a participant would be, and in no room of its own.
func TestTheApplicationIsRefused(t *testing.T) {
	r := newRig(t, twoApps)
	other := map[string]string{"Authorization": basic("other", "the-key-of-the-other")}
	wrong := map[string]string{"Authorization": basic("app", "wrong")}
	tus := map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
	r.run(t, r.fill(asApp([]step{
		{method: "POST", path: "/uploads?room={room}", body: "hello", status: 200, save: map[string]string{"id": ".id"}},
		{name: "no room", method: "POST", path: "/uploads", body: "x", status: 400, code: "invalid-request"},
		{name: "no room, tus", method: "POST", path: "/uploads", header: tus, status: 400, code: "invalid-request"},
		{name: "no such room", method: "POST", path: "/uploads?room=rm_none", body: "x", status: 404, code: "room-not-found"},
		{name: "nobody is called so", method: "POST", path: "/uploads?room={room}&userRef=nobody", body: "x", status: 422, code: "unknown-recipient"},
		{name: "nobody is called nothing", method: "POST", path: "/uploads?room={room}&userRef=", body: "x", status: 422, code: "unknown-recipient"},
		{name: "to nobody", method: "POST", path: "/uploads?room={room}&to=", body: "x", status: 422, code: "empty-list"},
		{name: "for both", method: "POST", path: "/v1/rooms/{room}/shares", body: `{"files":[{"name":"c","size":3}],"to":"room","toUserRefs":["u-ben"]}`, status: 400, code: "invalid-request"},
		{name: "too large", method: "POST", path: "/uploads?room={room}", body: strings.Repeat("x", 1<<20+1), status: 413, code: "file-too-large"},
		{name: "a draft's version without its mark", method: "POST", path: "/uploads?room={room}", header: map[string]string{"Upload-Draft-Interop-Version": "8"}, body: "x", status: 400, code: "invalid-request"},
		{name: "speaks for nobody", method: "POST", path: "/v1/rooms/{room}/receipts", body: `{"receipts":[]}`, status: 401, code: "unauthenticated"},
		{name: "writes no messages", method: "POST", path: "/v1/rooms/{room}/messages", body: `{}`, status: 401, code: "unauthenticated"},
		{name: "a participant is no application", method: "POST", path: "/v1/rooms/{room}/shares", as: "ana", body: `{"files":[{"name":"c","size":3}],"to":"room","senderName":"The bank"}`,
			status: 201, wantHas: `"sender":{"id":"ana","name":"ana"}`},
		{name: "in no query either", method: "POST", path: "/uploads?to=ben&senderName=The%20bank&userRef=u-cleo", as: "ana", header: map[string]string{"Upload-Complete": "?1"}, body: "x",
			status: 200, wantHas: `"sender":{"id":"ana","name":"ana"},"to":["ben"]`},

		{name: "another's room", method: "POST", path: "/uploads?room={room}", header: other, body: "x", status: 404, code: "room-not-found"},
		{name: "another's list", method: "GET", path: "/v1/rooms/{room}/shares", header: other, status: 404, code: "room-not-found"},
		{name: "another's file", method: "GET", path: "/v1/shares/{id}", header: other, status: 404, code: "share-not-found"},
		{name: "another's bytes", method: "GET", path: "/v1/shares/{id}/content", header: other, status: 404, code: "share-not-found"},
		{name: "another's end", method: "DELETE", path: "/v1/shares/{id}", header: other, status: 404, code: "share-not-found"},
		{name: "a wrong key", method: "GET", path: "/v1/shares/{id}", header: wrong, status: 401, code: "unauthenticated"},
		{name: "a wrong key, tus", method: "POST", path: "/uploads?room={room}", header: wrong, body: "x", status: 401, code: "unauthenticated"},

		{name: "sharing is off for all", method: "PUT", path: "/v1/rooms/{room}", body: `{"sharing":{"off":["moderator","participant","viewer"]}}`, status: 200},
		{name: "not for the application", method: "POST", path: "/uploads?room={room}", body: "hello", status: 200},
		{name: "with its key", method: "POST", path: "/uploads?room={room}", header: map[string]string{"Idempotency-Key": "k"}, body: "hello", status: 200, save: map[string]string{"keyed": ".id"}},
		{name: "again", method: "POST", path: "/uploads?room={room}", header: map[string]string{"Idempotency-Key": "k"}, body: "hello", status: 200, wantHas: `"id":"{keyed}"`},
		{name: "for another", method: "POST", path: "/uploads?room={room}&userRef=u-ben", header: map[string]string{"Idempotency-Key": "k"}, body: "hello", status: 422, code: "key-reused"},
		{name: "of the room that ends", method: "DELETE", path: "/v1/rooms/{room}", status: 200},
		{name: "nothing is left", method: "GET", path: "/v1/shares/{id}", status: 404, code: "share-not-found"},
	})))
}

// TestTheApplicationIsCounted: it has a rate in each room, as a participant has.
func TestTheApplicationIsCounted(t *testing.T) {
	r := newRig(t, func(b *build) {
		b.Asking = server.Asking{Participant: limit.Rate{PerSecond: 1e-6, Burst: 3}}
	})
	for i := range 4 {
		request, err := http.NewRequest(http.MethodGet, fmt.Sprintf("%s/v1/rooms/%s/shares", r.URL, r.room), nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", theApp)
		response, err := r.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if want := map[bool]int{true: 200, false: 429}[i < 3]; response.StatusCode != want {
			t.Errorf("request %d: %s %s", i, response.Status, body)
		}
	}
}
