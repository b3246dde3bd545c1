package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/protocol"
)

// word is one recipient's request about the share {id}.
func word(as, rest string, wantHas string) step {
	return step{
		name: as + " says " + rest, method: "POST", path: "/v1/rooms/{room}/receipts", as: as, status: 200,
		body: `{"receipts": [{"share": "{id}", ` + rest + `}]}`, wantHas: wantHas,
	}
}

func badWords(body string, status int, code string) step {
	return step{name: body[:min(len(body), 60)], method: "POST", path: "/v1/rooms/{room}/receipts", as: "ben", body: body, status: status, code: code}
}

func TestReceipts(t *testing.T) {
	toAll, toBen := offered("hello", `"room"`), offered("hello", `["{ben}"]`)
	ledger := func(as, has string) step {
		return step{name: "ledger for " + as, method: "GET", path: "/v1/shares/{id}/receipts", as: as, status: 200, wantHas: has}
	}
	received := `"state": "received", "sha256": "` + helloSum + `"`
	tables := map[string][]step{
		"from offered to received": append(toAll[:2:2],
			ledger("ana", `"participant":"ben","name":"ben","state":"offered"`),
			word("ben", `"state": "seen"`, `"state":"seen"`),
			word("ben", received, `"state":"received"`),
			word("ben", received, `"state":"received"`), // said again
			word("ben", `"state": "seen"`, `"state":"received"`),
			word("cleo", `"state": "declined"`, `"state":"declined"`),
			word("vic", `"state": "failed", "reason": "no-space"`, `"reason":"no-space"`),
			ledger("ana", `"participant":"ben","name":"ben","state":"received"`),
			ledger("ana", `"participant":"cleo","name":"cleo","state":"declined"`),
			step{name: "all of the sender's", method: "GET", path: "/v1/rooms/{room}/receipts", as: "ana", status: 200, wantHas: `"state":"failed"`},
			step{name: "the sender's, behind all", method: "GET", path: "/v1/rooms/{room}/receipts?since=1000", as: "ana", status: 200, wantHas: `"receipts":[]`},
			step{name: "behind a participant", method: "GET", path: "/v1/shares/{id}/receipts?after=cleo", as: "ana", status: 200, wantHas: `{"receipts":[{"share":"{id}","participant":"mod"`},
		),
		"who reads what": append(toAll[:2:2],
			word("ben", `"state": "seen"`, `"state":"seen"`),
			step{name: "a recipient reads its own", method: "GET", path: "/v1/shares/{id}/receipts", as: "cleo", status: 200, wantHas: `{"receipts":[{"share":"{id}","participant":"cleo","name":"cleo","state":"offered"`},
			step{name: "so does a moderator", method: "GET", path: "/v1/shares/{id}/receipts", as: "mod", status: 200, wantHas: `{"receipts":[{"share":"{id}","participant":"mod","name":"mod","state":"offered"`},
			step{name: "who has sent nothing", method: "GET", path: "/v1/rooms/{room}/receipts", as: "ben", status: 200, wantHas: `"receipts":[]`},
			step{name: "another room", method: "GET", path: "/v1/shares/{id}/receipts", as: "zoe", status: 404, code: "share-not-found"},
			step{name: "nobody", method: "GET", path: "/v1/shares/{id}/receipts", status: 401, code: "unauthenticated"},
			step{name: "another room's list", method: "GET", path: "/v1/rooms/{room}/receipts", as: "zoe", status: 401, code: "unauthenticated"},
			step{name: "a bad number", method: "GET", path: "/v1/rooms/{room}/receipts?since=-1", as: "ana", status: 400, code: "invalid-request"},
		),
		"who may say what": append(toBen[:2:2],
			word("ana", `"state": "seen"`, `{"share":"{id}","code":"forbidden"`),
			word("cleo", `"state": "seen"`, `{"share":"{id}","code":"share-not-found"`),
			word("mod", `"state": "seen"`, `{"share":"{id}","code":"share-not-found"`),
			word("ben", `"state": "received", "sha256": "`+strings.Repeat("0", 64)+`"`, `{"share":"{id}","code":"checksum-mismatch"`),
			step{name: "not a recipient", method: "GET", path: "/v1/shares/{id}/receipts", as: "cleo", status: 404, code: "share-not-found"},
			step{name: "another room's", method: "POST", path: "/v1/rooms/{room}/receipts", as: "zoe", body: `{"receipts": [{"share": "{id}", "state": "seen"}]}`, status: 401, code: "unauthenticated"},
			ledger("ana", `{"receipts":[{"share":"{id}","participant":"ben","name":"ben","state":"offered"`),
			step{name: "withdrawn", method: "DELETE", path: "/v1/shares/{id}", as: "ana", status: 204},
			word("ben", `"state": "seen"`, `{"share":"{id}","code":"share-ended"`),
			word("ben", received, `"state":"received"`),
			ledger("ana", `"state":"received"`),
		),
		"bad words": append(toAll[:2:2],
			badWords(`{"receipts": []}`, 422, "empty-list"),
			badWords(`{}`, 422, "empty-list"),
			badWords(`{"receipts": [{"share": "{id}", "state": "offered"}]}`, 400, "invalid-request"),
			badWords(`{"receipts": [{"share": "{id}", "state": "seen"}, {"share": "{id}", "state": 7}]}`, 400, "invalid-request"),
			badWords(`{"receipts": [{"share": "{id}", "state": "received"}]}`, 400, "invalid-request"),
			badWords(`{"receipts": [`+strings.Repeat(`{"share": "{id}", "state": "seen"},`, 200)+`{"share": "{id}", "state": "seen"}]}`, 400, "invalid-request"),
			badWords(`[]`, 400, "invalid-request"),
			badWords(`{`, 400, "invalid-request"),
			ledger("ben", `"state":"offered"`),
		),
		"a download without the SDK": append(toAll[:2:2],
			step{method: "POST", path: "/v1/shares/{id}/tickets", as: "ben", status: 201, save: map[string]string{"ticket": ".url"}},
			step{name: "the bytes", method: "GET", path: "{ticket}", status: 200, wantBody: "hello"},
			word("ben", `"state": "seen"`, `"state":"downloading"`), // noted before the first byte went out
			step{name: "asking for the head is no download", method: "HEAD", path: "/v1/shares/{id}/content", as: "cleo", status: 200},
			word("cleo", `"state": "seen"`, `"state":"seen"`),
		),
	}
	for name, steps := range tables {
		t.Run(name, func(t *testing.T) {
			rig := newRig(t)
			rig.run(t, rig.fill(steps))
		})
	}
}

// TestTheOperatorReadsReceipts, those of its own rooms.
func TestTheOperatorReadsReceipts(t *testing.T) {
	rig := newRig(t)
	saved := map[string]string{}
	response, body := rig.send(t, rig.fill(offered("hello", `"room"`))[0], saved)
	id := pick(t, response, body, ".shares.0.id")
	saved["id"] = id
	rig.send(t, rig.fill([]step{word("ben", `"state": "declined"`, "")})[0], saved)
	basic := map[string]string{"Authorization": basicAuth(testKey)}
	read := func(room protocol.RoomID, rest string) (int, string) {
		response, body := rig.send(t, step{method: "GET", path: fmt.Sprintf("/v1/rooms/%s/shares/%s/receipts%s", room, id, rest), header: basic}, saved)
		return response.StatusCode, string(body)
	}
	if status, body := read(rig.room, ""); status != 200 || !strings.Contains(body, `"participant":"ben","name":"ben","state":"declined"`) ||
		!strings.Contains(body, `"participant":"cleo","name":"cleo","state":"offered"`) || !strings.Contains(body, `"result":0`) {
		t.Errorf("the operator reads %d, %s", status, body)
	}
	if status, body := read(rig.room, "?after=vic"); status != 200 || !strings.Contains(body, `"receipts":[]`) {
		t.Errorf("behind the last one it reads %d, %s", status, body)
	}
	if status, _ := read(rig.other, ""); status != 404 {
		t.Errorf("in another room it reads %d", status)
	}
	files := func(room protocol.RoomID, rest string) string {
		_, body := rig.send(t, step{method: "GET", path: fmt.Sprintf("/v1/rooms/%s/files%s", room, rest), header: basic}, saved)
		return string(body)
	}
	if body := files(rig.room, "/"); !strings.Contains(body, `"files":[{"id":"`+id+`"`) || !strings.Contains(body, `"more":false`) {
		t.Errorf("the files of the room are %s", body)
	}
	for what, body := range map[string]string{"behind the last": files(rig.room, "?after="+id), "of another room": files(rig.other, "")} {
		if !strings.Contains(body, `"files":[]`) {
			t.Errorf("the files %s are %s", what, body)
		}
	}
	basic["Authorization"] = basicAuth("another-key")
	if status, _ := read(rig.room, ""); status != 401 {
		t.Errorf("with another key it reads %d", status)
	}
}

// basicAuth is the credentials of the rig's application.
func basicAuth(key string) string { return "Basic " + b64("app:"+key) }
