package model_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"github.com/handout-rtc/handout/protocol"
)

// sizes are of files: none, few bytes, and more than is permitted.
var sizes = []int64{1, 5, 300, 4096, 20000, maxFile + 1}

const tusMedia, partialMedia = "application/offset+octet-stream", "application/partial-upload"

// bytesOf returns n bytes of a file from an offset: wherever they come to stand, they
// tell where they should.
func bytesOf(f *file, from, n int64) []byte {
	body := make([]byte, max(n, 0))
	for i := range body {
		at := from + int64(i)
		body[i] = f.name[len(f.name)-1] + byte(at*7+at>>8)
	}
	return body
}

// audience draws whom files are for.
func (m *machine) audience(t *rapid.T) (toRoom bool, to []*person, ids []protocol.ParticipantID) {
	switch chance(t, "to", "room", "room", "list", "list", "none") {
	case "room":
		return true, nil, nil
	case "list":
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(m.people)-1), 1, 3, rapid.ID[int]).Draw(t, "recipients") {
			to = append(to, m.people[i])
			ids = append(ids, m.people[i].id)
		}
	}
	return false, to, ids
}

func (m *machine) newName() string {
	m.made++
	return fmt.Sprint("f", m.made)
}

// newKey draws an Idempotency-Key, or none, as a header.
func (m *machine) newKey(t *rapid.T) []string {
	if chance(t, "key", "no", "no", "key") == "no" {
		return nil
	}
	m.made++
	return []string{"Idempotency-Key", fmt.Sprint("k", m.made)}
}

// remember notes a request that made files, if it had a key.
func (m *machine) remember(p *person, key []string, r request, bytes piece, files ...*file) {
	if key != nil {
		m.keys = append(m.keys, &keyed{by: p, key: key[1], again: r, bytes: bytes, files: files})
	}
}

// offerer draws who offers: mostly somebody who may.
func (m *machine) offerer(t *rapid.T) *person {
	p := m.anybody(t, "who")
	if p.stranger {
		p = m.people[0]
	}
	return p
}

// offer is POST …/shares.
func (m *machine) offer(t *rapid.T) {
	p := m.anybody(t, "who")
	toRoom, to, ids := m.audience(t)
	var files []*file
	offer := protocol.Offer{Files: []protocol.FileInfo{}, To: &protocol.Audience{Room: toRoom, List: ids}}
	tooLarge := false
	for range rapid.IntRange(0, 2).Draw(t, "files") {
		f := &file{name: m.newName(), sender: p, toRoom: toRoom, to: to, size: rapid.SampledFrom(sizes).Draw(t, "size")}
		tooLarge = tooLarge || f.size > maxFile
		files = append(files, f)
		offer.Files = append(offer.Files, protocol.FileInfo{Name: f.name, Size: &f.size, Type: "text/plain"})
	}
	body, err := json.Marshal(offer)
	if err != nil {
		t.Fatal(err)
	}
	key := m.newKey(t)
	r := request{method: "POST", path: m.roomPath("/shares"), headers: key, body: body}
	want := m.mayRoom(p)
	if want == fine {
		want = m.refuseLarge(m.mayOffer(p, toRoom, to, len(files), false), tooLarge)
	}
	if want == fine {
		want.status = 201
	}
	a := m.must(t, p, fmt.Sprintf("offers %s key %q", body, key), r, want)
	if want.status != 201 {
		return
	}
	var made protocol.Offered
	if a.read(t, &made); len(made.Shares) != len(files) {
		t.Fatalf("     of %d files %d shares were made", len(files), len(made.Shares))
	}
	for i, f := range files {
		f.id = made.Shares[i].ID
		m.add(f)
		if err := m.wrongShare(p, f, made.Shares[i].Share); err != nil {
			t.Fatalf("     %v", err)
		}
	}
	m.remember(p, key, r, piece{}, files...)
}

// refuseLarge puts a file that is too large where it comes in the order of refusals.
func (m *machine) refuseLarge(want verdict, tooLarge bool) verdict {
	if tooLarge && (want == fine || want == sharingOff || want.status == 429) {
		return verdict{413, protocol.CodeFileTooLarge}
	}
	return want
}

// again makes a keyed request again, as it was or with another body.
func (m *machine) again(t *rapid.T) {
	if len(m.keys) == 0 {
		t.SkipNow() // nothing had a key
	}
	k := m.keys[rapid.IntRange(0, len(m.keys)-1).Draw(t, "which")]
	r, same := k.again, chance(t, "as it was", "yes", "yes", "no") == "yes"
	if !same {
		body := strings.Replace(string(r.body), k.files[0].name, "other", 1)
		r.headers = append([]string(nil), r.headers...)
		for i := range r.headers {
			if r.headers[i] == "Upload-Metadata" {
				r.headers[i+1] = metadata("other", true, nil)
			}
		}
		if body == string(r.body) && !strings.Contains(fmt.Sprint(r.headers), "Upload-Metadata") {
			t.SkipNow() // it cannot be made another
		}
		if strings.HasSuffix(r.path, "/shares") {
			r.body = []byte(body)
		}
	}
	want := verdict{status: 201}
	switch {
	case k.by.dropped:
		want = unauthenticated
	case !same:
		want = verdict{422, protocol.CodeKeyReused}
	case r.path == "/uploads" && r.body != nil:
		want = k.taken(want)
	}
	a := m.must(t, k.by, fmt.Sprintf("says %s again, as it was: %v", k.key, same), r, want)
	if want.status != 201 {
		return
	}
	if r.path == "/uploads" {
		if f := k.files[0]; a.header.Get("Location") != "/uploads/"+string(f.id) || !f.state.Ended() && a.header.Get("Upload-Offset") != fmt.Sprint(len(f.data)) {
			t.Fatalf("     it is told of %s at %s\n     the model says %s at %d", m.inWords(a.header.Get("Location")), a.header.Get("Upload-Offset"), f.name, len(f.data))
		}
		return
	}
	var made protocol.Offered
	a.read(t, &made)
	for i, f := range k.files {
		if err := m.wrongShare(k.by, f, made.Shares[i].Share); err != nil {
			t.Fatalf("     %v", err)
		}
	}
}

// taken says what a creation by tus that is made again is answered, if not that it is
// made: what it brings is taken if the upload has no byte yet, unless it brings a small
// file whole, which is one step or none.
func (k *keyed) taken(want verdict) verdict {
	f := k.files[0]
	whole := f.size > 0 && k.bytes.bytes == f.size && k.bytes.sum == "none"
	if f.state != protocol.Uploading || len(f.data) > 0 || whole {
		return want
	}
	if no := f.takes(k.bytes, k.again.body); no != fine {
		return no
	}
	return want
}

// metadata is Upload-Metadata.
func metadata(name string, toRoom bool, ids []protocol.ParticipantID) string {
	text := "filename " + base64.StdEncoding.EncodeToString([]byte(name))
	if toRoom {
		return text
	}
	list := ""
	for i, id := range ids {
		if i > 0 {
			list += ","
		}
		list += string(id)
	}
	return text + ",to " + base64.StdEncoding.EncodeToString([]byte(list))
}

// draft draws a creation by tus: its file, and the request but for its body.
func (m *machine) draft(t *rapid.T, p *person) (f *file, r request, key []string) {
	toRoom, to, ids := m.audience(t)
	f = &file{name: m.newName(), sender: p, toRoom: toRoom, to: to, size: rapid.SampledFrom(append([]int64{-1, 0}, sizes...)).Draw(t, "length")}
	key = m.newKey(t)
	r = request{method: "POST", path: "/uploads", headers: append([]string{"Tus-Resumable", "1.0.0", "Upload-Metadata", metadata(f.name, toRoom, ids)}, key...)}
	if f.size < 0 {
		r.headers = append(r.headers, "Upload-Defer-Length", "1")
	} else {
		r.headers = append(r.headers, "Upload-Length", strconv.FormatInt(f.size, 10))
	}
	return f, r, key
}

// create is POST /uploads by tus: with some, all or too many of the bytes.
func (m *machine) create(t *rapid.T) {
	p := m.offerer(t)
	f, r, key := m.draft(t, p)
	bytes := int64(-1)
	switch chance(t, "bytes", "none", "some", "all", "all", "more") {
	case "some":
		bytes = max(f.size/2, 3)
	case "all":
		bytes = max(f.size, 0)
	case "more":
		bytes = max(f.size, 0) + 2
	}
	sum := "none"
	if bytes >= 0 {
		r.body = bytesOf(f, 0, bytes)
		if f.size != 0 {
			sum = chance(t, "checksum", "none", "none", "right", "wrong")
		}
		r.headers = append(r.headers, append([]string{"Content-Type", tusMedia}, checksum(sum, r.body)...)...)
	}
	whole := f.size > 0 && bytes == f.size && sum == "none"
	want := m.refuseLarge(m.mayOffer(p, f.toRoom, f.to, 1, whole), f.size > maxFile)
	switch {
	case p.dropped:
	case f.size >= 0 && bytes > f.size:
		want = verdict{413, protocol.CodeRequestTooLarge}
	}
	made := want == fine
	switch {
	case !made:
	case sum == "wrong":
		want = verdict{460, protocol.CodeChecksumMismatch}
	default:
		want.status = 201
	}
	a := m.must(t, p, fmt.Sprintf("creates %s of %d bytes for %s with %d, checksum %s, key %q", f.name, f.size, names(f), bytes, sum, key), r, want)
	if !made {
		return
	}
	m.located(t, f, a)
	if want.status == 201 && bytes > 0 {
		f.data = r.body
	}
	if want.status == 201 && int64(len(f.data)) == f.size {
		f.complete()
	}
	m.at(t, f, a, want.status == 201)
	m.remember(p, key, r, piece{bytes: bytes, length: -1, sum: sum}, f)
}

// located takes the id of a file from the answer that made it.
func (m *machine) located(t *rapid.T, f *file, a answer) {
	f.id = protocol.ShareID(strings.TrimPrefix(a.header.Get("Location"), "/uploads/"))
	if !f.id.Valid() {
		t.Fatalf("     its Location is %q", a.header.Get("Location"))
	}
	m.add(f)
}

// at holds the offset of an answer, if it must have one, against the model.
func (m *machine) at(t *rapid.T, f *file, a answer, said bool) {
	if offset := a.header.Get("Upload-Offset"); said && offset != fmt.Sprint(len(f.data)) {
		t.Fatalf("     it is at %q\n     the model says at %d", offset, len(f.data))
	}
}

// names says whom a file is for.
func names(f *file) string {
	if f.toRoom {
		return "the room"
	}
	text := ""
	for _, p := range f.to {
		text += string(p.id) + " "
	}
	return "[" + strings.TrimSpace(text) + "]"
}

// createCut is a creation by tus whose connection breaks; the same again tells what
// has come of it.
func (m *machine) createCut(t *rapid.T) {
	p := m.offerer(t)
	f, r, key := m.draft(t, p)
	if m.mayOffer(p, f.toRoom, f.to, 1, false) != fine || f.size > maxFile || f.size < 4 || key == nil {
		t.SkipNow() // it would be refused
	}
	r.headers = append(r.headers, "Content-Type", tusMedia)
	r.body = bytesOf(f, 0, f.size/2)
	m.tell(t, "%s creates %s of %d bytes for %s, and it breaks off after %d", p.id, f.name, f.size, names(f), len(r.body))
	m.cut(t, p, r, int(f.size))
	f.data = r.body
	r.body = bytesOf(f, 0, f.size)
	a := m.must(t, p, "creates "+f.name+" again with all", r, verdict{status: 201})
	m.located(t, f, a)
	m.at(t, f, a, true)
	m.remember(p, key, r, piece{bytes: f.size, length: -1, sum: "none"}, f)
}
