package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// handoutDialect speaks to a Handout server as an application's back end and
// its participants do: docs/protocol.md, sections 1, 4, 5 and 6.
type handoutDialect struct{}

// devCredentials is the application that a server in development knows.
const devCredentials = "dev:devkey"

// asApplication is the header line of the application's back end.
var asApplication = "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(devCredentials)) + "\r\n"

// inOneRequest is up to which size a file is created and sent in one request.
const inOneRequest = 256 << 10

// handoutSpec is a server on loopback with flags of its own.
func handoutSpec(binary, name string, flags ...string) spec {
	return handoutCommand(binary, name, append([]string{"--dev", "--listen", "127.0.0.1:0"}, flags...)...)
}

// handoutCommand is a server whose limits permit any load of this program.
func handoutCommand(binary, name string, flags ...string) spec {
	command := append([]string{
		binary, "serve",
		"--max-file-size", "64GiB", "--max-room-bytes", "1TiB", "--max-room-shares", "1000000",
		"--create-rate", "1e9", "--create-burst", "1000000000",
		"--request-rate", "1e9", "--room-request-rate", "1e9", "--address-request-rate", "1e9", "--connect-rate", "1e9", "--address-sockets", "1000000",
		"--lifetime", "24h", "--empty-room", "24h",
	}, flags...)
	return spec{name: name, command: append(command, "--data"), dialect: handoutDialect{}}
}

// handoutVisit is a participant of a room that was made for one run.
type handoutVisit struct {
	room          protocol.RoomID
	token         string
	authorization string // header line
}

// enter implements dialect.
func (handoutDialect) enter(c *connection) (visit, error) { return enterHandout(c) }

// enterHandout makes a fresh room and a participant in it.
func enterHandout(c *connection) (*handoutVisit, error) {
	var made struct {
		Room struct {
			ID protocol.RoomID `json:"room_id"`
		} `json:"room"`
	}
	err := c.ask(request{method: http.MethodPost, path: "/v1/rooms", head: asApplication, want: http.StatusOK},
		map[string]any{"name": "bench", "owner_ref": "bench", "settings": map[string]any{}}, &made)
	if err != nil {
		return nil, err
	}
	v := &handoutVisit{room: made.Room.ID}
	return v, v.takeToken(c)
}

// takeToken makes the visit another participant of its room.
func (v *handoutVisit) takeToken(c *connection) error {
	var signed struct {
		Token string `json:"token"`
	}
	err := c.ask(request{method: http.MethodPost, path: "/v1/rooms/" + string(v.room) + "/tokens", head: asApplication, want: http.StatusOK},
		map[string]any{"name": "bench", "role": "participant", "user_ref": "bench"}, &signed)
	v.token, v.authorization = signed.Token, "Authorization: Bearer "+signed.Token+"\r\n"
	return err
}

// another is another participant of the same room.
func (v *handoutVisit) another(c *connection) (*handoutVisit, error) {
	other := &handoutVisit{room: v.room}
	return other, other.takeToken(c)
}

// end has the application end the room, and with it what is in it.
func (v *handoutVisit) end(c *connection) error {
	_, err := c.do(request{method: http.MethodDelete, path: "/v1/rooms/" + string(v.room), head: asApplication, want: http.StatusOK}, nil)
	return err
}

// ask sends a value as JSON and reads the answer into reply.
func (c *connection) ask(r request, value, reply any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	r.body = payload{block: body, size: int64(len(body))}
	r.head += "Content-Type: application/json\r\n"
	var answer bytes.Buffer
	if _, err := c.do(r, &answer); err != nil {
		return err
	}
	if err := json.Unmarshal(answer.Bytes(), reply); err != nil {
		return fmt.Errorf("%s %s: reading the answer: %w", r.method, r.path, err)
	}
	return nil
}

// put implements visit.
func (v *handoutVisit) put(c *connection, body payload) (string, error) {
	if body.size <= inOneRequest {
		return v.putAtOnce(c, body)
	}
	share, err := v.offer(c, body.size)
	if err != nil {
		return "", err
	}
	return string(share.ID), v.send(c, share, body)
}

// offer makes the share of a file that all in the room may download.
func (v *handoutVisit) offer(c *connection, size int64) (share protocol.OfferedShare, err error) {
	offer := protocol.Offer{Files: []protocol.FileInfo{{Name: "bench.bin", Size: &size}}, To: new(protocol.Audience)}
	*offer.To = protocol.ToRoom()
	var offered protocol.Offered
	err = c.ask(request{
		method: http.MethodPost, path: "/v1/rooms/" + string(v.room) + "/shares", head: v.authorization, want: http.StatusCreated,
	}, offer, &offered)
	if err != nil {
		return share, err
	}
	if len(offered.Shares) != 1 {
		return share, fmt.Errorf("%d shares were made for one file", len(offered.Shares))
	}
	return offered.Shares[0], nil
}

// send uploads the bytes of the share.
func (v *handoutVisit) send(c *connection, share protocol.OfferedShare, body payload) error {
	header, err := c.do(request{
		method: http.MethodPatch, path: share.UploadURL, want: http.StatusNoContent, body: body,
		head: v.authorization + tusHead + "Upload-Offset: 0\r\n",
	}, nil)
	if err != nil {
		return err
	}
	return whole(header, body.size)
}

const tusHead = "Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n"

// putAtOnce creates the upload and sends its bytes in one request (tus 1.0,
// creation-with-upload).
func (v *handoutVisit) putAtOnce(c *connection, body payload) (string, error) {
	name := base64.StdEncoding.EncodeToString([]byte("bench.bin"))
	header, err := c.do(request{
		method: http.MethodPost, path: "/uploads", want: http.StatusCreated, body: body,
		head: v.authorization + tusHead + "Upload-Metadata: filename " + name + "\r\n" +
			"Upload-Length: " + strconv.FormatInt(body.size, 10) + "\r\n",
	}, nil)
	if err != nil {
		return "", err
	}
	id, ok := strings.CutPrefix(header.Get("Location"), "/uploads/")
	if !ok {
		return "", errors.New("the creation did not say where the upload is")
	}
	return id, whole(header, body.size)
}

// whole checks that the server has taken all bytes.
func whole(header http.Header, size int64) error {
	if got := header.Get("Upload-Offset"); got != strconv.FormatInt(size, 10) {
		return fmt.Errorf("the server has %q of %d bytes", got, size)
	}
	return nil
}

// get implements visit.
func (v *handoutVisit) get(c *connection, file string, into io.Writer) error {
	_, err := c.do(request{
		method: http.MethodGet, path: "/v1/shares/" + file + "/content", head: v.authorization, want: http.StatusOK,
	}, into)
	return err
}

// id is who the participant is.
func (v *handoutVisit) id() (protocol.ParticipantID, error) {
	app, key, _ := strings.Cut(devCredentials, ":")
	claims, err := token.Keys{app: {[]byte(key)}}.Verify(v.token, time.Now())
	return claims.Participant, err
}
