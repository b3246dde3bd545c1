package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// step is one request and what must come back. In path, header values and
// body, {name} stands for what an earlier step saved, {share:name} for the share
// of that upload's address, and {content} and {thumbnail} for the bytes and
// the picture of the upload that was saved last.
type step struct {
	name   string
	method string
	path   string
	as     string // whose token: a key of rig.tokens; "" sends none
	header map[string]string
	body   string
	stream bool // the body does not say how long it is

	status     int
	code       string            // of the problem; "" expects none
	kind       string            // of the problem, if it has a registered type
	wantHeader map[string]string // exact; "x*" begins with x, "-" is none
	wantBody   string            // exact
	wantHas    string            // part of the body
	save       map[string]string // name → header, or "." and a path of JSON keys
}

// run sends the steps in order, over a real connection.
func (r *rig) run(t *testing.T, steps []step) {
	t.Helper()
	saved := map[string]string{}
	for _, s := range steps {
		name := s.name
		if name == "" {
			name = s.method + " " + s.path
		}
		response, body := r.send(t, s, saved)
		if response.StatusCode != s.status {
			t.Fatalf("%s: status %d, want %d: %s", name, response.StatusCode, s.status, body)
		}
		checkProblem(t, name, s, response, body)
		for key, want := range s.wantHeader {
			got, present := response.Header.Get(key), len(response.Header.Values(key)) > 0
			want = expand(want, saved)
			prefix, open := strings.CutSuffix(want, "*")
			if want == "-" && present || open && (!present || !strings.HasPrefix(got, prefix)) || want != "-" && !open && got != want {
				t.Errorf("%s: header %s is %q, want %q", name, key, got, want)
			}
		}
		if s.wantBody != "" && string(body) != expand(s.wantBody, saved) {
			t.Errorf("%s: body %q, want %q", name, body, s.wantBody)
		}
		if s.wantHas != "" && !strings.Contains(string(body), expand(s.wantHas, saved)) {
			t.Errorf("%s: body %q has no %q", name, body, s.wantHas)
		}
		for key, from := range s.save {
			saved[key] = pick(t, response, body, from)
			if id, ok := strings.CutPrefix(saved[key], "/uploads/"); ok {
				saved["content"], saved["thumbnail"] = "/v1/shares/"+id+"/content", "/v1/shares/"+id+"/thumbnail"
			}
		}
	}
}

func (r *rig) send(t *testing.T, s step, saved map[string]string) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequest(s.method, r.URL+expand(s.path, saved), strings.NewReader(expand(s.body, saved)))
	if err != nil {
		t.Fatal(err)
	}
	if s.stream {
		request.ContentLength = -1
	} else if s.body == "" {
		request.Body, request.ContentLength = http.NoBody, 0
	}
	if s.as != "" {
		request.Header.Set("Authorization", "Bearer "+r.tokens[s.as])
	}
	for key, value := range s.header {
		for _, one := range strings.Split(value, "\n") { // a line each: the header stands twice
			request.Header.Add(key, expand(one, saved))
		}
	}
	response, err := http.DefaultClient.Do(request)
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

func checkProblem(t *testing.T, name string, s step, response *http.Response, body []byte) {
	t.Helper()
	if response.StatusCode < 400 || s.method == http.MethodHead {
		return
	}
	var problem struct {
		Type, Title, Code string
		Status            int
	}
	if err := json.Unmarshal(body, &problem); err != nil {
		t.Fatalf("%s: the error is no problem: %q", name, body)
	}
	kind := "urn:handout:error:" + problem.Code
	if s.kind != "" {
		kind = "https://iana.org/assignments/http-problem-types#" + s.kind
	}
	if problem.Code != s.code || problem.Status != response.StatusCode || problem.Type != kind || problem.Title == "" {
		t.Errorf("%s: problem %+v, want code %q", name, problem, s.code)
	}
	if got := response.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("%s: content type %q", name, got)
	}
}

func expand(text string, saved map[string]string) string {
	for key, value := range saved {
		text = strings.ReplaceAll(text, "{"+key+"}", value)
		text = strings.ReplaceAll(text, "{share:"+key+"}", strings.TrimPrefix(value, "/uploads/"))
	}
	return text
}

// pick reads a header, or a value of a JSON body: ".shares.0.id".
func pick(t *testing.T, response *http.Response, body []byte, from string) string {
	t.Helper()
	path, isJSON := strings.CutPrefix(from, ".")
	if !isJSON {
		return response.Header.Get(from)
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	for key := range strings.SplitSeq(path, ".") {
		switch in := value.(type) {
		case map[string]any:
			value = in[key]
		case []any:
			value = in[int(key[0]-'0')]
		default:
			t.Fatalf("%s: nothing at %s in %s", from, key, body)
		}
	}
	text, ok := value.(string)
	if !ok {
		t.Fatalf("%s is no string in %s", from, body)
	}
	return text
}
