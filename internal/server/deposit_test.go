package server_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

// whole is a creation by Ana with all its bytes.
func whole(name, body string, pairs ...string) step {
	return step{
		name: name, method: "POST", path: "/uploads", as: "ana", body: body, status: 201,
		header: tusHeader(append([]string{"Upload-Length", itoa(len(body)), "Content-Type", "application/offset+octet-stream"}, pairs...)...),
		wantHeader: map[string]string{
			"Location": "*", "Upload-Offset": itoa(len(body)), "Upload-Expires": "-", "Tus-Resumable": "1.0.0",
		},
		save: map[string]string{"up": "Location"},
	}
}

func TestASmallFileInOneRequest(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 16<<10) // the most that comes in one step
	toBen := "to " + b64("ben") + ",filename " + b64("hello.txt")
	for name, steps := range map[string][]step{
		"it is there": {
			whole("hello", "hello", "Upload-Metadata", "filename "+b64("hello.txt")), head("5"),
			{method: "GET", path: "/v1/rooms/{room}/shares", as: "ben", status: 200, wantHas: `"state":"available","sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"`},
			whole("the largest", big), head(itoa(len(big))),
			whole("one that is larger", big+"x"), head(itoa(len(big) + 1)),
		},
		"it is for whom it is": {
			whole("to Ben", "hello", "Upload-Metadata", toBen),
			{method: "GET", path: "/v1/rooms/{room}/shares", as: "ben", status: 200, wantHas: "hello.txt"},
			{name: "Cleo sees none", method: "GET", path: "/v1/rooms/{room}/shares", as: "cleo", status: 200, wantHas: `"shares":[]`},
		},
		"it is revoked": {
			whole("hello", "hello"),
			{method: "DELETE", path: "{up}", as: "ana", header: tusHeader(), status: 204},
			{method: "HEAD", path: "{up}", as: "ana", header: tusHeader(), status: 410},
		},
		"a refusal makes nothing": {
			{name: "a viewer", method: "POST", path: "/uploads", as: "vic", header: tusHeader("Upload-Length", "5", "Content-Type", "application/offset+octet-stream"), body: "hello", status: 403, code: "forbidden"},
			refused("no such recipient", "POST", "/uploads", tusHeader("Upload-Length", "5", "Content-Type", "application/offset+octet-stream", "Upload-Metadata", "to "+b64("nobody")), "hello", 422, "unknown-recipient"),
			{method: "GET", path: "/v1/rooms/{room}/shares", as: "ben", status: 200, wantHas: `"shares":[]`},
		},
		"a checksum is verified": {
			whole("right", "hello", "Upload-Checksum", sum256("hello")),
			refused("wrong", "POST", "/uploads", tusHeader("Upload-Length", "5", "Content-Type", "application/offset+octet-stream", "Upload-Checksum", sum256("world")), "hello", 460, "checksum-mismatch"),
		},
		"the same request again": {
			whole("first", "hello", "Idempotency-Key", "k1"),
			{method: "POST", path: "/uploads", as: "ana", body: "hello", status: 201, header: whole("", "hello", "Idempotency-Key", `"k1"`).header, wantHeader: map[string]string{"Location": "{up}", "Upload-Offset": "5"}},
			refused("for another file", "POST", "/uploads", whole("", "hello!", "Idempotency-Key", "k1").header, "hello!", 422, "key-reused"),
			refused("a bad key", "POST", "/uploads", whole("", "hello", "Idempotency-Key", "a b").header, "hello", 400, "invalid-request"),
			{name: "of an upload that is not whole yet", method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Length", "9", "Idempotency-Key", "k2", "Content-Type", "application/offset+octet-stream"), body: "hello", status: 201, wantHeader: map[string]string{"Upload-Offset": "5"}, save: map[string]string{"up": "Location"}},
			{name: "its bytes are not taken twice", method: "POST", path: "/uploads", as: "ana", header: tusHeader("Upload-Length", "9", "Idempotency-Key", "k2", "Content-Type", "application/offset+octet-stream"), body: "hello wor", status: 201, wantHeader: map[string]string{"Location": "{up}", "Upload-Offset": "5"}},
			patch("5", " wor", "9"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			rig := newRig(t)
			rig.run(t, rig.fill(steps))
		})
	}
}

// TestASmallFileCutShort: what has arrived of a creation whose connection broke
// is an upload that goes on, which its key finds again.
func TestASmallFileCutShort(t *testing.T) {
	r := newRig(t)
	conn, err := net.Dial("tcp", r.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nTus-Resumable: 1.0.0\r\nIdempotency-Key: k\r\n"+
		"Content-Type: application/offset+octet-stream\r\nUpload-Length: 10\r\nContent-Length: 10\r\n\r\n01234", r.tokens["ana"])
	r.until(t, "five bytes have arrived", func() bool { return r.received(t) == 5 })
	conn.(*net.TCPConn).CloseWrite()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	conn.Close()
	if response.StatusCode != http.StatusBadRequest || response.Header.Get("Location") == "" {
		t.Errorf("the answer is %s, Location %q", response.Status, response.Header.Get("Location"))
	}
	header := tusHeader("Upload-Length", "10", "Idempotency-Key", "k", "Content-Type", "application/offset+octet-stream")
	r.run(t, []step{
		{name: "again", method: "POST", path: "/uploads", as: "ana", header: header, body: "0123456789", status: 201, wantHeader: map[string]string{"Upload-Offset": "5"}, save: map[string]string{"up": "Location"}},
		patch("5", "56789", "10"),
		{method: "GET", path: "/v1/rooms/" + string(r.room) + "/shares", as: "ben", status: 200, wantHas: `"available"`},
	})
}
