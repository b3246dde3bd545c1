package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAKeyIsRotatedWithoutDowntime follows docs/keys.md step by step, with a server
// that runs all the time.
func TestAKeyIsRotatedWithoutDowntime(t *testing.T) {
	t.Parallel()
	const before, after = "the-key-of-last-year", "the-key-of-this-year"
	file := filepath.Join(t.TempDir(), "apps")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# applications\nmyapp:" + before + "\n\nother:of-somebody-else\n")
	p := serve(t, "--data", t.TempDir(), "--metrics-listen", "", "--app-file", file)
	reload := func(lines, said string) {
		t.Helper()
		write(lines)
		times := strings.Count(p.said(), said)
		if err := syscall.Kill(p.PID(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		until(t, said, func() bool { return strings.Count(p.said(), said) > times })
	}
	room := p.office(t, before, "/v1/rooms", `{"name": "r", "owner_ref": "o"}`, http.StatusOK).Room.ID
	tokens := "/v1/rooms/" + room + "/tokens"
	const ana = `{"name": "Ana", "role": "participant", "user_ref": "u"}`
	old := p.office(t, before, tokens, ana, http.StatusOK).Token
	upload := p.create(t, old, 10)
	p.patch(t, old, upload, 0, strings.NewReader("12345"))
	may := func(bearer string, want int) {
		t.Helper()
		if response, body := do(t, "GET", p.url+"/v1/rooms/"+room+"/shares", nil, "Authorization", "Bearer "+bearer); response.StatusCode != want {
			t.Errorf("answered %s, want %d: %s", response.Status, want, body)
		}
	}

	// Step 1: the new key stands first, the old one below it.
	reload("myapp:"+after+"\nmyapp:"+before+"\n", "keys read")
	may(old, http.StatusOK)
	between := p.office(t, before, tokens, ana, http.StatusOK).Token // by whoever has not changed yet
	may(between, http.StatusOK)

	// Step 2: the back ends change.
	fresh := p.office(t, after, tokens, ana, http.StatusOK).Token
	may(fresh, http.StatusOK)
	p.office(t, "of-somebody-else", "/v1/rooms", `{}`, http.StatusUnauthorized)

	// A slip changes nothing.
	reload("myapp:"+after+"\nmyapp\n", "the last ones stay")
	may(old, http.StatusOK)

	// Step 3: the old key goes.
	reload("myapp:"+after+"\n", "keys read")
	may(old, http.StatusUnauthorized)
	may(between, http.StatusOK) // the server has signed with the first key since step 1
	may(fresh, http.StatusOK)
	p.office(t, before, tokens, ana, http.StatusUnauthorized)
	if response := p.patch(t, old, upload, 5, strings.NewReader("67890")); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("a removed key still uploads: %s", response.Status)
	}
	if said := p.said(); strings.Contains(said, before) || strings.Contains(said, after) {
		t.Error("a key stands in the log")
	}
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

// answer is what a back end is told.
type answer struct {
	Room struct {
		ID string `json:"room_id"`
	}
	Token string
}

// office sends a request of myapp's back end.
func (p *process) office(t *testing.T, key, path, body string, status int) (reply answer) {
	t.Helper()
	request, err := http.NewRequest("POST", p.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("myapp", key)
	response, err := client(request).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != status {
		t.Fatalf("%s is answered %s, want %d", path, response.Status, status)
	}
	if err := json.NewDecoder(response.Body).Decode(&reply); err != nil {
		t.Fatal(err)
	}
	return reply
}

func TestKeys(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "apps")
	many := []string{"a:1", "a:2", "a:3", "a:4", "a:5", "a:6", "a:7", "a:8"}
	rows := []struct {
		name string
		app  []string
		file string // "" for none
		want map[string]string
		err  string
	}{
		{"one", []string{"a:k"}, "", map[string]string{"a": "k"}, ""},
		{"a colon in the key", []string{"a:k:l"}, "", map[string]string{"a": "k:l"}, ""},
		{"several", []string{"a:1", "b:2", "a:3"}, "", map[string]string{"a": "1 3", "b": "2"}, ""},
		{"as many as may be", many, "", map[string]string{"a": "1 2 3 4 5 6 7 8"}, ""},
		{"too many", append(many, "a:9"), "", nil, "more than 8 keys"},
		{"the same twice", []string{"a:k", "a:k"}, "", nil, "the same key twice"},
		{"no key", []string{"a:"}, "", nil, "has no key"},
		{"no id", []string{":k"}, "", nil, "must be ID:KEY"},
		{"a file", nil, " a:1 \r\n# a:2\n\nb:3\na:4", map[string]string{"a": "1 4", "b": "3"}, ""},
		{"a file beside", []string{"a:1"}, "b:2\n", map[string]string{"a": "1", "b": "2"}, ""},
		{"an application in both", []string{"a:1"}, "a:2\n", nil, "beside the file's"},
		{"a file of nothing", nil, "# a:1\n", nil, "names no application"},
		{"a line that is none", nil, "a:1\nsecret\n", nil, "line 2: it must be ID:KEY"},
		{"a large file", nil, strings.Repeat("#\n", 1<<19) + "a:1", nil, "too large"},
	}
	for _, row := range rows {
		c := serveCommand{App: row.app}
		if row.file != "" {
			c.AppFile = file
			if err := os.WriteFile(file, []byte(row.file), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		keys, err := c.keys()
		if row.err != "" {
			if err == nil || !strings.Contains(err.Error(), row.err) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v, want %q", row.name, err, row.err)
			}
			continue
		}
		got := map[string]string{}
		for app, its := range keys {
			for _, key := range its {
				got[app] = strings.TrimSpace(got[app] + " " + string(key))
			}
		}
		if err != nil || len(got) != len(row.want) {
			t.Errorf("%s: %v, %v", row.name, got, err)
		}
		for app, want := range row.want {
			if got[app] != want {
				t.Errorf("%s: the keys of %s are %q, want %q", row.name, app, got[app], want)
			}
		}
	}
	missing := serveCommand{AppFile: file + "-not"}
	if _, err := missing.keys(); err == nil {
		t.Error("a file that is not there is read")
	}
}
