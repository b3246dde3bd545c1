package server

import (
	"encoding/base64"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/protocol"
)

func FuzzMetadata(f *testing.F) {
	for _, seed := range []string{"", "a", "a aGk=", "a aGk=,b", "a aGk=,a aGk=", " ", ",", "a  aGk=", "ä aGk=", "filename " + strings.Repeat("A", 9000),
		"thumbnail iVBORw0KGgo=,filename YQ==", "thumbnail iVBORw0KGgo=,thumbnail iVBORw0KGgo=", "a aGk=, thumbnail", "thumbnail " + strings.Repeat("A", 30000), "relativePath Li4vYQ=="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		said, err := metadataHeader(http.Header{"Upload-Metadata": {header}})
		metadata := said.values
		if err != nil {
			if code := protocol.CodeOf(err); code != protocol.CodeInvalidRequest && code != protocol.CodeRequestTooLarge {
				t.Fatalf("%q: %v", header, err)
			}
			return
		}
		if len(metadata) > protocol.MaxMetadataKeys {
			t.Fatalf("%d keys", len(metadata))
		}
		again, err := parseMetadata(printMetadata(metadata))
		if err != nil || !maps.Equal(again, metadata) {
			t.Fatalf("%q reads as %q and, printed, as %q, %v", header, metadata, again, err)
		}
		if _, kept := metadata[thumbnailKey]; kept || len(said.raw) > protocol.MaxMetadataBytes {
			t.Fatalf("%q is heard again as %q", header, said.raw)
		}
		for _, id := range audienceOf(metadata).List {
			if id == "" || strings.Contains(string(id), ",") {
				t.Fatalf("a recipient is %q", id)
			}
		}
	})
}

func printMetadata(metadata map[string]string) string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		pairs = append(pairs, key+" "+base64.StdEncoding.EncodeToString([]byte(metadata[key])))
	}
	return strings.Join(pairs, ",")
}

// FuzzConcatHeader: whatever is taken names uploads alone, and reads the same when
// it is printed.
func FuzzConcatHeader(f *testing.F) {
	for _, seed := range []string{
		"partial", "final;/uploads/a /uploads/b", "final;https://h/uploads/a", "final;", "final; ", "final;/uploads/../x", "final;//h/uploads/a",
		"final;/uploads/a%2fb", "final;/uploads/a /uploads/a", "final;uploads/a", "final;/uploads/a?b#c", "final;\u2028", "Final;/uploads/a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		c, err := concatHeader(http.Header{"Upload-Concat": {value}})
		if err != nil {
			if code := protocol.CodeOf(err); code != protocol.CodeInvalidRequest && code != protocol.CodeRequestTooLarge {
				t.Fatal(err)
			}
			return
		}
		if c.raw != value || c.partial == (c.parts != nil) || len(c.parts) > protocol.MaxParts {
			t.Fatalf("%q reads as %+v", value, c)
		}
		var valid []protocol.ShareID
		for _, id := range c.parts {
			if id == "" || strings.Contains(string(id), "/") {
				t.Fatalf("%q names %q", value, id)
			}
			if id.Valid() {
				valid = append(valid, id)
			}
		}
		if valid == nil {
			return
		}
		again, err := concatHeader(http.Header{"Upload-Concat": {printConcat(valid)}})
		if err != nil || !slices.Equal(again.parts, valid) {
			t.Fatalf("%q is printed as %q, which reads as %+v, %v", value, printConcat(valid), again, err)
		}
	})
}

func FuzzCountHeader(f *testing.F) {
	for _, seed := range []string{"0", "5", "+1", "-0", " 1", "1e3", "9223372036854775807", "9223372036854775808", "", "٣"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		n, err := countHeader(http.Header{"Upload-Length": {value}}, "Upload-Length")
		if err != nil {
			return
		}
		if *n < 0 || strings.TrimLeft(value, "0") != strings.TrimLeft(strconv.FormatInt(*n, 10), "0") {
			t.Fatalf("%q reads as %d", value, *n)
		}
	})
}

func FuzzChecksumHeader(f *testing.F) {
	for _, seed := range []string{"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "sha1", "md5 aGk=", "sha256 ", "sha1  x", " "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		checksum, err := checksumHeader(http.Header{"Upload-Checksum": {value}})
		if (checksum == nil) == (err == nil) {
			t.Fatalf("%q gives %v and %v", value, checksum, err)
		}
		if err != nil && protocol.CodeOf(err) != protocol.CodeInvalidRequest {
			t.Fatal(err)
		}
	})
}

// FuzzAttachment holds the header to one value that reads back as the name,
// whatever a client called its file.
func FuzzAttachment(f *testing.F) {
	for _, seed := range []string{"a.txt", `a".html`, "a\r\nSet-Cookie: x", "a;b=c", "ä+ %20.pdf", "\u202Egpj.exe", "'*%", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		name = protocol.CleanFileName(name)
		header := attachment(name)
		for _, c := range []byte(header) {
			if c < ' ' || c > '~' {
				t.Fatalf("%q gives %q", name, header)
			}
		}
		media, params, err := mime.ParseMediaType(header)
		if err != nil || media != "attachment" || params["filename"] != name || len(params) != 1 {
			t.Fatalf("%q gives %q, which reads as %q %q, %v", name, header, media, params, err)
		}
	})
}

func FuzzIdempotencyKey(f *testing.F) {
	for _, seed := range []string{"k1", `"k1"`, `"k1`, `""`, "", "a b", `a"b`, `"a\\"`, "ä", strings.Repeat("k", 65)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		key, err := idempotencyKey(http.Header{"Idempotency-Key": {value}})
		if err != nil {
			if protocol.CodeOf(err) != protocol.CodeInvalidRequest || key != "" {
				t.Fatalf("%q gives %q and %v", value, key, err)
			}
			return
		}
		if key == "" || len(key) > maxKeyLength || value != key && value != `"`+key+`"` {
			t.Fatalf("%q reads as %q", value, key)
		}
		if quoted, err := idempotencyKey(http.Header{"Idempotency-Key": {`"` + key + `"`}}); err != nil || quoted != key {
			t.Fatalf("%q in quotes reads as %q, %v", key, quoted, err)
		}
	})
}

// FuzzBodies: whatever the body of a request is, it is read or refused with a
// code of ours.
func FuzzBodies(f *testing.F) {
	for _, seed := range []string{
		`{"files":[{"name":"a","size":1,"type":"text/plain"}],"to":"room"}`, `{"files":[{"size":1e3}],"to":[]}`, `{"files":[{"size":"1"}]}`,
		`{"files":[{"size":4611686018427387904}],"to":"room"}`, `{"files":{}}`, `[]`, `{}{}`, ``, `nul`, `{"name":7,"owner_ref":null,"settings":{"a":[1]}}`,
		`{"name":"Ana","role":"Moderator ","user_ref":1.5,"data":null}`, `{"name":[]}`, "{\"name\":\"\xff\"}",
		`{"receipts":[{"share":"sh_a","state":"received","sha256":"00"}]}`, `{"kind":"text","to":["pt_a"],"body":"hello"}`, `{"count":64}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, value := range []any{
			new(protocol.Offer), new(roomBody), new(tokenBody), new(protocol.ReceiptWords), new(protocol.MessageRequest), new(protocol.Split),
		} {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
			if err := readJSON(httptest.NewRecorder(), r, value); err != nil {
				if protocol.CodeOf(err) != protocol.CodeInvalidRequest {
					t.Fatalf("%q as %T: %v", body, value, err)
				}
				continue
			}
			if word, ok := value.(*tokenBody); ok && word.check() == nil && !word.role().Valid() {
				t.Fatalf("%q makes a token for %q", body, word.role())
			}
		}
	})
}

// FuzzResumableHeader: whatever a request says of its body, it is refused with a
// code of ours or says one thing only.
func FuzzResumableHeader(f *testing.F) {
	for _, seed := range []struct {
		complete, offset, length, digest string
		body                             int64
	}{
		{"?1", "3", "5", "", 2}, {"?0", "3", "", "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:", -1}, {"1", `"3"`, "-1", "sha-256=:", 0},
		{"?1;a=b", "999999999999999", "5.0", "sha-512=:aGk=:", 1 << 62}, {"?1, ?0", "1e3", "@1", "sha-256=(1 2)", 5}, {"", "", "", "", 0},
	} {
		f.Add(seed.complete, seed.offset, seed.length, seed.digest, seed.body)
	}
	f.Fuzz(func(t *testing.T, complete, offset, length, digest string, body int64) {
		r := &http.Request{ContentLength: max(body, -1), Header: http.Header{
			"Upload-Complete": {complete}, "Upload-Offset": {offset}, "Upload-Length": {length}, "Content-Digest": {digest},
		}}
		at := countField(r.Header, "Upload-Offset")
		if at == nil {
			at = new(int64)
		}
		a, err := appendOf(r, *at)
		if err != nil {
			if code := protocol.CodeOf(err); code != protocol.CodeInvalidRequest && code != protocol.CodeLengthMismatch {
				t.Fatal(err)
			}
			return
		}
		last, given := completeField(r.Header)
		said := countField(r.Header, "Upload-Length")
		switch {
		case !given || a.Last != last || a.Offset < 0:
			t.Fatalf("%q at %q reads as %+v", complete, offset, a)
		case a.Length != nil && (*a.Length < 0 || last && r.ContentLength >= 0 && *a.Length != *at+r.ContentLength):
			t.Fatalf("%q with %d bytes at %d is to be %d long", complete, body, *at, *a.Length)
		case said != nil && (a.Length == nil || *said != *a.Length):
			t.Fatalf("it says %d and reads as %v", *said, a.Length)
		}
	})
}

// FuzzFileHeader: however a creation names its file, there is a name to clean, and
// a list of recipients without empty ones.
func FuzzFileHeader(f *testing.F) {
	for _, seed := range []string{`inline; filename="a b.txt"; filename*=UTF-8''a%20b.txt`, `attachment; filename=`, `;`, "inline; filename*=utf-8''%ff", "to=a,b&to=c", "to", "to=%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name := protocol.CleanFileName(dispositionName(http.Header{"Content-Disposition": {text}}))
		if name != protocol.CleanFileName(name) {
			t.Fatalf("%q is called %q", text, name)
		}
		query, _ := url.ParseQuery(text) // what it can read of it
		if to := recipientsOf(query); to.Room == query.Has("to") || slices.Contains(to.List, "") {
			t.Fatalf("%q is for %+v", text, to)
		}
	})
}
