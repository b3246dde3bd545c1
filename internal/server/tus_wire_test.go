package server_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestARefusedBodyIsNotAskedFor waits with its body for the word to send it
// (RFC 9110, Expect): who is refused never gets that word, who is not does.
func TestARefusedBodyIsNotAskedFor(t *testing.T) {
	const upload = "Content-Type: application/offset+octet-stream\r\n"
	for name, c := range map[string]struct {
		as, header string
		status     int
	}{
		"no token":          {"forged", "Upload-Length: 5\r\n" + upload, http.StatusUnauthorized},
		"too large":         {"ana", "Upload-Length: 4611686018427387904\r\n" + upload, http.StatusRequestEntityTooLarge},
		"longer than it is": {"ana", "Upload-Length: 4\r\n" + upload, http.StatusRequestEntityTooLarge},
		"good":              {"ana", "Upload-Length: 5\r\n" + upload, http.StatusContinue},
	} {
		t.Run(name, func(t *testing.T) {
			rig := newRig(t)
			connection, err := net.Dial("tcp", strings.TrimPrefix(rig.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close()
			connection.SetReadDeadline(time.Now().Add(10 * time.Second)) // a body that never comes is waited for longer
			io.WriteString(connection, "POST /uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+rig.tokens[c.as]+
				"\r\nTus-Resumable: 1.0.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n"+c.header+"\r\n")
			reader := bufio.NewReader(connection)
			response, err := http.ReadResponse(reader, nil)
			if err != nil || response.StatusCode != c.status {
				t.Fatalf("it says %v, %v; want %d", response, err, c.status)
			}
			if c.status != http.StatusContinue {
				return
			}
			io.WriteString(connection, "hello")
			response, err = http.ReadResponse(reader, nil)
			if err != nil || response.StatusCode != http.StatusCreated || response.Header.Get("Upload-Offset") != "5" {
				t.Errorf("the upload is answered %v, %v", response, err)
			}
		})
	}
}
