package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"
)

// session is what somebody does at a server with marked words, to see where they
// turn up.
type session struct {
	*process
	t       *testing.T
	secrets map[string]string // what opens something: nowhere but with its owner
	names   map[string]string // what people call things: in the records alone
	basic   string            // of the application
}

const markedKey = "MarkedApplicationKey4711"

// name returns a marked word that is to be found nowhere.
func (s *session) name(what string) string {
	word := "Marked" + what + "Zq7"
	s.names[what] = word
	return word
}

// ask sends a request and returns the answer's status and body.
func (s *session) ask(status int, method, path, body string, header ...string) (*http.Response, string) {
	s.t.Helper()
	response, answer := do(s.t, method, s.url+path, strings.NewReader(body), header...)
	if status != 0 && response.StatusCode != status {
		s.t.Fatalf("%s %s: %s %s", method, path, response.Status, answer)
	}
	return response, answer
}

// TestSecretsAreToldNobody has a session at the most talkative log level, with all
// that can fail in it, and looks for its words in the log and the metrics; and for
// its secrets in all that the server keeps.
func TestSecretsAreToldNobody(t *testing.T) {
	t.Setenv("HANDOUT_APP", "acme:"+markedKey)
	data := t.TempDir()
	s := &session{
		t: t, process: serve(t, "--dev", "--data", data, "--log-level", "debug"), names: map[string]string{}, secrets: map[string]string{"the application's key": markedKey},
		basic: "Basic " + base64.StdEncoding.EncodeToString([]byte("acme:"+markedKey)),
	}
	in, bearer := s.office()
	s.connect(bearer)
	lost := s.share(in, bearer)
	s.fail(in, bearer)
	if err := os.Remove(filepath.Join(data, "files", "blobs", lost[len(lost)-2:], lost)); err != nil {
		t.Fatal(err)
	}
	s.ask(http.StatusInternalServerError, "GET", "/v1/shares/"+lost+"/content", "", "Authorization", "Bearer "+bearer)
	_, metrics := s.ask(http.StatusOK, "GET", "/metrics", "")
	if err := s.end(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	log := s.said()
	for _, line := range []string{"level=DEBUG msg=request", "token made", "share created", "share ended", `level=ERROR msg="request failed"`, "room created"} {
		if !strings.Contains(log, line) {
			t.Errorf("the log has no %q, so it proves little:\n%s", line, log)
		}
	}
	if len(s.names) < 10 || len(s.secrets) < 5 {
		t.Errorf("only %d names and %d secrets were used", len(s.names), len(s.secrets))
	}
	for _, words := range []map[string]string{s.names, s.secrets} {
		for what, word := range words {
			for _, form := range []string{word, base64.StdEncoding.EncodeToString([]byte(word))} {
				if at := strings.Index(log, form); at >= 0 {
					t.Errorf("%s is in the log: %s", what, log[max(0, at-200):min(len(log), at+200)])
				}
				if strings.Contains(metrics, form) {
					t.Errorf("%s is in the metrics", what)
				}
			}
		}
	}
	s.atRest(data)
}

// atRest looks for secrets in the data directory: of a ticket its hash is there, of
// a token nothing. Names are in the records and nowhere else, and all of it is the
// server's alone to read.
func (s *session) atRest(data string) {
	s.t.Helper()
	audited := false
	err := filepath.WalkDir(data, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := entry.Info(); name != data && (err != nil || info.Mode().Perm()&0o077 != 0) {
			s.t.Errorf("%s has mode %v, %v", name, info.Mode(), err)
		}
		if entry.IsDir() {
			return nil
		}
		content, err := os.ReadFile(name)
		words := map[string]string{}
		maps.Copy(words, s.secrets)
		if relative := strings.TrimPrefix(name, data+"/"); strings.HasPrefix(relative, "audit/") {
			audited = true
			maps.Copy(words, s.names)
			delete(words, "UserRef") // by which an application knows who joined
		}
		for what, word := range words {
			if strings.Contains(string(content), word) {
				s.t.Errorf("%s is in %s", what, name)
			}
		}
		return err
	})
	if err != nil || !audited {
		s.t.Errorf("audited %t, %v", audited, err)
	}
}

// office makes a room and a token, and is refused.
func (s *session) office() (in, bearer string) {
	s.t.Helper()
	room := fmt.Sprintf(`{"name":%q,"owner_ref":%q,"settings":{"a":%q},"data":{"b":%q}}`, s.name("RoomName"), s.name("Owner"), s.name("Settings"), s.name("RoomData"))
	_, answer := s.ask(http.StatusOK, "POST", "/v1/rooms", room, "Authorization", s.basic)
	var made struct {
		Room struct {
			ID string `json:"room_id"`
		}
	}
	if err := json.Unmarshal([]byte(answer), &made); err != nil {
		s.t.Fatal(err)
	}
	in = made.Room.ID
	s.secrets["a wrong key"] = "MarkedWrongKey4711"
	s.ask(http.StatusUnauthorized, "GET", "/v1/rooms/"+in, "", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("acme:MarkedWrongKey4711")))
	s.ask(http.StatusBadRequest, "POST", "/v1/rooms", `{"name":["`+s.name("BrokenJSON")+`"`, "Authorization", s.basic)
	s.ask(http.StatusNotFound, "GET", "/v1/rooms/"+s.name("RoomID"), "", "Authorization", s.basic)
	body := fmt.Sprintf(`{"name":%q,"role":"participant","user_ref":%q,"data":{"c":%q}}`, s.name("DisplayName"), s.name("UserRef"), s.name("UserData"))
	_, answer = s.ask(http.StatusOK, "POST", "/v1/rooms/"+in+"/tokens", body, "Authorization", s.basic)
	var reply struct{ Token string }
	if err := json.Unmarshal([]byte(answer), &reply); err != nil || reply.Token == "" {
		s.t.Fatal(answer, err)
	}
	s.secrets["the token"] = reply.Token
	plain, err := base64.RawStdEncoding.DecodeString(reply.Token)
	if err != nil {
		s.t.Fatal(err)
	}
	var wrapper struct{ JWT string }
	if err := json.Unmarshal(plain, &wrapper); err != nil {
		s.t.Fatal(err)
	}
	s.secrets["the JWT"], s.secrets["the JWT's signature"] = wrapper.JWT, wrapper.JWT[strings.LastIndex(wrapper.JWT, ".")+1:]
	return in, reply.Token
}

// connect joins by a push connection, and says on others what nobody understands.
func (s *session) connect(bearer string) {
	s.t.Helper()
	junk := s.name("Command")
	s.secrets["a token that is none"] = "MarkedTokenThatIsNone.a.b"
	for _, command := range []string{
		`{"id":1,"connect":{"token":"` + bearer + `","name":"` + junk + `"}}`, `{"id":1,"connect":{"token":"MarkedTokenThatIsNone.a.b"}}`, `{"id":1,"rpc":{"method":"` + junk + `"}}`,
		`{"id":1,"connect":{"token":"` + bearer + `"}}` + "\n" + `{"id":2,"subscribe":{"channel":"` + junk + `"}}` + "\n" + `{"id":3,"rpc":{"method":"` + junk + `"}}`, `{"` + junk, junk,
	} {
		socket, _, err := websocket.Dial(s.t.Context(), s.url+"/v1/push/websocket", nil)
		if err != nil {
			s.t.Fatal(err)
		}
		if err := socket.Write(s.t.Context(), websocket.MessageText, []byte(command)); err != nil {
			s.t.Fatal(err)
		}
		if _, _, err := socket.Read(s.t.Context()); err != nil && websocket.CloseStatus(err) < 0 {
			s.t.Fatal(err)
		}
		socket.CloseNow()
	}
	s.ask(0, "POST", "/v1/push/emulation", `{"session":"`+junk+`","node":"`+junk+`","data":"`+junk+`"}`)
	s.ask(0, "POST", "/v1/push/http_stream", `{"id":1,"connect":{"token":"MarkedTokenThatIsNone.a.b"}}`)
	s.ask(0, "POST", "/v1/push/http_stream", junk)
}

// share sends files in every way, downloads by a ticket, and returns the share of a
// file of its own on the disk.
func (s *session) share(in, bearer string) (id string) {
	s.t.Helper()
	auth := []string{"Authorization", "Bearer " + bearer}
	with := func(header ...string) []string { return append(header, auth...) }
	s.ask(http.StatusCreated, "POST", "/v1/rooms/"+in+"/shares", `{"files":[{"name":"`+s.name("OfferedFile")+`.txt","size":5}],"to":"room"}`, auth...)
	metadata := "filename " + base64.StdEncoding.EncodeToString([]byte(s.name("TusFile")+".txt")) + ",note " + base64.StdEncoding.EncodeToString([]byte(s.name("TusNote")))
	made, _ := s.ask(http.StatusCreated, "POST", "/uploads", "", with("Tus-Resumable", "1.0.0", "Upload-Length", "5", "Upload-Metadata", metadata)...)
	path := made.Header.Get("Location")
	if response := s.patch(s.t, bearer, path, 0, strings.NewReader("hello")); response.StatusCode != http.StatusNoContent {
		s.t.Fatal(response.Status)
	}
	s.ask(http.StatusOK, "POST", "/uploads", "hello", with("Upload-Complete", "?1", "Content-Disposition", `inline; filename="`+s.name("ResumableFile")+`.txt"`)...)
	s.ask(http.StatusNoContent, "POST", "/v1/rooms/"+in+"/messages", `{"kind":"text","to":"room","body":"`+s.name("Message")+`"}`, auth...)
	id = strings.TrimPrefix(path, "/uploads/")
	_, answer := s.ask(http.StatusCreated, "POST", "/v1/shares/"+id+"/tickets", "", auth...)
	var ticket struct{ URL string }
	if err := json.Unmarshal([]byte(answer), &ticket); err != nil {
		s.t.Fatal(err)
	}
	_, secret, _ := strings.Cut(ticket.URL, "ticket=")
	s.secrets["the ticket"] = secret
	s.ask(http.StatusOK, "GET", ticket.URL, "")
	s.ask(http.StatusNotFound, "GET", ticket.URL, "")
	s.secrets["a ticket that is none"] = "dt_markedticketmarkedticket"
	s.ask(http.StatusNotFound, "GET", "/v1/shares/"+id+"/content?ticket=dt_markedticketmarkedticket", "")
	s.secrets["a ticket that waits"] = s.ticket(id, auth)
	other, _ := s.ask(http.StatusCreated, "POST", "/uploads", "", with("Tus-Resumable", "1.0.0", "Upload-Length", "5")...)
	s.ask(http.StatusNoContent, "DELETE", strings.Replace(other.Header.Get("Location"), "/uploads/", "/v1/shares/", 1), "", auth...)
	return id
}

// ticket asks for one that nobody uses.
func (s *session) ticket(id string, auth []string) string {
	s.t.Helper()
	_, answer := s.ask(http.StatusCreated, "POST", "/v1/shares/"+id+"/tickets", "", auth...)
	_, secret, _ := strings.Cut(answer, "ticket=")
	secret, _, _ = strings.Cut(secret, `"`)
	return secret
}

// fail sends what is refused, what breaks off, and what is no HTTP.
func (s *session) fail(in, bearer string) {
	s.t.Helper()
	auth := []string{"Authorization", "Bearer " + bearer}
	odd := s.name("Odd")
	s.ask(http.StatusUnauthorized, "GET", "/v1/rooms/"+in+"/shares", "", "Authorization", "Bearer MarkedTokenThatIsNone.a.b")
	s.ask(http.StatusUnauthorized, "GET", "/v1/rooms/"+in+"/shares?access_token="+bearer+"&token="+bearer, "")
	for _, path := range []string{"/" + odd, "/v1/shares/" + odd, "/uploads/" + odd, "/v1/rooms/" + odd + "/shares", "/v1/rooms/" + in + "/shares?since=" + odd, "/v1/" + odd + ";" + odd + "?a=" + odd + ";b"} {
		s.ask(0, "GET", path, "", auth...)
	}
	s.ask(http.StatusBadRequest, "POST", "/v1/rooms/"+in+"/shares", `{"files":"`+odd+`"}`, auth...)
	s.ask(http.StatusBadRequest, "POST", "/v1/rooms/"+in+"/shares", `{"files":[{"name":`+odd, auth...)
	s.ask(http.StatusBadRequest, "POST", "/uploads", "", append(auth, "Tus-Resumable", "1.0.0", "Upload-Length", odd)...)
	s.ask(http.StatusBadRequest, "POST", "/uploads", "", append(auth, "Tus-Resumable", "1.0.0", "Upload-Length", "5", "Upload-Metadata", odd+" %%%")...)
	s.ask(http.StatusOK, "OPTIONS", "/uploads", "", "Origin", "https://"+odd, "Access-Control-Request-Method", odd)
	for _, raw := range []string{
		"GET /" + odd + " HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\n" + odd + "\r\n\r\n", odd + "\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + bearer + "\x00\r\n\r\n",
		"POST /v1/rooms/" + in + "/shares HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + bearer + "\r\nContent-Length: 100\r\n\r\n{\"files\":[{\"name\":\"" + odd,
		"POST /uploads HTTP/1.1\r\nHost: a\r\nTus-Resumable: 1.0.0\r\nAuthorization: Bearer " + bearer + "\r\nUpload-Length: 500\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 500\r\n\r\n" + odd,
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + odd,
	} {
		connection, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			s.t.Fatal(err)
		}
		_, err = io.WriteString(connection, raw)
		err = errors.Join(err, connection.(*net.TCPConn).CloseWrite())
		io.Copy(io.Discard, connection) // until the server has said what it has to
		if err := errors.Join(err, connection.Close()); err != nil {
			s.t.Fatal(err)
		}
	}
}
