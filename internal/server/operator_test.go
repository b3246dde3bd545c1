package server_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/handout-rtc/handout/docs"
	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/internal/server"
	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store/sqlite/sqlitetest"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/internal/webhook"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

var officeKeys = token.NewRing(token.Keys{"dev": {[]byte("devkey")}, "other": {[]byte("otherkey")}, "keyless": {nil}})

// office is a server as a back end sees it.
type office struct {
	*httptest.Server
	rooms *room.Service
	saved map[string]string // what earlier calls were answered, by name
}

func newOffice(t *testing.T, change func(*server.Config)) *office {
	t.Helper()
	records := sqlitetest.Open(t, filepath.Join(t.TempDir(), "handout.db"))
	log := slog.New(slog.DiscardHandler)
	rooms := room.New(room.Config{Records: records, Accounts: records, Push: noPush{}, Limits: testLimits, Log: log})
	config := server.Config{
		Rooms: rooms, Shares: share.New(share.Config{Records: records, Ledger: records, Limits: testLimits}),
		Uploads: upload.New(upload.Config{Limits: testLimits, Log: log}), Push: noPush{}, Webhooks: webhook.New(webhook.Config{Registry: records, Queue: records, MaxPerApp: 2, Log: log}), Keys: officeKeys, Limits: testLimits,
		Page: fstest.MapFS{"index.html": {}}, SDK: fstest.MapFS{}, Docs: docs.Files(), Panel: fstest.MapFS{}, Ready: server.NewReadiness(log, server.Check{Name: "store", Ask: records.Ping}),
		Metrics: server.NewMetrics(prometheus.NewRegistry()), Log: log,
	}
	if change != nil {
		change(&config)
	}
	o := &office{Server: httptest.NewServer(server.New(config)), rooms: rooms, saved: map[string]string{}}
	t.Cleanup(o.Close)
	return o
}

// call is one request of a back end and what must come back. {name} in path and
// body is what an earlier call saved.
type call struct {
	name   string
	as     string // "app:key"; "" sends no credentials
	method string
	path   string
	body   string

	status int
	result int
	has    []string          // parts of the body
	save   map[string]string // name → path of JSON keys
}

func (o *office) run(t *testing.T, calls []call) {
	t.Helper()
	for _, c := range calls {
		name := c.name
		if name == "" {
			name = c.method + " " + c.path
		}
		response, body := o.send(t, c)
		var answer struct {
			Result      *int
			Error, Desc string
		}
		if err := json.Unmarshal(body, &answer); err != nil || answer.Result == nil {
			t.Fatalf("%s: %s, %q is no answer of the server API", name, response.Status, body)
		}
		if response.StatusCode != c.status || *answer.Result != c.result {
			t.Errorf("%s: status %d, result %d, want %d, %d: %s", name, response.StatusCode, *answer.Result, c.status, c.result, body)
		}
		if c.result != 0 && (answer.Error == "" || answer.Desc == "") {
			t.Errorf("%s: the error says nothing: %s", name, body)
		}
		for _, part := range c.has {
			if !strings.Contains(string(body), expand(part, o.saved)) {
				t.Errorf("%s: %s has no %s", name, body, part)
			}
		}
		for key, from := range c.save {
			o.saved[key] = pick(t, response, body, "."+from)
		}
	}
}

func (o *office) send(t *testing.T, c call) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), c.method, o.URL+expand(c.path, o.saved), strings.NewReader(expand(c.body, o.saved)))
	if err != nil {
		t.Fatal(err)
	}
	if app, key, ok := strings.Cut(c.as, ":"); ok {
		request.SetBasicAuth(app, key)
	}
	response, err := o.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	described(t, response, body)
	return response, body
}

const dev = "dev:devkey"

// aRoom makes the room that other calls name {room}.
var aRoom = call{as: dev, method: "POST", path: "/v1/rooms", body: `{"name":"Physics 101","owner_ref":"o-1","settings":{"mode":"group"},"data":[1]}`,
	status: 200, save: map[string]string{"room": "room.room_id"}}

func TestRoomsOfTheOperator(t *testing.T) {
	for _, base := range []string{"/v1", "/video/v2"} {
		for _, end := range []string{"", "/"} {
			rooms, one := base+"/rooms"+end, base+"/rooms/{room}"+end
			newOffice(t, nil).run(t, []call{
				{as: dev, method: "GET", path: rooms, status: 200, has: []string{`"rooms":[]`}},
				{as: dev, method: "POST", path: rooms, body: `{"name":" Physics\n 101","owner_ref":7,"settings":{"mode":"group","max":"12"},"data":"any","unknown":{}}`,
					status: 200, has: []string{`"name":"Physics 101"`, `"owner_ref":"7"`, `"settings":{"mode":"group","max":"12"}`, `"data":"any"`, `"created":"20`},
					save: map[string]string{"room": "room.room_id"}},
				{as: dev, method: "GET", path: rooms, status: 200, has: []string{`"total":1`, `"room_id":"{room}"`}},
				{as: dev, method: "GET", path: one, status: 200, has: []string{`"room_id":"{room}"`, `"owner_ref":"7"`}},
				{as: dev, method: "PUT", path: one, body: `{"name":"Physics 102","settings":[true],"data":null}`,
					status: 200, has: []string{`"name":"Physics 102"`, `"owner_ref":"7"`, `"settings":[true]`, `"data":"any"`}},
				{as: dev, method: "GET", path: one, status: 200, has: []string{`"name":"Physics 102"`}},
				{as: dev, method: "GET", path: base + "/rooms/{room}/users" + end, status: 200, has: []string{`"total":0`, `"users":[]`}},
				{as: dev, method: "POST", path: base + "/rooms/{room}/tokens" + end, body: `{"name":"Ana","role":"moderator","user_ref":"u"}`, status: 200, has: []string{`"token":"`}},
				{as: dev, method: "DELETE", path: one, status: 200},
				{as: dev, method: "GET", path: one, status: 404, result: 40001},
				{as: dev, method: "DELETE", path: one, status: 404, result: 40001},
				{as: dev, method: "GET", path: rooms, status: 200, has: []string{`"total":0`}},
			})
		}
	}
}

func TestBadRequestsOfTheOperator(t *testing.T) {
	large := strings.Repeat("s", 8<<10)
	newOffice(t, nil).run(t, []call{
		aRoom,
		{name: "no name", as: dev, method: "POST", path: "/v1/rooms", body: `{"owner_ref":"o"}`, status: 400, result: 10002},
		{name: "a name of nothing", as: dev, method: "POST", path: "/v1/rooms", body: `{"name":"\u202e \n","owner_ref":"o"}`, status: 400, result: 10002},
		{name: "no owner", as: dev, method: "POST", path: "/v1/rooms", body: `{"name":"n"}`, status: 400, result: 10010},
		{name: "a name of a wrong type", as: dev, method: "POST", path: "/v1/rooms", body: `{"name":{},"owner_ref":"o"}`, status: 400, result: 400},
		{name: "no body", as: dev, method: "POST", path: "/v1/rooms", status: 400, result: 400},
		{name: "not JSON", as: dev, method: "POST", path: "/v1/rooms", body: `name=n`, status: 400, result: 400},
		{name: "a list", as: dev, method: "POST", path: "/v1/rooms", body: `[]`, status: 400, result: 400},
		{name: "large settings", as: dev, method: "POST", path: "/v1/rooms", body: `{"name":"n","owner_ref":"o","settings":"` + large + `"}`, status: 413, result: 413},
		{name: "large body", as: dev, method: "POST", path: "/v1/rooms", body: `{"name":"` + strings.Repeat(large, 80) + `"}`, status: 413, result: 413},
		{name: "an owner as long as a book", as: dev, method: "POST", path: "/v1/rooms", body: `{"name":"n","owner_ref":"` + large + `"}`, status: 400, result: 400},
		{name: "rename to nothing", as: dev, method: "PUT", path: "/v1/rooms/{room}", body: `{"name":""}`, status: 400, result: 10002},
		{name: "disown", as: dev, method: "PUT", path: "/v1/rooms/{room}", body: `{"owner_ref":" "}`, status: 400, result: 10010},
		{name: "unknown room", as: dev, method: "GET", path: "/v1/rooms/rm_none", status: 404, result: 40001},
		{name: "update unknown room", as: dev, method: "PUT", path: "/v1/rooms/..%2f..", body: `{}`, status: 404, result: 40001},
		{name: "users of unknown room", as: dev, method: "GET", path: "/v1/rooms/rm_none/users", status: 404, result: 40001},
		{name: "token for unknown room", as: dev, method: "POST", path: "/v1/rooms/rm_none/tokens", body: `{}`, status: 404, result: 40001},
		{name: "token without name", as: dev, method: "POST", path: "/v1/rooms/{room}/tokens", body: `{"role":"viewer","user_ref":"u"}`, status: 400, result: 10101},
		{name: "token without user_ref", as: dev, method: "POST", path: "/v1/rooms/{room}/tokens", body: `{"name":"n","role":"viewer"}`, status: 400, result: 10102},
		{name: "token with a long user_ref", as: dev, method: "POST", path: "/v1/rooms/{room}/tokens", body: `{"name":"n","role":"viewer","user_ref":"` + large + `"}`, status: 400, result: 10102},
		{name: "token without role", as: dev, method: "POST", path: "/v1/rooms/{room}/tokens", body: `{"name":"n","user_ref":"u"}`, status: 400, result: 10103},
		{name: "token with a made-up role", as: dev, method: "POST", path: "/v1/rooms/{room}/tokens", body: `{"name":"n","user_ref":"u","role":"owner"}`, status: 400, result: 10104},
		{name: "token with large data", as: dev, method: "POST", path: "/v1/rooms/{room}/tokens", body: `{"name":"n","user_ref":"u","role":"viewer","data":"` + large + `"}`, status: 413, result: 413},
	})
}

func TestOnlyTheApplicationItselfIsServed(t *testing.T) {
	o := newOffice(t, nil)
	o.run(t, []call{aRoom})
	for _, as := range []string{"", "dev:", "dev:wrong", "dev:devkeydevkey", "other:devkey", "nobody:", "nobody:devkey", "keyless:", ":"} {
		for _, c := range []call{
			{method: "POST", path: "/v1/rooms", body: `{"name":"n","owner_ref":"o"}`}, {method: "GET", path: "/v1/rooms"},
			{method: "GET", path: "/v1/rooms/{room}"}, {method: "PUT", path: "/v1/rooms/{room}", body: `{}`}, {method: "DELETE", path: "/v1/rooms/{room}"},
			{method: "GET", path: "/v1/rooms/{room}/users"}, {method: "POST", path: "/video/v2/rooms/{room}/tokens", body: `{}`},
		} {
			c.as, c.status, c.result, c.name = as, 401, 401, c.method+" "+c.path+" as "+as
			o.run(t, []call{c})
			if response, _ := o.send(t, c); !strings.HasPrefix(response.Header.Get("WWW-Authenticate"), "Basic ") {
				t.Errorf("%s: the scheme is not said", c.name)
			}
		}
	}
	const other = "other:otherkey"
	o.run(t, []call{ // another application's room is as one that is not there
		{as: other, method: "GET", path: "/v1/rooms", status: 200, has: []string{`"total":0`}},
		{as: other, method: "GET", path: "/v1/rooms/{room}", status: 404, result: 40001},
		{as: other, method: "PUT", path: "/v1/rooms/{room}", body: `{"name":"mine"}`, status: 404, result: 40001},
		{as: other, method: "DELETE", path: "/v1/rooms/{room}", status: 404, result: 40001},
		{as: other, method: "GET", path: "/v1/rooms/{room}/users", status: 404, result: 40001},
		{as: other, method: "POST", path: "/v1/rooms/{room}/tokens", body: `{"name":"n","user_ref":"u","role":"moderator"}`, status: 404, result: 40001},
		{as: dev, method: "GET", path: "/v1/rooms/{room}", status: 200, has: []string{`Physics 101`}},
	})
}

func TestUsersOfARoom(t *testing.T) {
	o := newOffice(t, nil)
	o.run(t, []call{aRoom})
	entrant := room.Entrant{App: "dev", Room: protocol.RoomID(o.saved["room"]), ID: "pt_ana", Name: "Ana", Role: "viewer", UserRef: "u-1"}
	if _, err := o.rooms.Join(t.Context(), entrant, "c"); err != nil {
		t.Fatal(err)
	}
	o.run(t, []call{{as: dev, method: "GET", path: "/v1/rooms/{room}/users", status: 200,
		has: []string{`"total":1`, `[{"name":"Ana","user_ref":"u-1","role":"viewer","clientId":"pt_ana"}]`}}})
}

// TestTheTokenAdmits reads the token as an application does, and as the server.
func TestTheTokenAdmits(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	o := newOffice(t, func(c *server.Config) {
		c.PublicURL = "https://files.example:8443/"
		c.TokenLifetime = time.Hour
		c.Now = func() time.Time { return now }
	})
	o.run(t, []call{aRoom,
		{as: dev, method: "POST", path: "/v1/rooms/{room}/tokens", body: `{"name":" Ana ","role":"Moderator","user_ref":12,"data":{"seat":4}}`,
			status: 200, save: map[string]string{"token": "token"}},
	})
	word := o.saved["token"]
	plain, err := base64.StdEncoding.DecodeString(word + strings.Repeat("=", (4-len(word)%4)%4)) // atob
	if err != nil {
		t.Fatal(err)
	}
	var wrapper struct {
		RoomMeta struct {
			Name     string
			Settings struct{ Mode string }
		}
		Host   string
		Secure bool
	}
	if err := json.Unmarshal(plain, &wrapper); err != nil {
		t.Fatal(err)
	}
	if wrapper.RoomMeta.Name != "Physics 101" || wrapper.RoomMeta.Settings.Mode != "group" || wrapper.Host != "files.example:8443" || !wrapper.Secure {
		t.Errorf("%s", plain)
	}
	got, err := officeKeys.Verify(word, now)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Participant.Valid() || got.ID == "" {
		t.Errorf("%+v", got)
	}
	want := token.Claims{
		App: "dev", Participant: got.Participant, ID: got.ID, Room: protocol.RoomID(o.saved["room"]), Name: "Ana", Role: token.Moderator,
		UserRef: "12", Data: json.RawMessage(`{"seat":4}`), Grants: token.Moderator.Grants(), IssuedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	got.KeyID = ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestWhereTheTokenSaysTheServerIs(t *testing.T) {
	for name, c := range map[string]struct {
		public, proto string
		host          string // "" is the server's own address
		secure        bool
	}{
		"the request's address": {"", "", "", false},
		"behind TLS":            {"", "https", "", true},
		"behind two proxies":    {"", " HTTPS , http", "", true},
		"behind plain HTTP":     {"", "http", "", false},
		"public, plain":         {"http://files.example", "https", "files.example", false},
		"public, TLS":           {"https://files.example", "", "files.example", true},
	} {
		o := newOffice(t, func(config *server.Config) { config.PublicURL = c.public })
		o.run(t, []call{aRoom})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.URL+"/v1/rooms/"+o.saved["room"]+"/tokens",
			strings.NewReader(`{"name":"n","role":"viewer","user_ref":"u"}`))
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth("dev", "devkey")
		request.Header.Set("X-Forwarded-Proto", c.proto)
		response, err := o.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct{ Token string }
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		wrapper, err := token.Unwrap(answer.Token)
		if err != nil {
			t.Fatal(err)
		}
		host := c.host
		if host == "" {
			host = strings.TrimPrefix(o.URL, "http://")
		}
		if wrapper.Host != host || wrapper.Secure != c.secure {
			t.Errorf("%s: %s, secure %t", name, wrapper.Host, wrapper.Secure)
		}
	}
}
