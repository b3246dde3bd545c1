package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/handout-rtc/handout/docs"
)

// description is docs/openapi.yaml, as tests hold answers against it. Its schemas
// are JSON Schema 2020-12, as OpenAPI 3.1 has it.
type description struct {
	Paths      map[string]map[string]any
	Components struct {
		Responses map[string]response
		Schemas   map[string]struct{ Enum []string }
	}

	mu       sync.Mutex
	schemas  *jsonschema.Compiler // guarded by mu
	answered map[string]bool      // guarded by mu: operations that did as they were asked
}

// response is what an operation may answer.
type response struct {
	Ref     string `json:"$ref"`
	Content map[string]struct{ Schema any }
	at      string // in the document, as a JSON pointer
}

// theDescription is read once for all tests.
var theDescription = sync.OnceValues(func() (*description, error) {
	text, err := fs.ReadFile(docs.Files(), "openapi.yaml")
	if err != nil {
		return nil, err
	}
	var document any
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	text, err = json.Marshal(document)
	if err != nil {
		return nil, err
	}
	d := &description{schemas: jsonschema.NewCompiler(), answered: map[string]bool{}}
	if err := json.Unmarshal(text, d); err != nil {
		return nil, err
	}
	resource, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	d.schemas.DefaultDraft(jsonschema.Draft2020)
	d.schemas.AssertFormat()
	return d, d.schemas.AddResource("openapi.json", resource)
})

// asDescribed is the path of a request as the document has it: older applications
// say /video/v2, or a slash at the end.
func asDescribed(path string) string {
	path = strings.Replace(path, "/video/v2/", "/v1/", 1)
	if path == "/" {
		return path
	}
	return strings.TrimSuffix(path, "/")
}

// described holds an answer against the document: its status, and its body against
// the schema. What the routes know nothing of, the document knows nothing of.
func described(t testing.TB, answer *http.Response, body []byte) {
	t.Helper()
	d, err := theDescription()
	if err != nil {
		t.Fatal(err)
	}
	method, path := answer.Request.Method, asDescribed(answer.Request.URL.Path)
	if instead := answer.Request.Header.Get("X-HTTP-Method-Override"); instead != "" && method == http.MethodPost {
		method = instead
	}
	of := d.operation(method, path)
	if of == "" {
		if answer.StatusCode < 400 && method != http.MethodOptions {
			t.Errorf("%s %s is answered by %s, and not in the document", method, path, answer.Status)
		}
		return
	}
	if err := d.check(of, answer, body); err != nil {
		t.Errorf("%s %s, %s, is not as the document says: %v\n%.1000s", method, path, answer.Status, err, body)
	}
	if answer.StatusCode < 400 {
		d.mu.Lock()
		d.answered[of] = true
		d.mu.Unlock()
	}
}

// check returns what is wrong with an answer of an operation.
func (d *description) check(of string, answer *http.Response, body []byte) error {
	says, err := d.response(of, answer.StatusCode)
	if err != nil || len(says.Content) == 0 || answer.Request.Method == http.MethodHead {
		return err
	}
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	content, ok := says.Content[kind]
	if _, any := says.Content["*/*"]; !ok && any {
		return nil
	}
	if !ok {
		return fmt.Errorf("it is %q", kind)
	}
	if content.Schema == nil {
		return nil
	}
	d.mu.Lock()
	schema, err := d.schemas.Compile("openapi.json#" + says.at + "/content/" + pointer(kind) + "/schema")
	d.mu.Unlock()
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// response returns what the document has of an operation's answer of that status.
func (d *description) response(of string, status int) (r response, err error) {
	method, path, _ := strings.Cut(of, " ")
	var operation struct{ Responses map[string]response }
	if err := again(d.Paths[path][strings.ToLower(method)], &operation); err != nil {
		return r, err
	}
	for _, name := range []string{strconv.Itoa(status), "default"} {
		r, ok := operation.Responses[name]
		if !ok {
			continue
		}
		r.at = "/paths/" + pointer(path) + "/" + strings.ToLower(method) + "/responses/" + name
		if shared, ok := strings.CutPrefix(r.Ref, "#/components/responses/"); ok {
			r = d.Components.Responses[shared]
			r.at = "/components/responses/" + shared
		}
		return r, nil
	}
	return r, fmt.Errorf("there is no answer of that status")
}

// pointer escapes a part of a JSON pointer.
func pointer(part string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(part) }

// again reads what was read into any.
func again(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

// operation returns the operation of the document that a request is, "" for none:
// the path with the fewest parameters that fits.
func (d *description) operation(method, path string) string {
	best, fewest := "", 100
	for template, item := range d.Paths {
		form := regexp.MustCompile("^" + regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(template), "[^/]+") + "$")
		n := strings.Count(template, "{")
		if item[strings.ToLower(method)] != nil && n < fewest && template != "/{file}" && form.MatchString(path) {
			best, fewest = method+" "+template, n
		}
	}
	if best == "" && method == http.MethodGet {
		return "GET /{file}" // which may have slashes
	}
	return best
}

// operations returns all of the document, as routes are written.
func (d *description) operations() (all []string) {
	for path, item := range d.Paths {
		for method := range item {
			if method != "parameters" {
				all = append(all, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(all)
	return all
}

// TestEverySchemaOfTheDocumentIsOne compiles them all, also those of requests.
func TestEverySchemaOfTheDocumentIsOne(t *testing.T) {
	d, err := theDescription()
	if err != nil {
		t.Fatal(err)
	}
	for name := range d.Components.Schemas {
		if _, err := d.schemas.Compile("openapi.json#/components/schemas/" + name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	golden, err := os.ReadFile("../../protocol/testdata/webhook-received.json")
	if err != nil {
		t.Fatal(err)
	}
	message, err := d.schemas.Compile("openapi.json#/components/schemas/WebhookMessage")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(golden))
	if err != nil {
		t.Fatal(err)
	}
	if err := message.Validate(value); err != nil {
		t.Errorf("the message of a webhook: %v", err)
	}
}

// TestEveryAddressIsInTheDocument: what is routed is described, and nothing else.
func TestEveryAddressIsInTheDocument(t *testing.T) {
	d, err := theDescription()
	if err != nil {
		t.Fatal(err)
	}
	described := d.operations()
	var routed []string
	for _, pattern := range newRig(t, inDevelopment).patterns() {
		pattern = strings.NewReplacer("/video/v2/", "/v1/", "/{$}", "/", "...}", "}").Replace(pattern)
		if method, path, _ := strings.Cut(pattern, " "); path != "/" {
			pattern = method + " " + strings.TrimSuffix(path, "/")
		}
		if pattern == "OPTIONS /" || slices.Contains(routed, pattern) { // a preflight of any address
			continue
		}
		routed = append(routed, pattern)
		if !slices.Contains(described, pattern) {
			t.Errorf("%s is not in the document", pattern)
		}
	}
	for _, operation := range described {
		method, path, _ := strings.Cut(operation, " ")
		if !slices.Contains(routed, operation) && !(method == http.MethodHead && slices.Contains(routed, "GET "+path)) {
			t.Errorf("%s is in the document, and not routed", operation)
		}
	}
}

// TestTheDocumentHasEveryCode holds its list of codes to the protocol's.
func TestTheDocumentHasEveryCode(t *testing.T) {
	d, err := theDescription()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../protocol/errors.go")
	if err != nil {
		t.Fatal(err)
	}
	var known, listed []string
	for _, match := range regexp.MustCompile(`(?m)^\tCode\w+ +Code = "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1) {
		known = append(known, match[1])
	}
	listed = slices.Clone(d.Components.Schemas["Code"].Enum)
	slices.Sort(known)
	slices.Sort(listed)
	if len(known) < 30 || !slices.Equal(known, listed) {
		t.Errorf("the codes are\n%v, and in the document\n%v", known, listed)
	}
}

// TestTheDocumentIsServed reads it as tools do.
func TestTheDocumentIsServed(t *testing.T) {
	r := newRig(t, inDevelopment)
	want, err := fs.ReadFile(docs.Files(), "openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r.run(t, []step{
		{method: "GET", path: "/openapi.yaml", status: 200, wantBody: string(want), wantHeader: map[string]string{
			"Content-Type": "application/yaml", "Access-Control-Allow-Origin": "*",
		}},
		{method: "GET", path: "/metrics", status: 200},
		{method: "POST", path: "/v1/rooms/" + string(r.room) + "/messages", as: "ana", body: `{"kind":"text","to":"room","body":"hello"}`, status: 204},
	})
}

// unasked are the operations that no test of this package asks in a way that it
// can succeed: others do, or they are no HTTP.
var unasked = []string{"GET /v1/push/websocket", "POST /v1/push/http_stream", "POST /v1/push/emulation"}

// TestMain has every operation have answered as the document says, when all tests
// were run.
func TestMain(m *testing.M) {
	code := m.Run()
	if d, err := theDescription(); code == 0 && err == nil && everythingRan() {
		for _, operation := range d.operations() {
			if !d.answered[operation] && !slices.Contains(unasked, operation) {
				println("no test has seen " + operation + " succeed, so nobody knows whether the document is right")
				code = 1
			}
		}
	}
	os.Exit(code)
}

// everythingRan reports whether no flag leaves tests out.
func everythingRan() bool {
	return !slices.ContainsFunc(os.Args[1:], func(arg string) bool {
		return regexp.MustCompile(`^-test\.(run|skip|fuzz|short|list|bench)\b`).MatchString(arg)
	})
}
